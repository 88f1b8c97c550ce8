//! DeleteShareGroupState: deletes the stored state of share-partitions; the group
//! coordinator asks the share coordinator.
//!
//! It is between brokers, when a share group or a topic is deleted.
//!
//! Version 0 (KIP-932).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Deletes the state of share-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 86, versions = "0", flexible = "0+", response = DeleteShareGroupStateResponse)]
#[non_exhaustive]
pub struct DeleteShareGroupStateRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<DeleteStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// State to delete in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteStateData {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A partition whose state to delete.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionData {
    /// The partition.
    pub partition: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each share-partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 86, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupStateResponse {
    /// The topics.
    pub results: Vec<DeleteStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteStateResult {
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
