//! DescribeTopicPartitions: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? DescribeTopicPartitions Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 75, versions = "0", flexible = "0+", response = DescribeTopicPartitionsResponse)]
#[non_exhaustive]
pub struct DescribeTopicPartitionsRequest {
    /// ??? The topics to fetch details for.
    pub topics: Vec<TopicRequest>,
    /// ??? The maximum number of partitions included in the response.
    #[kafka(default = 2000)]
    pub response_partition_limit: i32,
    /// ??? The first topic and partition index to fetch details for.
    pub cursor: Option<Cursor>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to fetch details for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicRequest {
    /// ??? The topic name.
    pub name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The first topic and partition index to fetch details for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Cursor {
    /// ??? The name for the first topic to process.
    pub topic_name: StrBytes,
    /// ??? The partition index to start with.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeTopicPartitions Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 75, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTopicPartitionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(ignorable)]
    pub throttle_time_ms: i32,
    /// ??? Each topic in the response.
    pub topics: Vec<DescribeTopicPartitionsResponseTopic>,
    /// ??? The next topic and partition index to fetch details for.
    pub next_cursor: Option<Cursor>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic in the response.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTopicPartitionsResponseTopic {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The topic name.
    #[kafka(default = "")]
    pub name: Option<StrBytes>,
    /// ??? The topic id.
    #[kafka(ignorable)]
    pub topic_id: Uuid,
    /// ??? True if the topic is internal.
    #[kafka(ignorable)]
    pub is_internal: bool,
    /// ??? Each partition in the topic.
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    /// ??? 32-bit bitfield to represent authorized operations for this topic.
    #[kafka(default = -2147483648)]
    pub topic_authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition in the topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTopicPartitionsResponsePartition {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The ID of the leader broker.
    pub leader_id: i32,
    /// ??? The leader epoch of this partition.
    #[kafka(default = -1, ignorable)]
    pub leader_epoch: i32,
    /// ??? The set of all nodes that host this partition.
    pub replica_nodes: Vec<i32>,
    /// ??? The set of nodes that are in sync with the leader for this
    /// partition.
    pub isr_nodes: Vec<i32>,
    /// ??? The new eligible leader replicas otherwise.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// ??? The last known ELR.
    pub last_known_elr: Option<Vec<i32>>,
    /// ??? The set of offline replicas of this partition.
    #[kafka(ignorable)]
    pub offline_replicas: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
