//! FetchSnapshot: ???
//!
//! Versions 0-1. ???

use crate::{Message, RecordBytes, StrBytes, TaggedFields, Uuid};

/// ??? FetchSnapshot Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 59, versions = "0-1", flexible = "0+", response = FetchSnapshotResponse)]
#[non_exhaustive]
pub struct FetchSnapshotRequest {
    /// ??? The clusterId if known, this is used to validate metadata fetches
    /// prior to broker registration.
    #[kafka(tag = 0)]
    pub cluster_id: Option<StrBytes>,
    /// ??? The broker ID of the follower.
    #[kafka(default = -1)]
    pub replica_id: i32,
    /// ??? The maximum bytes to fetch from all of the snapshots.
    #[kafka(default = 0x7fff_ffff)]
    pub max_bytes: i32,
    /// ??? The topics to fetch.
    pub topics: Vec<RequestTopicSnapshot>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to fetch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicSnapshot {
    /// ??? The name of the topic to fetch.
    pub name: StrBytes,
    /// ??? The partitions to fetch.
    pub partitions: Vec<RequestPartitionSnapshot>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions to fetch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionSnapshot {
    /// ??? The partition index.
    pub partition: i32,
    /// ??? The current leader epoch of the partition, -1 for unknown leader
    /// epoch.
    pub current_leader_epoch: i32,
    /// ??? The snapshot endOffset and epoch to fetch.
    pub snapshot_id: SnapshotId,
    /// ??? The byte position within the snapshot to start fetching from.
    pub position: i64,
    /// ??? The directory id of the follower fetching.
    #[kafka(versions = "1+", tag = 0, ignorable)]
    pub replica_directory_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The snapshot endOffset and epoch to fetch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct SnapshotId {
    /// ??? The end offset of the snapshot.
    pub end_offset: i64,
    /// ??? The epoch of the snapshot.
    pub epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? FetchSnapshot Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 59, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct FetchSnapshotResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The topics to fetch.
    pub topics: Vec<ResponseTopicSnapshot>,
    /// ??? Endpoints for all current-leaders enumerated in PartitionSnapshot.
    #[kafka(versions = "1+", tag = 0)]
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to fetch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicSnapshot {
    /// ??? The name of the topic to fetch.
    pub name: StrBytes,
    /// ??? The partitions to fetch.
    pub partitions: Vec<ResponsePartitionSnapshot>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions to fetch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionSnapshot", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionSnapshot {
    /// ??? The partition index.
    pub index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The snapshot endOffset and epoch fetched.
    pub snapshot_id: SnapshotId,
    /// ??? The leader of the partition at the time of the snapshot.
    #[kafka(tag = 0)]
    pub current_leader: LeaderIdAndEpoch,
    /// ??? The total size of the snapshot.
    pub size: i64,
    /// ??? The starting byte position within the snapshot included in the Bytes
    /// field.
    pub position: i64,
    /// ??? Snapshot data in records format which may not be aligned on an
    /// offset boundary.
    pub unaligned_records: RecordBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The leader of the partition at the time of the snapshot.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct LeaderIdAndEpoch {
    /// ??? The ID of the current leader or -1 if the leader is unknown.
    pub leader_id: i32,
    /// ??? The latest known leader epoch.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Endpoints for all current-leaders enumerated in PartitionSnapshot.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct NodeEndpoint {
    /// ??? The ID of the associated node.
    pub node_id: i32,
    /// ??? The node's hostname.
    pub host: StrBytes,
    /// ??? The node's port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
