//! ReadShareGroupStateSummary: reads the stored state of share-partitions without
//! their deliveries; the group coordinator asks the share coordinator.
//!
//! It is between brokers, to answer DescribeShareGroupOffsets.
//!
//! Versions 0-1 (KIP-932). 1 tells how many deliveries are complete (KIP-1226).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks for the state of share-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 87, versions = "0-1", flexible = "0+", response = ReadShareGroupStateSummaryResponse)]
#[non_exhaustive]
pub struct ReadShareGroupStateSummaryRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<ReadStateSummaryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State to read in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateSummaryData {
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
    /// The epoch of the partition's leader. Kafka's coordinator does not fence
    /// by it, as it does in ReadShareGroupState.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of the share-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 87, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct ReadShareGroupStateSummaryResponse {
    /// The topics.
    pub results: Vec<ReadStateSummaryResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReadStateSummaryResult {
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
    /// The epoch of the state.
    pub state_epoch: i32,
    /// The leader epoch stored with it.
    pub leader_epoch: i32,
    /// The first offset that may still be delivered; -1 when none is stored.
    pub start_offset: i64,
    /// How many offsets from `start_offset` on need no delivery any more; -1
    /// when not known.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub delivery_complete_count: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
