//! AssignReplicasToDirs: tells in which directories a broker keeps its replicas
//! (KIP-858).
//!
//! A broker sends it to the active controller, which then knows what is lost when a
//! log directory fails.
//!
//! Version 0 only.

use crate::{Message, TaggedFields, Uuid};

/// Tells where replicas are.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 73, versions = "0", flexible = "0+", response = AssignReplicasToDirsResponse)]
#[non_exhaustive]
pub struct AssignReplicasToDirsRequest {
    /// The broker whose replicas they are, and that asks.
    pub broker_id: i32,
    /// The broker's epoch. The controller refuses any other than that of its
    /// registration.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// The directories.
    pub directories: Vec<RequestDirectoryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What is in one directory.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "DirectoryData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestDirectoryData {
    /// The id of the directory, one of those the broker registered.
    pub id: Uuid,
    /// The topics with replicas in it.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The replicas of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The replica of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// The partition.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Which of it the controller has noted.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 73, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct AssignReplicasToDirsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// An error of the whole request.
    pub error_code: i16,
    /// The directories.
    pub directories: Vec<ResponseDirectoryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one directory.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "DirectoryData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseDirectoryData {
    /// The id of the directory.
    pub id: Uuid,
    /// The topics with replicas in it.
    pub topics: Vec<ResponseTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the replicas of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the replica of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
