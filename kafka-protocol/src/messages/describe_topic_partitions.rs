//! DescribeTopicPartitions: topics and partitions in pages (KIP-966).
//!
//! An administrator's client asks any broker. Unlike Metadata it tells the
//! eligible leader replicas, and never creates a topic.
//!
//! Version 0, flexible.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks for one page of partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 75, versions = "0", flexible = "0+", response = DescribeTopicPartitionsResponse)]
#[non_exhaustive]
pub struct DescribeTopicPartitionsRequest {
    /// The topics; none for all of them.
    pub topics: Vec<TopicRequest>,
    /// How many partitions the answer may tell of; the broker has a limit of
    /// its own, `max.request.partition.size.limit`.
    #[kafka(default = 2000)]
    pub response_partition_limit: i32,
    /// Where to go on, from the answer before; null to start.
    pub cursor: Option<Cursor>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topic to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicRequest {
    /// Its name.
    pub name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A place in the topics, sorted by name.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Cursor {
    /// The topic to go on with; those before it are left out.
    pub topic_name: StrBytes,
    /// The partition to go on with.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One page of partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 75, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTopicPartitionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(ignorable)]
    pub throttle_time_ms: i32,
    /// The topics, sorted by name.
    pub topics: Vec<DescribeTopicPartitionsResponseTopic>,
    /// Where to go on; null when this is the last page.
    pub next_cursor: Option<Cursor>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTopicPartitionsResponseTopic {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Its name. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub name: Option<StrBytes>,
    /// Its id (KIP-516), or zero.
    #[kafka(ignorable)]
    pub topic_id: Uuid,
    /// Whether it belongs to Kafka itself, as `__consumer_offsets` does.
    #[kafka(ignorable)]
    pub is_internal: bool,
    /// Its partitions, as far as they are on this page.
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    /// What this client may do to the topic, a bit per operation; `i32::MIN`
    /// when not known.
    #[kafka(default = -2147483648)]
    pub topic_authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTopicPartitionsResponsePartition {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The partition.
    pub partition_index: i32,
    /// The broker that leads it, or -1 when none does.
    pub leader_id: i32,
    /// The epoch of the leader (KIP-320), or -1 when it is not known.
    #[kafka(default = -1, ignorable)]
    pub leader_epoch: i32,
    /// The brokers that hold it.
    pub replica_nodes: Vec<i32>,
    /// The brokers that are in sync with the leader.
    pub isr_nodes: Vec<i32>,
    /// The brokers out of sync that have every committed record all the same
    /// and may lead (KIP-966); null when not known.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// Those that were in sync or eligible until they shut down uncleanly; null
    /// when not known.
    pub last_known_elr: Option<Vec<i32>>,
    /// The replicas on dead brokers or disks.
    #[kafka(ignorable)]
    pub offline_replicas: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
