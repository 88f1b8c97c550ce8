//! BeginQuorumEpoch: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? BeginQuorumEpoch Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 53, versions = "0-1", flexible = "1+", response = BeginQuorumEpochResponse)]
#[non_exhaustive]
pub struct BeginQuorumEpochRequest {
    /// ??? The cluster id.
    pub cluster_id: Option<StrBytes>,
    /// ??? The replica id of the voter receiving the request.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub voter_id: i32,
    /// ??? The topics.
    pub topics: Vec<RequestTopicData>,
    /// ??? Endpoints for the leader.
    #[kafka(versions = "1+", ignorable)]
    pub leader_endpoints: Vec<LeaderEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partitions.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The directory id of the receiving replica.
    #[kafka(versions = "1+", ignorable)]
    pub voter_directory_id: Uuid,
    /// ??? The ID of the newly elected leader.
    pub leader_id: i32,
    /// ??? The epoch of the newly elected leader.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Endpoints for the leader.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct LeaderEndpoint {
    /// ??? The name of the endpoint.
    pub name: StrBytes,
    /// ??? The node's hostname.
    pub host: StrBytes,
    /// ??? The node's port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? BeginQuorumEpoch Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 53, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct BeginQuorumEpochResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The topic data.
    pub topics: Vec<ResponseTopicData>,
    /// ??? Endpoints for all leaders enumerated in PartitionData.
    #[kafka(versions = "1+", tag = 0)]
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topic data.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partition data.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partition data.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "1+")]
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
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Endpoints for all leaders enumerated in PartitionData.
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
