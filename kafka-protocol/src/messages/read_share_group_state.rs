//! ReadShareGroupState: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ReadShareGroupState Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 84, versions = "0", flexible = "0+", response = ReadShareGroupStateResponse)]
#[non_exhaustive]
pub struct ReadShareGroupStateRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The data for the topics.
    pub topics: Vec<ReadStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The data for the topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateData {
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

/// ??? ReadShareGroupState Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 84, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ReadShareGroupStateResponse {
    /// ??? The read results.
    pub results: Vec<ReadStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The read results.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateResult {
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
    /// ??? The share-partition start offset, which can be -1 if it is not yet
    /// initialized.
    pub start_offset: i64,
    /// ??? The state batches for this share-partition.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The state batches for this share-partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StateBatch {
    /// ??? The first offset of this state batch.
    pub first_offset: i64,
    /// ??? The last offset of this state batch.
    pub last_offset: i64,
    /// ??? The delivery state - 0:Available,2:Acked,4:Archived.
    pub delivery_state: i8,
    /// ??? The delivery count.
    pub delivery_count: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
