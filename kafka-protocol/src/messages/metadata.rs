//! Metadata: brokers, topics, partitions and their leaders.
//!
//! Versions 0-13. 1 adds racks, the controller and internal topics; 2 the cluster
//! id; 3 the throttle time; 4 the choice not to create topics; 5 offline replicas;
//! 7 leader epochs; 8 authorized operations; 9 is flexible; 10 adds topic ids, which
//! a request may use from 12 on (KIP-516); 11 moves the cluster's authorized
//! operations to DescribeCluster (KIP-700); 13 adds a top-level error.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks about the cluster and some topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 3, versions = "0-13", flexible = "9+", response = MetadataResponse)]
#[non_exhaustive]
pub struct MetadataRequest {
    /// The topics to describe. All of them: an empty list in version 0, null
    /// from 1 on, where an empty list means none.
    #[kafka(nullable = "1+", default = [])]
    pub topics: Option<Vec<MetadataRequestTopic>>,
    /// Whether the broker may create the topics that do not exist, if it is set
    /// up to.
    #[kafka(versions = "4+", default = true)]
    pub allow_auto_topic_creation: bool,
    /// Whether to say what this client may do to the cluster.
    #[kafka(versions = "8-10")]
    pub include_cluster_authorized_operations: bool,
    /// Whether to say what this client may do to each topic.
    #[kafka(versions = "8+")]
    pub include_topic_authorized_operations: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topic asked about.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct MetadataRequestTopic {
    /// Its id. Only from version 12 on do brokers look at it.
    #[kafka(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    /// Its name; null when it is asked for by id.
    #[kafka(nullable = "10+", default = "")]
    pub name: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The cluster as this broker sees it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 3, versions = "0-13", flexible = "9+")]
#[non_exhaustive]
pub struct MetadataResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "3+", ignorable)]
    pub throttle_time_ms: i32,
    /// The brokers that are alive.
    pub brokers: Vec<MetadataResponseBroker>,
    /// The id of the cluster.
    #[kafka(versions = "2+", ignorable)]
    pub cluster_id: Option<StrBytes>,
    /// The broker to send controller requests to, or -1 when there is none.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub controller_id: i32,
    /// The topics asked for.
    pub topics: Vec<MetadataResponseTopic>,
    /// What this client may do to the cluster, a bit per operation; `i32::MIN`
    /// when not asked.
    #[kafka(versions = "8-10", default = -2147483648)]
    pub cluster_authorized_operations: i32,
    /// An error of the whole request.
    #[kafka(versions = "13+", ignorable)]
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct MetadataResponseBroker {
    /// The broker's id.
    pub node_id: i32,
    /// The broker's host name or address.
    pub host: StrBytes,
    /// The broker's port.
    pub port: i32,
    /// The broker's rack, if it has one.
    #[kafka(versions = "1+", ignorable)]
    pub rack: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct MetadataResponseTopic {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Its name; null for a topic asked for by an id that is not known.
    #[kafka(nullable = "12+", default = "")]
    pub name: Option<StrBytes>,
    /// Its id; zero when not known.
    #[kafka(versions = "10+", ignorable)]
    pub topic_id: Uuid,
    /// Whether it belongs to Kafka itself, as `__consumer_offsets` does.
    #[kafka(versions = "1+", ignorable)]
    pub is_internal: bool,
    /// Its partitions.
    pub partitions: Vec<MetadataResponsePartition>,
    /// What this client may do to the topic, a bit per operation; `i32::MIN`
    /// when not asked.
    #[kafka(versions = "8+", default = -2147483648)]
    pub topic_authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct MetadataResponsePartition {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The partition.
    pub partition_index: i32,
    /// The broker that leads it, or -1 when none does.
    pub leader_id: i32,
    /// The epoch of the leader (KIP-320), or -1 when it is not known.
    #[kafka(versions = "7+", default = -1, ignorable)]
    pub leader_epoch: i32,
    /// The brokers that hold it.
    pub replica_nodes: Vec<i32>,
    /// The brokers that are in sync with the leader.
    pub isr_nodes: Vec<i32>,
    /// The replicas on dead brokers or disks.
    #[kafka(versions = "5+", ignorable)]
    pub offline_replicas: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
