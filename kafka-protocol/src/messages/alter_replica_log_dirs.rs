//! AlterReplicaLogDirs: moves replicas to another disk of the same broker
//! (KIP-113).
//!
//! An administrator's client sends it to the broker that holds them. The answer
//! comes when the moves have begun; DescribeLogDirs tells how far they are.
//!
//! Versions 0-2. 1 is answered before it is throttled (KIP-219); 2 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Moves replicas to other directories.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 34, versions = "0-2", flexible = "2+", response = AlterReplicaLogDirsResponse)]
#[non_exhaustive]
pub struct AlterReplicaLogDirsRequest {
    /// Where to move what.
    pub dirs: Vec<AlterReplicaLogDir>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What one directory is to get.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDir {
    /// Its absolute path on the broker, one of `log.dirs`.
    pub path: StrBytes,
    /// The topics.
    pub topics: Vec<AlterReplicaLogDirTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirTopic {
    /// Its name.
    pub name: StrBytes,
    /// The partitions. Those that the broker does not hold yet are put there
    /// when they come.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 34, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The topics.
    pub results: Vec<AlterReplicaLogDirTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The results of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirTopicResult {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<AlterReplicaLogDirPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterReplicaLogDirPartitionResult {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
