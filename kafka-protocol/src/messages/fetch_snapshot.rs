//! FetchSnapshot: reads a snapshot of the KRaft metadata log, piece by piece
//! (KIP-630).
//!
//! A broker or controller sends it to the leader of the quorum, when Fetch says
//! that the log no longer reaches back to where it would go on.
//!
//! Versions 0-1. 1 adds the directory of the reader and the addresses of leaders
//! (KIP-853).

use crate::{Message, RecordBytes, StrBytes, TaggedFields, Uuid};

/// Reads a piece of each snapshot.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 59, versions = "0-1", flexible = "0+", response = FetchSnapshotResponse)]
#[non_exhaustive]
pub struct FetchSnapshotRequest {
    /// The id of the cluster; a null one is not checked.
    #[kafka(tag = 0)]
    pub cluster_id: Option<StrBytes>,
    /// The node that reads, or -1.
    #[kafka(default = -1)]
    pub replica_id: i32,
    /// Bytes of snapshots in the whole answer.
    #[kafka(default = 0x7fff_ffff)]
    pub max_bytes: i32,
    /// The topics: `__cluster_metadata` alone.
    pub topics: Vec<RequestTopicSnapshot>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to read of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicSnapshot {
    /// The name of the topic: `__cluster_metadata`.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<RequestPartitionSnapshot>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to read of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionSnapshot {
    /// The partition: 0.
    pub partition: i32,
    /// The leader epoch the reader knows, or -1. The leader refuses an older or
    /// newer one.
    pub current_leader_epoch: i32,
    /// The snapshot, as Fetch named it.
    pub snapshot_id: SnapshotId,
    /// The byte of the snapshot to read from.
    pub position: i64,
    /// The directory that the reader keeps the partition in.
    #[kafka(versions = "1+", tag = 0, ignorable)]
    pub replica_directory_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A snapshot of a partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct SnapshotId {
    /// The offset after the last record it covers.
    pub end_offset: i64,
    /// The epoch of that record.
    pub epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The pieces, partition by partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 59, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct FetchSnapshotResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(ignorable)]
    pub throttle_time_ms: i32,
    /// An error of the whole request.
    pub error_code: i16,
    /// The topics.
    pub topics: Vec<ResponseTopicSnapshot>,
    /// Where the nodes are that `current_leader` names.
    #[kafka(versions = "1+", tag = 0)]
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What was read of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicSnapshot {
    /// The name of the topic: `__cluster_metadata`.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<ResponsePartitionSnapshot>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What was read of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionSnapshot {
    /// The partition: 0.
    pub index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode):
    /// `SNAPSHOT_NOT_FOUND` when the snapshot is gone, `POSITION_OUT_OF_RANGE`
    /// when it has no such byte.
    pub error_code: i16,
    /// The snapshot.
    pub snapshot_id: SnapshotId,
    /// Who leads the partition, when this node does not.
    #[kafka(tag = 0)]
    pub current_leader: LeaderIdAndEpoch,
    /// The bytes of the whole snapshot.
    pub size: i64,
    /// The byte of the snapshot that `unaligned_records` starts at.
    pub position: i64,
    /// A piece of the snapshot, which is a row of record batches. It may start
    /// and end within a batch.
    pub unaligned_records: RecordBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The leader of a partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct LeaderIdAndEpoch {
    /// The leader, or -1 when it is not known.
    pub leader_id: i32,
    /// The newest leader epoch known.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where a leader is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct NodeEndpoint {
    /// The node's id.
    pub node_id: i32,
    /// The node's host name or address.
    pub host: StrBytes,
    /// The node's port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
