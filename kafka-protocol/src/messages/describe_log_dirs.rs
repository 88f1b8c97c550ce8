//! DescribeLogDirs: ???
//!
//! Versions 0-5. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeLogDirs Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 35, versions = "0-5", flexible = "2+", response = DescribeLogDirsResponse)]
#[non_exhaustive]
pub struct DescribeLogDirsRequest {
    /// ??? Each topic that we want to describe log directories for, or null for
    /// all topics.
    #[kafka(default = [])]
    pub topics: Option<Vec<DescribableLogDirTopic>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic that we want to describe log directories for, or null for all
/// topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribableLogDirTopic {
    /// ??? The topic name.
    pub topic: StrBytes,
    /// ??? The partition indexes.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeLogDirs Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 35, versions = "0-5", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeLogDirsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    #[kafka(versions = "3+", ignorable)]
    pub error_code: i16,
    /// ??? The log directories.
    pub results: Vec<DescribeLogDirsResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The log directories.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeLogDirsResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The absolute log directory path.
    pub log_dir: StrBytes,
    /// ??? The topics.
    pub topics: Vec<DescribeLogDirsTopic>,
    /// ??? The total size in bytes of the volume the log directory is in. This
    /// value does not include the size of data stored in remote storage.
    #[kafka(versions = "4+", default = -1, ignorable)]
    pub total_bytes: i64,
    /// ??? The usable size in bytes of the volume the log directory is in. This
    /// value does not include the size of data stored in remote storage.
    #[kafka(versions = "4+", default = -1, ignorable)]
    pub usable_bytes: i64,
    /// ??? True if this log directory is cordoned.
    #[kafka(versions = "5+", ignorable)]
    pub is_cordoned: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeLogDirsTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The partitions.
    pub partitions: Vec<DescribeLogDirsPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeLogDirsPartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The size of the log segments in this partition in bytes.
    pub partition_size: i64,
    /// ??? The lag of the log's LEO w.r.t. partition's HW (if it is the current
    /// log for the partition) or current replica's LEO (if it is the future log
    /// for the partition).
    pub offset_lag: i64,
    /// ??? True if this log is created by AlterReplicaLogDirsRequest and will
    /// replace the current log of the replica in the future.
    pub is_future_key: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
