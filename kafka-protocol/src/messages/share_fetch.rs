//! ShareFetch: acquires records for a member of a share group, and acknowledges
//! those it had; the member asks the leader of the partitions.
//!
//! It runs in a session, one per member and broker, so that later requests name
//! only what changed. The session is opened with epoch 0 and closed with -1.
//!
//! Versions 1-2; 0 was of the early access in Kafka 4.0 (KIP-932) and is gone. 2
//! adds the acquire mode (KIP-1206) and renewals (KIP-1222).

use crate::{Message, RecordBytes, StrBytes, TaggedFields, Uuid};

/// Acquires records of partitions that the receiving broker leads.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 78, versions = "1-2", flexible = "1+", response = ShareFetchResponse)]
#[non_exhaustive]
pub struct ShareFetchRequest {
    /// The share group. Kafka's default is null, but a member always names its
    /// group.
    pub group_id: Option<StrBytes>,
    /// The member. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub member_id: Option<StrBytes>,
    /// The number of the request in its session: 0 opens one, -1 closes it and
    /// gives up all records still acquired.
    pub share_session_epoch: i32,
    /// Milliseconds to wait for `min_bytes`; 0 with a renewal.
    pub max_wait_ms: i32,
    /// Bytes worth answering for before `max_wait_ms` is over; 0 with a
    /// renewal.
    pub min_bytes: i32,
    /// Bytes of records in the whole answer; 0 with a renewal. The first batch
    /// comes even when it is larger (KIP-74).
    #[kafka(default = 0x7fff_ffff)]
    pub max_bytes: i32,
    /// How many records to acquire; 0 with a renewal. Whole batches may make it
    /// more, depending on `share_acquire_mode`.
    pub max_records: i32,
    /// How many records a range of `acquired_records` should best span, and so
    /// be acknowledged together.
    pub batch_size: i32,
    /// 0 to acquire whole batches, which costs the broker least, 1 never to
    /// acquire more than `max_records`.
    #[kafka(versions = "2+", ignorable)]
    pub share_acquire_mode: i8,
    /// Whether any of the acknowledgements is a renewal. Such a request fetches
    /// nothing, and its limits must be 0.
    #[kafka(versions = "2+")]
    pub is_renew_ack: bool,
    /// The topics; in a session, those to add or with records to acknowledge.
    pub topics: Vec<FetchTopic>,
    /// What to leave out of the session from now on.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to acquire and acknowledge of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct FetchTopic {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<FetchPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to acquire and acknowledge of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct FetchPartition {
    /// The partition.
    pub partition_index: i32,
    /// Bytes of records of this partition, in version 0 alone, which brokers no
    /// longer have.
    #[kafka(versions = "0")]
    pub partition_max_bytes: i32,
    /// The records to acknowledge, in order, with no overlap; empty in the
    /// request that opens the session.
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

/// What to leave out of a session.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ForgottenTopic {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The records acquired, partition by partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 78, versions = "1-2", flexible = "1+")]
#[non_exhaustive]
pub struct ShareFetchResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Milliseconds for which the records stay locked to the member. Those not
    /// acknowledged by then are delivered again.
    pub acquisition_lock_timeout_ms: i32,
    /// The topics with news.
    pub responses: Vec<ShareFetchableTopicResponse>,
    /// Where the brokers are that `current_leader` names.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What was acquired and acknowledged of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ShareFetchableTopicResponse {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What was acquired and acknowledged of one partition.
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
    /// What became of the acknowledgements: zero, or the number of an
    /// [`ErrorCode`](crate::ErrorCode).
    pub acknowledge_error_code: i16,
    /// More about that error, for people.
    pub acknowledge_error_message: Option<StrBytes>,
    /// Who leads the partition, with `NOT_LEADER_OR_FOLLOWER`.
    pub current_leader: LeaderIdAndEpoch,
    /// The record batches. They may hold more than was acquired. Only version 0
    /// had null: where there are none, it is empty.
    #[kafka(nullable = "0")]
    pub records: Option<RecordBytes>,
    /// Which of the records the member has acquired, in order.
    pub acquired_records: Vec<AcquiredRecords>,
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

/// A range of records that the member has acquired.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AcquiredRecords {
    /// The first of them.
    pub first_offset: i64,
    /// The last of them, inclusive.
    pub last_offset: i64,
    /// How often they were delivered, this time included.
    pub delivery_count: i16,
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
