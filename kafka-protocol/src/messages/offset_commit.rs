//! OffsetCommit: stores the positions of a consumer group.
//!
//! Version 0 stores in ZooKeeper, the others in Kafka.
//!
//! Versions 0-10. 1 adds the member and a timestamp per partition, which 2 replaces
//! by a retention time for all, which 5 drops; 3 adds the throttle time; 6 leader
//! epochs (KIP-320); 7 static members (KIP-345); 8 is flexible; 9 may come from
//! members of the new protocol (KIP-848); 10 names topics by id.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Stores positions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 8, versions = "0-10", flexible = "8+", response = OffsetCommitResponse)]
#[non_exhaustive]
pub struct OffsetCommitRequest {
    /// The consumer group.
    pub group_id: StrBytes,
    /// The group's generation, or the member's epoch in the new protocol; -1
    /// from outside the group.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub generation_id_or_member_epoch: i32,
    /// The member; empty from outside the group.
    #[kafka(versions = "1+", ignorable)]
    pub member_id: StrBytes,
    /// The static member, if it is one.
    #[kafka(versions = "7+")]
    pub group_instance_id: Option<StrBytes>,
    /// Milliseconds to keep the positions, or -1 for the broker's setting.
    #[kafka(versions = "2-4", default = -1, ignorable)]
    pub retention_time_ms: i64,
    /// The topics.
    pub topics: Vec<OffsetCommitRequestTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Positions in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetCommitRequestTopic {
    /// Its name.
    #[kafka(versions = "0-9", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<OffsetCommitRequestPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The position in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetCommitRequestPartition {
    /// The partition.
    pub partition_index: i32,
    /// The next offset to consume.
    pub committed_offset: i64,
    /// The leader epoch of the last record consumed, or -1.
    #[kafka(versions = "6+", default = -1, ignorable)]
    pub committed_leader_epoch: i32,
    /// The time of the commit in milliseconds, or -1 for now.
    #[kafka(versions = "1", default = -1)]
    pub commit_timestamp: i64,
    /// Anything the client wants to keep with it. Its default is empty, as in
    /// Kafka.
    #[kafka(default = "")]
    pub committed_metadata: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the positions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 8, versions = "0-10", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetCommitResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "3+", ignorable)]
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<OffsetCommitResponseTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the positions in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetCommitResponseTopic {
    /// Its name.
    #[kafka(versions = "0-9", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<OffsetCommitResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the position in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetCommitResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
