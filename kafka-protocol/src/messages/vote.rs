//! Vote: asks a voter of the KRaft quorum for its vote (KIP-595).
//!
//! A voter that wants to lead sends it to the other voters, and leads once a
//! majority has granted it.
//!
//! Versions 0-2. 1 says which voter is meant and adds the directories of voters
//! (KIP-853); 2 can ask beforehand whether an election would be won (KIP-996).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks for a vote.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 52, versions = "0-2", flexible = "0+", response = VoteResponse)]
#[non_exhaustive]
pub struct VoteRequest {
    /// The id of the cluster; a null one is not checked.
    pub cluster_id: Option<StrBytes>,
    /// The voter that the request is meant for, or -1.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub voter_id: i32,
    /// The topics: `__cluster_metadata` alone.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Elections in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// The name of the topic: `__cluster_metadata`.
    pub topic_name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The election in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// The partition: 0.
    pub partition_index: i32,
    /// The epoch that the asking voter would lead; with `pre_vote`, the epoch
    /// it is in.
    pub replica_epoch: i32,
    /// The asking voter.
    pub replica_id: i32,
    /// The directory that the asking voter keeps the partition in; zero when
    /// not known.
    #[kafka(versions = "1+", ignorable)]
    pub replica_directory_id: Uuid,
    /// The directory of the voter that the request is meant for; zero when not
    /// known. A voter with another one answers `INVALID_VOTER_KEY`.
    #[kafka(versions = "1+", ignorable)]
    pub voter_directory_id: Uuid,
    /// The leader epoch of the asking voter's last record.
    pub last_offset_epoch: i32,
    /// The offset after the asking voter's last record. A voter whose log is
    /// ahead grants nothing.
    pub last_offset: i64,
    /// Whether to tell only how the voter would vote. It then changes neither
    /// epoch nor vote.
    #[kafka(versions = "2+")]
    pub pre_vote: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The votes.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 52, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct VoteResponse {
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

/// Votes for one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// The name of the topic: `__cluster_metadata`.
    pub topic_name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The vote for one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// The partition: 0.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The leader as the answering node knows it, or -1.
    pub leader_id: i32,
    /// The newest leader epoch that the answering node knows.
    pub leader_epoch: i32,
    /// Whether the asking voter has the vote.
    pub vote_granted: bool,
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
