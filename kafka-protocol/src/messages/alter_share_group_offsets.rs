//! AlterShareGroupOffsets: moves the start of a share group's partitions; an admin
//! asks the group coordinator.
//!
//! The group must have no members, or the answer is `NON_EMPTY_GROUP`.
//!
//! Version 0 (KIP-932).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Sets where a share group starts to read.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 91, versions = "0", flexible = "0+", response = AlterShareGroupOffsetsResponse)]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<AlterShareGroupOffsetsRequestTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// New starts in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsRequestTopic {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<AlterShareGroupOffsetsRequestPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The new start in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsRequestPartition {
    /// The partition.
    pub partition_index: i32,
    /// The first offset that the group may get from now on. What is known of
    /// the delivery of other records is forgotten.
    pub start_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the new starts.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 91, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The topics; empty when the whole request failed.
    pub responses: Vec<AlterShareGroupOffsetsResponseTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsResponseTopic {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its id; zero when not known.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<AlterShareGroupOffsetsResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
