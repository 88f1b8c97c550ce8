//! DescribeQuorum: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? DescribeQuorum Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 55, versions = "0-2", flexible = "0+", response = DescribeQuorumResponse)]
#[non_exhaustive]
pub struct DescribeQuorumRequest {
    /// ??? The topics to describe.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to describe.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partitions to describe.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions to describe.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeQuorum Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 55, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeQuorumResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "2+", default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// ??? The response from the describe quorum API.
    pub topics: Vec<ResponseTopicData>,
    /// ??? The nodes in the quorum.
    #[kafka(versions = "2+")]
    pub nodes: Vec<Node>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The response from the describe quorum API.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
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
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "2+", default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// ??? The ID of the current leader or -1 if the leader is unknown.
    pub leader_id: i32,
    /// ??? The latest known leader epoch.
    pub leader_epoch: i32,
    /// ??? The high water mark.
    pub high_watermark: i64,
    /// ??? The current voters of the partition.
    pub current_voters: Vec<ReplicaState>,
    /// ??? The observers of the partition.
    pub observers: Vec<ReplicaState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The current voters of the partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReplicaState {
    /// ??? The ID of the replica.
    pub replica_id: i32,
    /// ??? The replica directory ID of the replica.
    #[kafka(versions = "2+")]
    pub replica_directory_id: Uuid,
    /// ??? The last known log end offset of the follower or -1 if it is
    /// unknown.
    pub log_end_offset: i64,
    /// ??? The last known leader wall clock time time when a follower fetched
    /// from the leader. This is reported as -1 both for the current leader or
    /// if it is unknown for a voter.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub last_fetch_timestamp: i64,
    /// ??? The leader wall clock append time of the offset for which the
    /// follower made the most recent fetch request. This is reported as the
    /// current time for the leader and -1 if unknown for a voter.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub last_caught_up_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The nodes in the quorum.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "2+", flexible = "2+")]
#[non_exhaustive]
pub struct Node {
    /// ??? The ID of the associated node.
    pub node_id: i32,
    /// ??? The listeners of this controller.
    pub listeners: Vec<Listener>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The listeners of this controller.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "2+", flexible = "2+")]
#[non_exhaustive]
pub struct Listener {
    /// ??? The name of the endpoint.
    pub name: StrBytes,
    /// ??? The hostname.
    pub host: StrBytes,
    /// ??? The port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
