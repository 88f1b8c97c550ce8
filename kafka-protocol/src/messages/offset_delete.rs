//! OffsetDelete: deletes positions of a group (KIP-496); an admin asks the group
//! coordinator.
//!
//! Those of a topic that the group subscribes to stay: the answer is
//! `GROUP_SUBSCRIBED_TO_TOPIC`.
//!
//! Version 0, which is never flexible.

use crate::{Message, StrBytes};

/// Deletes positions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 47, versions = "0", flexible = "none", response = OffsetDeleteResponse)]
#[non_exhaustive]
pub struct OffsetDeleteRequest {
    /// The consumer group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<OffsetDeleteRequestTopic>,
}

/// Positions to delete in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteRequestTopic {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<OffsetDeleteRequestPartition>,
}

/// A position to delete.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteRequestPartition {
    /// The partition.
    pub partition_index: i32,
}

/// What became of the positions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 47, versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(ignorable)]
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<OffsetDeleteResponseTopic>,
}

/// What became of the positions in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteResponseTopic {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<OffsetDeleteResponsePartition>,
}

/// What became of the position in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
}
