//! WriteShareGroupState: stores the state of share-partitions, deliveries included;
//! the leader of the partitions asks the share coordinator.
//!
//! It is between brokers, as records are acknowledged. `FENCED_LEADER_EPOCH`
//! answers one that leads no more, `FENCED_STATE_EPOCH` one whose state was reset.
//!
//! Versions 0-1 (KIP-932). 1 tells how many deliveries are complete (KIP-1226).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Stores the state of share-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 85, versions = "0-1", flexible = "0+", response = WriteShareGroupStateResponse)]
#[non_exhaustive]
pub struct WriteShareGroupStateRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<WriteStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State to store in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct WriteStateData {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State to store for one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionData {
    /// The partition.
    pub partition: i32,
    /// The epoch of the state, as ReadShareGroupState told it.
    pub state_epoch: i32,
    /// The epoch of the leader that writes; one older than stored is refused.
    pub leader_epoch: i32,
    /// The first offset that may still be delivered; -1 to leave what is
    /// stored.
    pub start_offset: i64,
    /// How many offsets from `start_offset` on need no delivery any more; -1
    /// when not known.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub delivery_complete_count: i32,
    /// What has changed for the offsets from there on.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Records in one state of delivery.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StateBatch {
    /// The first of them.
    pub first_offset: i64,
    /// The last of them, inclusive.
    pub last_offset: i64,
    /// 0 available, 2 acknowledged, 4 archived.
    pub delivery_state: i8,
    /// How often they were delivered.
    pub delivery_count: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each share-partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 85, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct WriteShareGroupStateResponse {
    /// The topics.
    pub results: Vec<WriteStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct WriteStateResult {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionResult {
    /// The partition.
    pub partition: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
