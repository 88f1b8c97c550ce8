//! BeginQuorumEpoch: a new leader of the KRaft quorum makes itself known (KIP-595).
//!
//! The leader sends it to the other voters, again and again until they fetch from
//! it.
//!
//! Versions 0-1. 1 is flexible, says which voter is meant and tells the addresses
//! of the leader (KIP-853).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Announces a leader.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 53, versions = "0-1", flexible = "1+", response = BeginQuorumEpochResponse)]
#[non_exhaustive]
pub struct BeginQuorumEpochRequest {
    /// The id of the cluster; a null one is not checked.
    pub cluster_id: Option<StrBytes>,
    /// The voter that the request is meant for, or -1.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub voter_id: i32,
    /// The topics: `__cluster_metadata` alone.
    pub topics: Vec<RequestTopicData>,
    /// Where the leader is.
    #[kafka(versions = "1+", ignorable)]
    pub leader_endpoints: Vec<LeaderEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// New leaders in one topic.
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

/// The new leader of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// The partition: 0.
    pub partition_index: i32,
    /// The directory of the voter that the request is meant for; zero when not
    /// known. A voter with another one answers `INVALID_VOTER_KEY`.
    #[kafka(versions = "1+", ignorable)]
    pub voter_directory_id: Uuid,
    /// The new leader.
    pub leader_id: i32,
    /// The new leader's epoch.
    pub leader_epoch: i32,
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

/// Whether the voter follows.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 53, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct BeginQuorumEpochResponse {
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
