//! ShareAcknowledge: says what became of records acquired with ShareFetch; a member
//! of a share group asks the leader of the partitions.
//!
//! It goes with the share session that ShareFetch opened, and its epoch counts on.
//!
//! Versions 1-2; 0 was of the early access in Kafka 4.0 (KIP-932) and is gone. 2
//! adds renewals, which lock records for longer (KIP-1222).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Acknowledges records.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 79, versions = "1-2", flexible = "1+", response = ShareAcknowledgeResponse)]
#[non_exhaustive]
pub struct ShareAcknowledgeRequest {
    /// The share group. Kafka's default is null, but a member always names its
    /// group.
    pub group_id: Option<StrBytes>,
    /// The member. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub member_id: Option<StrBytes>,
    /// The number of the request in its session, or -1 to close the session. 0
    /// opens one, which only ShareFetch may do.
    pub share_session_epoch: i32,
    /// Whether any of the acknowledgements is a renewal.
    #[kafka(versions = "2+")]
    pub is_renew_ack: bool,
    /// The topics.
    pub topics: Vec<AcknowledgeTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Records of one topic to acknowledge.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AcknowledgeTopic {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<AcknowledgePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Records of one partition to acknowledge.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AcknowledgePartition {
    /// The partition.
    pub partition_index: i32,
    /// The records, in order, with no overlap.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A range of records to acknowledge.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AcknowledgementBatch {
    /// The first of them.
    pub first_offset: i64,
    /// The last of them, inclusive.
    pub last_offset: i64,
    /// What became of them: one value for all or one per offset. 0 no record
    /// there, 1 accepted, 2 released for another delivery, 3 rejected for good,
    /// 4 still in work, to be locked anew (from version 2 on).
    pub acknowledge_types: Vec<i8>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the acknowledgements.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 79, versions = "1-2", flexible = "1+")]
#[non_exhaustive]
pub struct ShareAcknowledgeResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Milliseconds for which renewed records stay locked.
    #[kafka(versions = "2+", ignorable)]
    pub acquisition_lock_timeout_ms: i32,
    /// The topics.
    pub responses: Vec<ShareAcknowledgeTopicResponse>,
    /// Where the brokers are that `current_leader` names.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the acknowledgements of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ShareAcknowledgeTopicResponse {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the acknowledgements of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct PartitionData {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Who leads the partition, with `NOT_LEADER_OR_FOLLOWER`.
    pub current_leader: LeaderIdAndEpoch,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The leader of a partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct LeaderIdAndEpoch {
    /// The leader, or -1 when it is not known.
    pub leader_id: i32,
    /// The epoch of the leader (KIP-320), or -1 when it is not known.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct NodeEndpoint {
    /// The broker's id.
    pub node_id: i32,
    /// The broker's host name or address.
    pub host: StrBytes,
    /// The broker's port.
    pub port: i32,
    /// The broker's rack, if it has one.
    pub rack: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
