//! DescribeLogDirs: what a broker keeps on each of its disks (KIP-113).
//!
//! An administrator's client asks each broker for its own.
//!
//! Versions 0-5. 1 is answered before it is throttled (KIP-219); 2 is flexible;
//! 3 adds an error of the whole request; 4 tells how large and how full the
//! disks are (KIP-827); 5 tells which ones take no new partitions (KIP-1066).

use crate::{Message, StrBytes, TaggedFields};

/// Asks for directories and what they hold.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 35, versions = "0-5", flexible = "2+", response = DescribeLogDirsResponse)]
#[non_exhaustive]
pub struct DescribeLogDirsRequest {
    /// What to tell of; null for all partitions. Its default is empty, as in
    /// Kafka.
    #[kafka(default = [])]
    pub topics: Option<Vec<DescribableLogDirTopic>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribableLogDirTopic {
    /// Its name.
    pub topic: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The directories.
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
    /// The directories.
    pub results: Vec<DescribeLogDirsResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One directory.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeLogDirsResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Its absolute path on the broker.
    pub log_dir: StrBytes,
    /// The topics in it.
    pub topics: Vec<DescribeLogDirsTopic>,
    /// How many bytes its volume has, without those in remote storage; -1 when
    /// not known.
    #[kafka(versions = "4+", default = -1, ignorable)]
    pub total_bytes: i64,
    /// How many of them can still be used; -1 when not known.
    #[kafka(versions = "4+", default = -1, ignorable)]
    pub usable_bytes: i64,
    /// Whether it takes no new partitions.
    #[kafka(versions = "5+", ignorable)]
    pub is_cordoned: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What there is of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeLogDirsTopic {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<DescribeLogDirsPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A replica of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeLogDirsPartition {
    /// The partition.
    pub partition_index: i32,
    /// Bytes of its segments.
    pub partition_size: i64,
    /// How many offsets it is behind: the replica in use behind the high
    /// watermark, one that is still being moved here behind the replica in use.
    pub offset_lag: i64,
    /// Whether it is still being moved here, to take the place of the replica
    /// in use.
    pub is_future_key: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
