//! InitializeShareGroupState: creates the stored state of share-partitions; the
//! group coordinator asks the share coordinator.
//!
//! It is between brokers, when a share group gets a partition, or when an admin
//! moves its start.
//!
//! Version 0 (KIP-932).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Creates or resets the state of share-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 83, versions = "0", flexible = "0+", response = InitializeShareGroupStateResponse)]
#[non_exhaustive]
pub struct InitializeShareGroupStateRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<InitializeStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State to create in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct InitializeStateData {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State to create for one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionData {
    /// The partition.
    pub partition: i32,
    /// The epoch of the state, one more at each reset; `FENCED_STATE_EPOCH`
    /// answers an older one.
    pub state_epoch: i32,
    /// The first offset that may be delivered; -1 to leave it to the leader, by
    /// the group's `share.auto.offset.reset`.
    pub start_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each share-partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 83, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct InitializeShareGroupStateResponse {
    /// The topics.
    pub results: Vec<InitializeStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct InitializeStateResult {
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
