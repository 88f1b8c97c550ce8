//! TxnOffsetCommit: ???
//!
//! Versions 0-6. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? TxnOffsetCommit Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 28, versions = "0-6", flexible = "3+", response = TxnOffsetCommitResponse)]
#[non_exhaustive]
pub struct TxnOffsetCommitRequest {
    /// ??? The ID of the transaction.
    pub transactional_id: StrBytes,
    /// ??? The ID of the group.
    pub group_id: StrBytes,
    /// ??? The current producer ID in use by the transactional ID.
    pub producer_id: i64,
    /// ??? The current epoch associated with the producer ID.
    pub producer_epoch: i16,
    /// ??? The generation of the group if using the classic group protocol or
    /// the member epoch if using the consumer protocol.
    #[kafka(versions = "3+", default = -1)]
    pub generation_id_or_member_epoch: i32,
    /// ??? The member ID assigned by the group coordinator.
    #[kafka(versions = "3+")]
    pub member_id: StrBytes,
    /// ??? The unique identifier of the consumer instance provided by end user.
    #[kafka(versions = "3+")]
    pub group_instance_id: Option<StrBytes>,
    /// ??? Each topic that we want to commit offsets for.
    pub topics: Vec<TxnOffsetCommitRequestTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic that we want to commit offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitRequestTopic {
    /// ??? The topic name.
    #[kafka(versions = "0-5", ignorable)]
    pub name: StrBytes,
    /// ??? The topic ID.
    #[kafka(versions = "6+", ignorable)]
    pub topic_id: Uuid,
    /// ??? The partitions inside the topic that we want to commit offsets for.
    pub partitions: Vec<TxnOffsetCommitRequestPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions inside the topic that we want to commit offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitRequestPartition {
    /// ??? The index of the partition within the topic.
    pub partition_index: i32,
    /// ??? The message offset to be committed.
    pub committed_offset: i64,
    /// ??? The leader epoch of the last consumed record.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub committed_leader_epoch: i32,
    /// ??? Any associated metadata the client wants to keep.
    #[kafka(default = "")]
    pub committed_metadata: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? TxnOffsetCommit Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 28, versions = "0-6", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The responses for each topic.
    pub topics: Vec<TxnOffsetCommitResponseTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitResponseTopic {
    /// ??? The topic name.
    #[kafka(versions = "0-5", ignorable)]
    pub name: StrBytes,
    /// ??? The topic ID.
    #[kafka(versions = "6+", ignorable)]
    pub topic_id: Uuid,
    /// ??? The responses for each partition in the topic.
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses for each partition in the topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct TxnOffsetCommitResponsePartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
