//! ReadShareGroupStateSummary: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ReadShareGroupStateSummary Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 87, versions = "0-1", flexible = "0+", response = ReadShareGroupStateSummaryResponse)]
#[non_exhaustive]
pub struct ReadShareGroupStateSummaryRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The data for the topics.
    pub topics: Vec<ReadStateSummaryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The data for the topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateSummaryData {
    /// ??? The topic identifier.
    pub topic_id: Uuid,
    /// ??? The data for the partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The data for the partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionData {
    /// ??? The partition index.
    pub partition: i32,
    /// ??? The leader epoch of the share-partition.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ReadShareGroupStateSummary Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 87, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct ReadShareGroupStateSummaryResponse {
    /// ??? The read results.
    pub results: Vec<ReadStateSummaryResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The read results.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateSummaryResult {
    /// ??? The topic identifier.
    pub topic_id: Uuid,
    /// ??? The results for the partitions.
    pub partitions: Vec<PartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for the partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionResult {
    /// ??? The partition index.
    pub partition: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The state epoch of the share-partition.
    pub state_epoch: i32,
    /// ??? The leader epoch of the share-partition.
    pub leader_epoch: i32,
    /// ??? The share-partition start offset.
    pub start_offset: i64,
    /// ??? The number of offsets greater than or equal to share-partition start
    /// offset for which delivery has been completed.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub delivery_complete_count: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
