//! DeleteRecords: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DeleteRecords Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 21, versions = "0-2", flexible = "2+", response = DeleteRecordsResponse)]
#[non_exhaustive]
pub struct DeleteRecordsRequest {
    /// ??? Each topic that we want to delete records from.
    pub topics: Vec<DeleteRecordsTopic>,
    /// ??? How long to wait for the deletion to complete, in milliseconds.
    pub timeout_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic that we want to delete records from.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? Each partition that we want to delete records from.
    pub partitions: Vec<DeleteRecordsPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition that we want to delete records from.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsPartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The deletion offset. -1 means that records should be truncated to
    /// the high watermark.
    pub offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DeleteRecords Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 21, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? Each topic that we wanted to delete records from.
    pub topics: Vec<DeleteRecordsTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic that we wanted to delete records from.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsTopicResult {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? Each partition that we wanted to delete records from.
    pub partitions: Vec<DeleteRecordsPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition that we wanted to delete records from.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteRecordsPartitionResult {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The partition low water mark.
    pub low_watermark: i64,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
