//! EndQuorumEpoch: the leader of the KRaft quorum steps down (KIP-595).
//!
//! The leader sends it to the other voters, so that they elect the next one without
//! waiting for a timeout.
//!
//! Versions 0-1. 1 is flexible, names candidates with their directories and tells
//! the addresses of the leader (KIP-853).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Announces that a leader steps down.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 54, versions = "0-1", flexible = "1+", response = EndQuorumEpochResponse)]
#[non_exhaustive]
pub struct EndQuorumEpochRequest {
    /// The id of the cluster; a null one is not checked.
    pub cluster_id: Option<StrBytes>,
    /// The topics: `__cluster_metadata` alone.
    pub topics: Vec<RequestTopicData>,
    /// Where the leader is.
    #[kafka(versions = "1+", ignorable)]
    pub leader_endpoints: Vec<LeaderEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Leaders that step down in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// The name of the topic: `__cluster_metadata`.
    pub topic_name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The leader that steps down in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// The partition: 0.
    pub partition_index: i32,
    /// The leader that steps down.
    pub leader_id: i32,
    /// The leader's epoch.
    pub leader_epoch: i32,
    /// The voters in the order in which they should stand for election, the one
    /// with the longest log first. Version 0 only.
    #[kafka(versions = "0", ignorable)]
    pub preferred_successors: Vec<i32>,
    /// The same from version 1 on.
    #[kafka(versions = "1+", ignorable)]
    pub preferred_candidates: Vec<ReplicaInfo>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A voter that may lead next.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct ReplicaInfo {
    /// The voter's node id.
    pub candidate_id: i32,
    /// The directory that the voter keeps the partition in; zero when not
    /// known.
    pub candidate_directory_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An address of the leader.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct LeaderEndpoint {
    /// The listener's name.
    pub name: StrBytes,
    /// The leader's host name or address.
    pub host: StrBytes,
    /// The leader's port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the voter has taken note.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 54, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct EndQuorumEpochResponse {
    /// An error of the whole request.
    pub error_code: i16,
    /// The topics.
    pub topics: Vec<ResponseTopicData>,
    /// Where the leaders are that the partitions name.
    #[kafka(versions = "1+", tag = 0)]
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Answers for one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// The name of the topic: `__cluster_metadata`.
    pub topic_name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The answer for one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// The partition: 0.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode);
    /// `FENCED_LEADER_EPOCH` when a newer epoch has begun.
    pub error_code: i16,
    /// The leader as the answering node knows it, or -1.
    pub leader_id: i32,
    /// The newest leader epoch that the answering node knows.
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
