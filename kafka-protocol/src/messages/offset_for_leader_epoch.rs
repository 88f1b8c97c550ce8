//! OffsetForLeaderEpoch: ???
//!
//! Versions 0-4. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? OffsetForLeaderEpoch Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 23, versions = "0-4", flexible = "4+", response = OffsetForLeaderEpochResponse)]
#[non_exhaustive]
pub struct OffsetForLeaderEpochRequest {
    /// ??? The broker ID of the follower, of -1 if this request is from a
    /// consumer.
    #[kafka(versions = "3+", default = -2, ignorable)]
    pub replica_id: i32,
    /// ??? Each topic to get offsets for.
    pub topics: Vec<OffsetForLeaderTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic to get offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderTopic {
    /// ??? The topic name.
    pub topic: StrBytes,
    /// ??? Each partition to get offsets for.
    pub partitions: Vec<OffsetForLeaderPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition to get offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderPartition {
    /// ??? The partition index.
    pub partition: i32,
    /// ??? An epoch used to fence consumers/replicas with old metadata. If the
    /// epoch provided by the client is larger than the current epoch known to
    /// the broker, then the UNKNOWN_LEADER_EPOCH error code will be returned.
    /// If the provided epoch is smaller, then the FENCED_LEADER_EPOCH error
    /// code will be returned.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub current_leader_epoch: i32,
    /// ??? The epoch to look up an offset for.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? OffsetForLeaderEpoch Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 23, versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderEpochResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    /// ??? Each topic we fetched offsets for.
    pub topics: Vec<OffsetForLeaderTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic we fetched offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetForLeaderTopicResult {
    /// ??? The topic name.
    pub topic: StrBytes,
    /// ??? Each partition in the topic we fetched offsets for.
    pub partitions: Vec<EpochEndOffset>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition in the topic we fetched offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct EpochEndOffset {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The partition index.
    pub partition: i32,
    /// ??? The leader epoch of the partition.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub leader_epoch: i32,
    /// ??? The end offset of the epoch.
    #[kafka(default = -1)]
    pub end_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
