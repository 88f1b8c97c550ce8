//! DescribeQuorum: the state of the KRaft quorum (KIP-595).
//!
//! An administrator's client sends it to the leader of the quorum, or to a broker,
//! which forwards it.
//!
//! Versions 0-2. 1 tells when replicas fetched and had caught up (KIP-836); 2 adds
//! error messages, the directories of replicas and the addresses of voters
//! (KIP-853).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks about the quorum.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 55, versions = "0-2", flexible = "0+", response = DescribeQuorumResponse)]
#[non_exhaustive]
pub struct DescribeQuorumRequest {
    /// The topics: `__cluster_metadata` alone.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to describe of one topic.
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

/// A partition to describe.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// The partition: 0.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The quorum as its leader sees it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 55, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeQuorumResponse {
    /// An error of the whole request.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(versions = "2+", default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// The topics.
    pub topics: Vec<ResponseTopicData>,
    /// Where the voters are.
    #[kafka(versions = "2+")]
    pub nodes: Vec<Node>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of one topic.
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

/// The state of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// The partition: 0.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode);
    /// `NOT_LEADER_OR_FOLLOWER` from a node that does not lead it.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(versions = "2+", default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// The leader, or -1 when it is not known.
    pub leader_id: i32,
    /// The newest leader epoch known.
    pub leader_epoch: i32,
    /// The offset after the last record that a majority of the voters have; -1
    /// when not known.
    pub high_watermark: i64,
    /// The voters, the leader among them.
    pub current_voters: Vec<ReplicaState>,
    /// The replicas that fetch without a vote: brokers, and controllers that
    /// are no voters.
    pub observers: Vec<ReplicaState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A voter or an observer.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReplicaState {
    /// The replica's node id.
    pub replica_id: i32,
    /// The directory that the replica keeps the partition in; zero when not
    /// known.
    #[kafka(versions = "2+")]
    pub replica_directory_id: Uuid,
    /// The offset after the replica's last record, as far as the leader knows;
    /// -1 when it does not.
    pub log_end_offset: i64,
    /// When the replica last fetched, in milliseconds by the leader's clock; -1
    /// for the leader and for voters not heard of.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub last_fetch_timestamp: i64,
    /// When the replica last had all that the leader had, in milliseconds by
    /// the leader's clock: for the leader always now, -1 for voters not heard
    /// of.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub last_caught_up_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where one voter is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "2+", flexible = "2+")]
#[non_exhaustive]
pub struct Node {
    /// The voter's node id.
    pub node_id: i32,
    /// The voter's addresses.
    pub listeners: Vec<Listener>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An address of a voter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "2+", flexible = "2+")]
#[non_exhaustive]
pub struct Listener {
    /// The listener's name.
    pub name: StrBytes,
    /// The voter's host name or address.
    pub host: StrBytes,
    /// The voter's port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
