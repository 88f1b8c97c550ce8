//! OffsetForLeaderEpoch: where leader epochs end, to find where two logs part
//! (KIP-101); consumers and followers ask the leader of the partitions.
//!
//! Versions 0-4; Kafka 4.0 dropped 0 and 1. 1 tells the epoch found (KIP-279); 2
//! adds the current leader epoch, which fences, and the throttle time (KIP-320); 3
//! says who asks (KIP-392); 4 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Asks where epochs end.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 23, versions = "0-4", flexible = "4+", response = OffsetForLeaderEpochResponse)]
#[non_exhaustive]
pub struct OffsetForLeaderEpochRequest {
    /// The follower that asks, -1 for a consumer, or -2, the default, for one
    /// that may look beyond the high watermark.
    #[kafka(versions = "3+", default = -2, ignorable)]
    pub replica_id: i32,
    /// The topics.
    pub topics: Vec<OffsetForLeaderTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Epochs to look up in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderTopic {
    /// Its name.
    pub topic: StrBytes,
    /// Its partitions.
    pub partitions: Vec<OffsetForLeaderPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An epoch to look up in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderPartition {
    /// The partition.
    pub partition: i32,
    /// The leader epoch the client knows, or -1. The broker answers an older
    /// one `FENCED_LEADER_EPOCH`, a newer one `UNKNOWN_LEADER_EPOCH`.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub current_leader_epoch: i32,
    /// The epoch to look up.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where the epochs end.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 23, versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderEpochResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<OffsetForLeaderTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where the epochs end in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderTopicResult {
    /// Its name.
    pub topic: StrBytes,
    /// Its partitions.
    pub partitions: Vec<EpochEndOffset>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where the epoch ends in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct EpochEndOffset {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The partition.
    pub partition: i32,
    /// The largest epoch of the leader's log that is not above the one asked
    /// for; -1 when there is none.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub leader_epoch: i32,
    /// The offset after the last record of that epoch; -1 when there is none.
    #[kafka(default = -1)]
    pub end_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
