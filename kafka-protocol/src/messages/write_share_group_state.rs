//! WriteShareGroupState: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? WriteShareGroupState Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 85, versions = "0-1", flexible = "0+", response = WriteShareGroupStateResponse)]
#[non_exhaustive]
pub struct WriteShareGroupStateRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The data for the topics.
    pub topics: Vec<WriteStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The data for the topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct WriteStateData {
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
    /// ??? The state epoch of the share-partition.
    pub state_epoch: i32,
    /// ??? The leader epoch of the share-partition.
    pub leader_epoch: i32,
    /// ??? The share-partition start offset, or -1 if the start offset is not
    /// being written.
    pub start_offset: i64,
    /// ??? The number of offsets greater than or equal to share-partition start
    /// offset for which delivery has been completed.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub delivery_complete_count: i32,
    /// ??? The state batches for the share-partition.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The state batches for the share-partition.
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

/// ??? WriteShareGroupState Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 85, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct WriteShareGroupStateResponse {
    /// ??? The write results.
    pub results: Vec<WriteStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The write results.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct WriteStateResult {
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
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
