//! AssignReplicasToDirs: ???
//!
//! Versions 0. ???

use crate::{Message, TaggedFields, Uuid};

/// ??? AssignReplicasToDirs Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 73, versions = "0", flexible = "0+", response = AssignReplicasToDirsResponse)]
#[non_exhaustive]
pub struct AssignReplicasToDirsRequest {
    /// ??? The ID of the requesting broker.
    pub broker_id: i32,
    /// ??? The epoch of the requesting broker.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// ??? The directories to which replicas should be assigned.
    pub directories: Vec<RequestDirectoryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The directories to which replicas should be assigned.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "DirectoryData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestDirectoryData {
    /// ??? The ID of the directory.
    pub id: Uuid,
    /// ??? The topics assigned to the directory.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics assigned to the directory.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// ??? The ID of the assigned topic.
    pub topic_id: Uuid,
    /// ??? The partitions assigned to the directory.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions assigned to the directory.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AssignReplicasToDirs Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 73, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct AssignReplicasToDirsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The list of directories and their assigned partitions.
    pub directories: Vec<ResponseDirectoryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The list of directories and their assigned partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "DirectoryData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseDirectoryData {
    /// ??? The ID of the directory.
    pub id: Uuid,
    /// ??? The list of topics and their assigned partitions.
    pub topics: Vec<ResponseTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The list of topics and their assigned partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// ??? The ID of the assigned topic.
    pub topic_id: Uuid,
    /// ??? The list of assigned partitions.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The list of assigned partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
