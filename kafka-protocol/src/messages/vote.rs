//! Vote: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? Vote Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 52, versions = "0-2", flexible = "0+", response = VoteResponse)]
#[non_exhaustive]
pub struct VoteRequest {
    /// ??? The cluster id.
    pub cluster_id: Option<StrBytes>,
    /// ??? The replica id of the voter receiving the request.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub voter_id: i32,
    /// ??? The topic data.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topic data.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partition data.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partition data.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The epoch of the voter sending the request
    pub replica_epoch: i32,
    /// ??? The replica id of the voter sending the request
    pub replica_id: i32,
    /// ??? The directory id of the voter sending the request
    #[kafka(versions = "1+", ignorable)]
    pub replica_directory_id: Uuid,
    /// ??? The directory id of the voter receiving the request
    #[kafka(versions = "1+", ignorable)]
    pub voter_directory_id: Uuid,
    /// ??? The epoch of the last record written to the metadata log.
    pub last_offset_epoch: i32,
    /// ??? The log end offset of the metadata log of the voter sending the
    /// request.
    pub last_offset: i64,
    /// ??? Whether the request is a PreVote request (not persisted) or not.
    #[kafka(versions = "2+")]
    pub pre_vote: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Vote Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 52, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct VoteResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The results for each topic.
    pub topics: Vec<ResponseTopicData>,
    /// ??? Endpoints for all current-leaders enumerated in PartitionData.
    #[kafka(versions = "1+", tag = 0)]
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The results for each partition.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The ID of the current leader or -1 if the leader is unknown.
    pub leader_id: i32,
    /// ??? The latest known leader epoch.
    pub leader_epoch: i32,
    /// ??? True if the vote was granted and false otherwise.
    pub vote_granted: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Endpoints for all current-leaders enumerated in PartitionData.
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
