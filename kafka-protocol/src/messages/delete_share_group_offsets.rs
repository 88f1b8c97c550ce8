//! DeleteShareGroupOffsets: forgets what a share group has read of some topics; an
//! admin asks the group coordinator.
//!
//! The group must have no members, or the answer is `NON_EMPTY_GROUP`.
//!
//! Version 0 (KIP-932).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Forgets a share group's positions in topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 92, versions = "0", flexible = "0+", response = DeleteShareGroupOffsetsResponse)]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<DeleteShareGroupOffsetsRequestTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topic to forget.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsRequestTopic {
    /// Its name.
    pub topic_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 92, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The topics; empty when the whole request failed.
    pub responses: Vec<DeleteShareGroupOffsetsResponseTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsResponseTopic {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its id; zero when not known.
    pub topic_id: Uuid,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
