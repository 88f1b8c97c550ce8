//! AlterReplicaLogDirs: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? AlterReplicaLogDirs Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 34, versions = "0-2", flexible = "2+", response = AlterReplicaLogDirsResponse)]
#[non_exhaustive]
pub struct AlterReplicaLogDirsRequest {
    /// ??? The alterations to make for each directory.
    pub dirs: Vec<AlterReplicaLogDir>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The alterations to make for each directory.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDir {
    /// ??? The absolute directory path.
    pub path: StrBytes,
    /// ??? The topics to add to the directory.
    pub topics: Vec<AlterReplicaLogDirTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to add to the directory.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The partition indexes.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AlterReplicaLogDirs Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 34, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The results for each topic.
    pub results: Vec<AlterReplicaLogDirTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirTopicResult {
    /// ??? The name of the topic.
    pub topic_name: StrBytes,
    /// ??? The results for each partition.
    pub partitions: Vec<AlterReplicaLogDirPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirPartitionResult {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
