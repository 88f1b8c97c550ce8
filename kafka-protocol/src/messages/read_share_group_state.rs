//! ReadShareGroupState: reads the stored state of share-partitions, deliveries
//! included; the leader of the partitions asks the share coordinator.
//!
//! It is between brokers, when a leader starts to serve a share group.
//! `FENCED_LEADER_EPOCH` answers one that leads no more.
//!
//! Version 0 (KIP-932).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks for the state of share-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 84, versions = "0", flexible = "0+", response = ReadShareGroupStateResponse)]
#[non_exhaustive]
pub struct ReadShareGroupStateRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<ReadStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State to read in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateData {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A partition whose state to read.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionData {
    /// The partition.
    pub partition: i32,
    /// The epoch of the leader that asks. The coordinator keeps it, to refuse
    /// older ones from then on.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of the share-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 84, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ReadShareGroupStateResponse {
    /// The topics.
    pub results: Vec<ReadStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateResult {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of one partition.
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
    /// The epoch of the state, to be sent with each write.
    pub state_epoch: i32,
    /// The first offset that may still be delivered; -1 when the leader is to
    /// choose it.
    pub start_offset: i64,
    /// What is known of the offsets from there on, in order. Those that no
    /// batch covers have not been delivered.
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
