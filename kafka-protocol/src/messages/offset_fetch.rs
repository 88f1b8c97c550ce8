//! OffsetFetch: reads the stored positions of consumer groups.
//!
//! Version 0 reads from ZooKeeper, the others from Kafka.
//!
//! Versions 0-10. 2 can ask for all topics and adds a top-level error; 3 the
//! throttle time; 5 leader epochs (KIP-320); 6 is flexible; 7 can wait for the end
//! of transactions (KIP-447); 8 asks for many groups at once (KIP-709); 9 may come
//! from members of the new protocol (KIP-848); 10 names topics by id.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks for positions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 9, versions = "0-10", flexible = "6+", response = OffsetFetchResponse)]
#[non_exhaustive]
pub struct OffsetFetchRequest {
    /// The consumer group, up to version 7.
    #[kafka(versions = "0-7")]
    pub group_id: StrBytes,
    /// The topics, or null for all, up to version 7. Its default is empty, as
    /// in Kafka.
    #[kafka(versions = "0-7", nullable = "2+", default = [])]
    pub topics: Option<Vec<OffsetFetchRequestTopic>>,
    /// The groups, from version 8 on.
    #[kafka(versions = "8+")]
    pub groups: Vec<OffsetFetchRequestGroup>,
    /// Whether to answer with an error that can be retried, where a transaction
    /// still has positions pending.
    #[kafka(versions = "7+")]
    pub require_stable: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-7", flexible = "6+")]
#[non_exhaustive]
pub struct OffsetFetchRequestTopic {
    /// Its name.
    pub name: StrBytes,
    /// The partitions.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to ask about one group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "8+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetFetchRequestGroup {
    /// The consumer group.
    pub group_id: StrBytes,
    /// The member that asks, in the new protocol.
    #[kafka(versions = "9+", ignorable)]
    pub member_id: Option<StrBytes>,
    /// That member's epoch, or -1.
    #[kafka(versions = "9+", default = -1, ignorable)]
    pub member_epoch: i32,
    /// The topics, or null for all. Its default is empty, as in Kafka.
    #[kafka(default = [])]
    pub topics: Option<Vec<OffsetFetchRequestTopics>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "8+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetFetchRequestTopics {
    /// Its name.
    #[kafka(versions = "8-9", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    /// The partitions.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The positions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 9, versions = "0-10", flexible = "6+")]
#[non_exhaustive]
pub struct OffsetFetchResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "3+", ignorable)]
    pub throttle_time_ms: i32,
    /// The topics, up to version 7.
    #[kafka(versions = "0-7")]
    pub topics: Vec<OffsetFetchResponseTopic>,
    /// An error of the whole request, up to version 7.
    #[kafka(versions = "2-7", ignorable)]
    pub error_code: i16,
    /// The groups, from version 8 on.
    #[kafka(versions = "8+")]
    pub groups: Vec<OffsetFetchResponseGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Positions in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-7", flexible = "6+")]
#[non_exhaustive]
pub struct OffsetFetchResponseTopic {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<OffsetFetchResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The position in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-7", flexible = "6+")]
#[non_exhaustive]
pub struct OffsetFetchResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// The next offset to consume, or -1 when nothing is stored.
    pub committed_offset: i64,
    /// The leader epoch of the last record consumed, or -1.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub committed_leader_epoch: i32,
    /// What the client stored with it. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub metadata: Option<StrBytes>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The positions of one group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "8+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetFetchResponseGroup {
    /// The consumer group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<OffsetFetchResponseTopics>,
    /// An error of the group.
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Positions in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "8+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetFetchResponseTopics {
    /// Its name.
    #[kafka(versions = "8-9", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<OffsetFetchResponsePartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The position in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "8+", flexible = "8+")]
#[non_exhaustive]
pub struct OffsetFetchResponsePartitions {
    /// The partition.
    pub partition_index: i32,
    /// The next offset to consume, or -1 when nothing is stored.
    pub committed_offset: i64,
    /// The leader epoch of the last record consumed, or -1.
    #[kafka(default = -1, ignorable)]
    pub committed_leader_epoch: i32,
    /// What the client stored with it. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub metadata: Option<StrBytes>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
