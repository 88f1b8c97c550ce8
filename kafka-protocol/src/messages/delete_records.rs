//! DeleteRecords: cuts off the beginning of partitions (KIP-107).
//!
//! An administrator's client sends it to the leaders of the partitions. What
//! was before the given offset can never be read again.
//!
//! Versions 0-2. 1 is answered before it is throttled (KIP-219); 2 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Cuts off the beginning of partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 21, versions = "0-2", flexible = "2+", response = DeleteRecordsResponse)]
#[non_exhaustive]
pub struct DeleteRecordsRequest {
    /// The topics.
    pub topics: Vec<DeleteRecordsTopic>,
    /// Milliseconds to wait for the followers to cut as well.
    pub timeout_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to delete of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsTopic {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<DeleteRecordsPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to delete of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsPartition {
    /// The partition.
    pub partition_index: i32,
    /// The first offset to keep; -1 for the high watermark, which keeps nothing
    /// that is committed by now.
    pub offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 21, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<DeleteRecordsTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The results of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsTopicResult {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<DeleteRecordsPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsPartitionResult {
    /// The partition.
    pub partition_index: i32,
    /// The first offset that any replica still has; -1 after an error.
    pub low_watermark: i64,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
