//! TxnOffsetCommit: stores positions of a consumer group that count once the
//! transaction commits; the producer asks the group coordinator.
//!
//! Versions 0-6. 1 is answered before it is throttled (KIP-219); 2 adds leader
//! epochs (KIP-320); 3 is flexible and names the member, which fences old ones
//! (KIP-447); 4 may answer `TRANSACTION_ABORTABLE` (KIP-890); 5 does the work of
//! AddOffsetsToTxn, too, for which transactions of the second version use it
//! (KIP-890); 6 names topics by id (KIP-1319).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Stores positions in a transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 28, versions = "0-6", flexible = "3+", response = TxnOffsetCommitResponse)]
#[non_exhaustive]
pub struct TxnOffsetCommitRequest {
    /// The transactional id.
    pub transactional_id: StrBytes,
    /// The consumer group.
    pub group_id: StrBytes,
    /// The producer id that belongs to it.
    pub producer_id: i64,
    /// The epoch of that producer id; an older one is fenced.
    pub producer_epoch: i16,
    /// The group's generation, or the member's epoch in the new protocol; -1
    /// when the producer does not know its group.
    #[kafka(versions = "3+", default = -1)]
    pub generation_id_or_member_epoch: i32,
    /// The member; empty when the producer does not know its group.
    #[kafka(versions = "3+")]
    pub member_id: StrBytes,
    /// The static member, if it is one.
    #[kafka(versions = "3+")]
    pub group_instance_id: Option<StrBytes>,
    /// The topics.
    pub topics: Vec<TxnOffsetCommitRequestTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Positions in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitRequestTopic {
    /// Its name.
    #[kafka(versions = "0-5", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "6+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<TxnOffsetCommitRequestPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The position in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitRequestPartition {
    /// The partition.
    pub partition_index: i32,
    /// The next offset to consume.
    pub committed_offset: i64,
    /// The leader epoch of the last record consumed, or -1.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub committed_leader_epoch: i32,
    /// Anything the client wants to keep with it. Its default is empty, as in
    /// Kafka.
    #[kafka(default = "")]
    pub committed_metadata: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the positions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 28, versions = "0-6", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<TxnOffsetCommitResponseTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the positions in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitResponseTopic {
    /// Its name.
    #[kafka(versions = "0-5", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "6+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the position in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
