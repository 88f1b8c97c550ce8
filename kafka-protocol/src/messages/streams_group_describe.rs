//! StreamsGroupDescribe: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? StreamsGroupDescribe Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 89, versions = "0-1", flexible = "0+", response = StreamsGroupDescribeResponse)]
#[non_exhaustive]
pub struct StreamsGroupDescribeRequest {
    /// ??? The ids of the groups to describe
    pub group_ids: Vec<StrBytes>,
    /// ??? Whether to include authorized operations.
    pub include_authorized_operations: bool,
    /// ??? Whether to include the full topology description from the topology
    /// description plugin in the response.
    #[kafka(versions = "1+")]
    pub include_topology_description: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StreamsGroupDescribe Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 89, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupDescribeResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? Each described group.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each described group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribedGroup {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The group ID string.
    pub group_id: StrBytes,
    /// ??? The group state string, or the empty string.
    pub group_state: StrBytes,
    /// ??? The group epoch.
    pub group_epoch: i32,
    /// ??? The assignment epoch.
    pub assignment_epoch: i32,
    /// ??? The topology metadata currently initialized for the streams
    /// application. Can be null in case of a describe error.
    pub topology: Option<Topology>,
    /// ??? The members.
    pub members: Vec<Member>,
    /// ??? 32-bit bitfield to represent authorized operations for this group.
    #[kafka(default = -2147483648)]
    pub authorized_operations: i32,
    /// ??? The full topology description for this group. Non-null if and only
    /// if TopologyDescriptionStatus is AVAILABLE (3); null otherwise.
    #[kafka(versions = "1+")]
    pub topology_description: Option<TopologyDescription>,
    /// ??? The status of the topology description for this group, paired with
    /// TopologyDescription: 0=NOT_REQUESTED (client did not set
    /// IncludeTopologyDescription; TopologyDescription is null); 1=NOT_STORED
    /// (no description recorded for this group; TopologyDescription is null);
    /// 2=ERROR (broker failed to fetch the description, see broker logs;
    /// TopologyDescription is null); 3=AVAILABLE (TopologyDescription is
    /// non-null and carries the description).
    #[kafka(versions = "1+")]
    pub topology_description_status: i8,
    /// ??? The task assignor that the group coordinator will use for the next
    /// assignment computation. This may differ from the assignor that computed
    /// the current assignment, because changing the assignor configuration does
    /// not trigger a rebalance. Null in case of a describe error.
    #[kafka(versions = "1+", ignorable)]
    pub assignor_name: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topology metadata currently initialized for the streams application.
/// Can be null in case of a describe error.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Topology {
    /// ??? The epoch of the currently initialized topology for this group.
    pub epoch: i32,
    /// ??? The subtopologies of the streams application. This contains the
    /// configured subtopologies, where the number of partitions are set and any
    /// regular expressions are resolved to actual topics. Null if the group is
    /// uninitialized, source topics are missing or incorrectly partitioned.
    pub subtopologies: Option<Vec<Subtopology>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The subtopologies of the streams application. This contains the
/// configured subtopologies, where the number of partitions are set and any
/// regular expressions are resolved to actual topics. Null if the group is
/// uninitialized, source topics are missing or incorrectly partitioned.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Subtopology {
    /// ??? String to uniquely identify the subtopology.
    pub subtopology_id: StrBytes,
    /// ??? The topics the subtopology reads from.
    pub source_topics: Vec<StrBytes>,
    /// ??? The repartition topics the subtopology writes to.
    pub repartition_sink_topics: Vec<StrBytes>,
    /// ??? The set of state changelog topics associated with this subtopology.
    /// Created automatically.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// ??? The set of source topics that are internally created repartition
    /// topics. Created automatically.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The set of state changelog topics associated with this subtopology.
/// Created automatically.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicInfo {
    /// ??? The name of the topic.
    pub name: StrBytes,
    /// ??? The number of partitions in the topic. Can be 0 if no specific
    /// number of partitions is enforced. Always 0 for changelog topics.
    pub partitions: i32,
    /// ??? The replication factor of the topic. Can be 0 if the default
    /// replication factor should be used.
    pub replication_factor: i16,
    /// ??? Topic-level configurations as key-value pairs.
    pub topic_configs: Vec<KeyValue>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Topic-level configurations as key-value pairs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct KeyValue {
    /// ??? key of the config
    pub key: StrBytes,
    /// ??? value of the config
    pub value: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The members.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Member {
    /// ??? The member ID.
    pub member_id: StrBytes,
    /// ??? The member epoch.
    pub member_epoch: i32,
    /// ??? The member instance ID for static membership.
    pub instance_id: Option<StrBytes>,
    /// ??? The rack ID.
    pub rack_id: Option<StrBytes>,
    /// ??? The client ID.
    pub client_id: StrBytes,
    /// ??? The client host.
    pub client_host: StrBytes,
    /// ??? The epoch of the topology on the client.
    pub topology_epoch: i32,
    /// ??? Identity of the streams instance that may have multiple clients.
    pub process_id: StrBytes,
    /// ??? User-defined endpoint for Interactive Queries. Null if not defined
    /// for this client.
    pub user_endpoint: Option<Endpoint>,
    /// ??? Used for rack-aware assignment algorithm.
    pub client_tags: Vec<KeyValue>,
    /// ??? Cumulative changelog offsets for tasks.
    pub task_offsets: Vec<TaskOffset>,
    /// ??? Cumulative changelog end offsets for tasks.
    pub task_end_offsets: Vec<TaskOffset>,
    /// ??? The current assignment.
    pub assignment: Assignment,
    /// ??? The target assignment.
    pub target_assignment: Assignment,
    /// ??? True for classic members that have not been upgraded yet.
    pub is_classic: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? User-defined endpoint for Interactive Queries. Null if not defined for
/// this client.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Endpoint {
    /// ??? host of the endpoint
    pub host: StrBytes,
    /// ??? port of the endpoint
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Cumulative changelog offsets for tasks.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TaskOffset {
    /// ??? The subtopology identifier.
    pub subtopology_id: StrBytes,
    /// ??? The partition.
    pub partition: i32,
    /// ??? The offset.
    pub offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The current assignment.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Assignment {
    /// ??? Active tasks for this client.
    pub active_tasks: Vec<TaskIds>,
    /// ??? Standby tasks for this client.
    pub standby_tasks: Vec<TaskIds>,
    /// ??? Warm-up tasks for this client.
    pub warmup_tasks: Vec<TaskIds>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Active tasks for this client.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TaskIds {
    /// ??? The subtopology identifier.
    pub subtopology_id: StrBytes,
    /// ??? The partitions of the input topics processed by this member.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The full topology description for this group. Non-null if and only if
/// TopologyDescriptionStatus is AVAILABLE (3); null otherwise.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescription {
    /// ??? The subtopologies that make up this topology.
    pub subtopologies: Vec<TopologyDescriptionSubtopology>,
    /// ??? Global state stores used by this topology.
    pub global_stores: Vec<TopologyDescriptionGlobalStore>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The subtopologies that make up this topology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescriptionSubtopology {
    /// ??? The subtopology identifier, unique within the topology.
    pub subtopology_id: StrBytes,
    /// ??? The processing nodes in this subtopology.
    pub nodes: Vec<TopologyDescriptionNode>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The processing nodes in this subtopology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescriptionNode {
    /// ??? The name of this node (e.g., KSTREAM-SOURCE-0000000000).
    pub name: StrBytes,
    /// ??? The type of this node: 1=SOURCE, 2=PROCESSOR, 3=SINK.
    pub node_type: i8,
    /// ??? The source topics this node reads from. Defined only for source
    /// nodes, may be empty if source topics are dynamically determined.
    pub source_topics: Vec<StrBytes>,
    /// ??? The topic this node writes to. Defined only for sink nodes, may be
    /// null if sink topic is dynamically determined.
    pub sink_topic: Option<StrBytes>,
    /// ??? The state store names accessed by this node. Defined only for
    /// processor nodes.
    pub stores: Vec<StrBytes>,
    /// ??? The names of successor nodes in the processing graph. Predecessor
    /// relationships are reconstructed from this field.
    pub successors: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Global state stores used by this topology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescriptionGlobalStore {
    /// ??? The source node providing data to the global store.
    pub source: TopologyDescriptionNode,
    /// ??? The processor node that populates the global store.
    pub processor: TopologyDescriptionNode,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
