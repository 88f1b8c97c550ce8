//! Fetch: reads record batches from partitions, waiting for them if need be.
//!
//! From version 7 on a session lets later requests name only what changed (KIP-227).
//!
//! Versions 0-18. 1 adds the throttle time; 3 a limit for the whole answer; 4
//! isolation levels and aborted transactions; 5 the log start offset; 7 sessions; 9
//! leader epochs (KIP-320); 10 allows zstd (KIP-110); 11 closest replicas (KIP-392);
//! 12 is flexible and tells of divergence; 13 names topics by id (KIP-516); 15 adds
//! the follower's state (KIP-903); 16 the endpoints of new leaders (KIP-951); 17 the
//! directory of a follower (KIP-853); 18 its high watermark (KIP-1166).

use crate::{Message, RecordBytes, StrBytes, TaggedFields, Uuid};

/// Reads from partitions that the receiving broker leads.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 1, versions = "0-18", flexible = "12+", response = FetchResponse)]
#[non_exhaustive]
pub struct FetchRequest {
    /// The cluster id, from a broker's peers.
    #[kafka(versions = "12+", tag = 0, ignorable)]
    pub cluster_id: Option<StrBytes>,
    /// The follower that fetches, or -1 for a consumer.
    #[kafka(versions = "0-14", default = -1)]
    pub replica_id: i32,
    /// The follower that fetches, from version 15 on.
    #[kafka(versions = "15+", tag = 1)]
    pub replica_state: ReplicaState,
    /// Milliseconds to wait for `min_bytes`.
    pub max_wait_ms: i32,
    /// Bytes worth answering for before `max_wait_ms` is over.
    pub min_bytes: i32,
    /// Bytes of records in the whole answer. The first batch comes even when it
    /// is larger (KIP-74).
    #[kafka(versions = "3+", default = 0x7fff_ffff, ignorable)]
    pub max_bytes: i32,
    /// 0 to see every record, 1 to see only those of committed transactions and
    /// of none.
    #[kafka(versions = "4+", ignorable)]
    pub isolation_level: i8,
    /// The fetch session, or 0 for none yet.
    #[kafka(versions = "7+", ignorable)]
    pub session_id: i32,
    /// The number of the request in its session; 0 starts one, -1 wants or ends
    /// none.
    #[kafka(versions = "7+", default = -1, ignorable)]
    pub session_epoch: i32,
    /// The topics; in a session, those added or changed.
    pub topics: Vec<FetchTopic>,
    /// What to leave out of the session from now on.
    #[kafka(versions = "7+")]
    pub forgotten_topics_data: Vec<ForgottenTopic>,
    /// The rack of the consumer, to be sent to a replica nearby.
    #[kafka(versions = "11+", ignorable)]
    pub rack_id: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A follower that fetches.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "15+", flexible = "15+")]
#[non_exhaustive]
pub struct ReplicaState {
    /// Its broker id, or -1 for a consumer.
    #[kafka(default = -1)]
    pub replica_id: i32,
    /// The broker's epoch, or -1.
    #[kafka(default = -1)]
    pub replica_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to read of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "12+")]
#[non_exhaustive]
pub struct FetchTopic {
    /// Its name.
    #[kafka(versions = "0-12", ignorable)]
    pub topic: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "13+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<FetchPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to read of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "12+")]
#[non_exhaustive]
pub struct FetchPartition {
    /// The partition.
    pub partition: i32,
    /// The leader epoch the client knows, or -1. The broker refuses an older or
    /// newer one.
    #[kafka(versions = "9+", default = -1, ignorable)]
    pub current_leader_epoch: i32,
    /// The offset to read from.
    pub fetch_offset: i64,
    /// The leader epoch of the last record read, or -1.
    #[kafka(versions = "12+", default = -1)]
    pub last_fetched_epoch: i32,
    /// The follower's first offset; -1 from consumers.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub log_start_offset: i64,
    /// Bytes of records of this partition. The first batch of an answer comes
    /// even when it is larger (KIP-74).
    pub partition_max_bytes: i32,
    /// The directory that the follower keeps the partition in.
    #[kafka(versions = "17+", tag = 0, ignorable)]
    pub replica_directory_id: Uuid,
    /// The follower's high watermark; -1 when it knows none, `i64::MAX` when it
    /// does not tell.
    #[kafka(versions = "18+", tag = 1, default = 0x7fff_ffff_ffff_ffff, ignorable)]
    pub high_watermark: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to leave out of a session.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "7+", flexible = "12+")]
#[non_exhaustive]
pub struct ForgottenTopic {
    /// The name of the topic.
    #[kafka(versions = "7-12", ignorable)]
    pub topic: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "13+", ignorable)]
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The records, partition by partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 1, versions = "0-18", flexible = "12+")]
#[non_exhaustive]
pub struct FetchResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// An error of the whole request, the session above all.
    #[kafka(versions = "7+", ignorable)]
    pub error_code: i16,
    /// The fetch session, or 0 for none.
    #[kafka(versions = "7+")]
    pub session_id: i32,
    /// The topics; in a session, those with news.
    pub responses: Vec<FetchableTopicResponse>,
    /// Where the brokers are that `current_leader` names.
    #[kafka(versions = "16+", tag = 0)]
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What was read of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "12+")]
#[non_exhaustive]
pub struct FetchableTopicResponse {
    /// Its name.
    #[kafka(versions = "0-12", ignorable)]
    pub topic: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "13+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What was read of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "12+")]
#[non_exhaustive]
pub struct PartitionData {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The offset after the last record that all in-sync replicas have.
    pub high_watermark: i64,
    /// The offset before which every transaction is decided; -1 when not known.
    #[kafka(versions = "4+", default = -1, ignorable)]
    pub last_stable_offset: i64,
    /// The first offset the partition still has; -1 when not known.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub log_start_offset: i64,
    /// Where the reader's log and the leader's part, if they do.
    #[kafka(versions = "12+", tag = 0)]
    pub diverging_epoch: EpochEndOffset,
    /// Who leads the partition, when this broker does not.
    #[kafka(versions = "12+", tag = 1)]
    pub current_leader: LeaderIdAndEpoch,
    /// The snapshot to read instead, of a partition that has only that before
    /// its start.
    #[kafka(versions = "12+", tag = 2)]
    pub snapshot_id: SnapshotId,
    /// The aborted transactions in the records; null unless only committed ones
    /// are wanted.
    #[kafka(versions = "4+", default = [], ignorable)]
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// The replica to read from next (KIP-392), or -1.
    #[kafka(versions = "11+", default = -1)]
    pub preferred_read_replica: i32,
    /// The record batches. The last one may be cut short, and the first may
    /// start before the offset asked for.
    pub records: Option<RecordBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The end of a leader epoch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "12+", flexible = "12+")]
#[non_exhaustive]
pub struct EpochEndOffset {
    /// The epoch.
    #[kafka(default = -1)]
    pub epoch: i32,
    /// The offset after its last record.
    #[kafka(default = -1)]
    pub end_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The leader of a partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "12+", flexible = "12+")]
#[non_exhaustive]
pub struct LeaderIdAndEpoch {
    /// The leader, or -1 when it is not known.
    #[kafka(default = -1)]
    pub leader_id: i32,
    /// The epoch of the leader (KIP-320), or -1 when it is not known.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A snapshot of a partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "12+")]
#[non_exhaustive]
pub struct SnapshotId {
    /// The offset after the last record it covers.
    #[kafka(default = -1)]
    pub end_offset: i64,
    /// The epoch of that record.
    #[kafka(default = -1)]
    pub epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A transaction whose records do not count.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "4+", flexible = "12+")]
#[non_exhaustive]
pub struct AbortedTransaction {
    /// Whose it is.
    pub producer_id: i64,
    /// Its first record.
    pub first_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "16+", flexible = "16+")]
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
