//! StreamsGroupDescribe: groups of Kafka Streams members, their topology, tasks and
//! assignments (KIP-1071); an admin asks the group coordinator.
//!
//! Versions 0-1. 1 adds the description of the topology (KIP-1331) and the assignor
//! (KIP-1357).

use crate::{Message, StrBytes, TaggedFields};

/// Asks about groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 89, versions = "0-1", flexible = "0+", response = StreamsGroupDescribeResponse)]
#[non_exhaustive]
pub struct StreamsGroupDescribeRequest {
    /// The streams groups.
    pub group_ids: Vec<StrBytes>,
    /// Whether to say what this client may do to each group.
    pub include_authorized_operations: bool,
    /// Whether to tell the topology node by node, too, as the broker's plugin
    /// has it.
    #[kafka(versions = "1+")]
    pub include_topology_description: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 89, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupDescribeResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// One per group asked for.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribedGroup {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The streams group.
    pub group_id: StrBytes,
    /// `Empty`, `NotReady`, `Assigning`, `Reconciling`, `Stable` or `Dead`;
    /// empty with an error.
    pub group_state: StrBytes,
    /// The group's epoch, which grows when members, the topology or the topics'
    /// partitions change.
    pub group_epoch: i32,
    /// The group's epoch that the target assignment was made for.
    pub assignment_epoch: i32,
    /// The topology that the group runs; null with an error.
    pub topology: Option<Topology>,
    /// The members.
    pub members: Vec<Member>,
    /// What this client may do to the group, a bit per operation; `i32::MIN`
    /// when not asked.
    #[kafka(default = -2147483648)]
    pub authorized_operations: i32,
    /// The topology node by node; null unless `topology_description_status` is
    /// 3.
    #[kafka(versions = "1+")]
    pub topology_description: Option<TopologyDescription>,
    /// 0 when not asked for, 1 when the broker has none of this group, 2 when
    /// it failed to get it and logged why, 3 when it is there.
    #[kafka(versions = "1+")]
    pub topology_description_status: i8,
    /// The assignor for the next assignment, which need not be the one that
    /// made the present one: a change of the setting starts no rebalance. Null
    /// with an error.
    #[kafka(versions = "1+", ignorable)]
    pub assignor_name: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The topology that a group runs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Topology {
    /// The topology's epoch.
    pub epoch: i32,
    /// Its subtopologies, with patterns resolved and partitions counted; null
    /// while source topics are missing or partitioned wrongly.
    pub subtopologies: Option<Vec<Subtopology>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A part of the topology that a task runs for one partition number.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Subtopology {
    /// Its id, unique in the topology.
    pub subtopology_id: StrBytes,
    /// The topics it reads.
    pub source_topics: Vec<StrBytes>,
    /// The repartition topics it writes.
    pub repartition_sink_topics: Vec<StrBytes>,
    /// The changelogs of its state stores, which the broker creates.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// The repartition topics it reads, which the broker creates.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An internal topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicInfo {
    /// Its name.
    pub name: StrBytes,
    /// How many partitions; 0 when it is left open, as it is for changelogs.
    pub partitions: i32,
    /// How many replicas of each; 0 for the broker's default.
    pub replication_factor: i16,
    /// Settings other than the defaults.
    pub topic_configs: Vec<KeyValue>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A setting of a topic, or a tag of a member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct KeyValue {
    /// Its name.
    pub key: StrBytes,
    /// Its value.
    pub value: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A member: one thread of a Kafka Streams process.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Member {
    /// The member.
    pub member_id: StrBytes,
    /// The member's epoch: that of the group it has caught up with.
    pub member_epoch: i32,
    /// The static member, if it is one.
    pub instance_id: Option<StrBytes>,
    /// The rack of the member, if it told one.
    pub rack_id: Option<StrBytes>,
    /// The client id of its requests.
    pub client_id: StrBytes,
    /// The address it connects from.
    pub client_host: StrBytes,
    /// The epoch of the topology it has.
    pub topology_epoch: i32,
    /// The process it runs in, which may run other members, too.
    pub process_id: StrBytes,
    /// Where its process answers interactive queries, if it does.
    pub user_endpoint: Option<Endpoint>,
    /// Tags by which standby tasks are spread over racks.
    pub client_tags: Vec<KeyValue>,
    /// How far its tasks have read their changelogs.
    pub task_offsets: Vec<TaskOffset>,
    /// Where those changelogs end.
    pub task_end_offsets: Vec<TaskOffset>,
    /// The tasks it has.
    pub assignment: Assignment,
    /// The tasks it will have once every member has given up what is not its
    /// own.
    pub target_assignment: Assignment,
    /// Whether it still uses the classic protocol.
    pub is_classic: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where a process answers interactive queries.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Endpoint {
    /// Its host name or address.
    pub host: StrBytes,
    /// Its port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Offsets of one task, summed over its changelogs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TaskOffset {
    /// The subtopology the task runs.
    pub subtopology_id: StrBytes,
    /// The partition number it runs it for.
    pub partition: i32,
    /// The sum.
    pub offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The tasks of one member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Assignment {
    /// Those that process records.
    pub active_tasks: Vec<TaskIds>,
    /// Those that keep a copy of another member's state.
    pub standby_tasks: Vec<TaskIds>,
    /// Those that build up state, to become active here later.
    pub warmup_tasks: Vec<TaskIds>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Tasks of one subtopology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TaskIds {
    /// The subtopology they run.
    pub subtopology_id: StrBytes,
    /// The partition numbers they run it for, one task each.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topology node by node.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescription {
    /// The subtopologies.
    pub subtopologies: Vec<TopologyDescriptionSubtopology>,
    /// The global state stores.
    pub global_stores: Vec<TopologyDescriptionGlobalStore>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The nodes of one subtopology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescriptionSubtopology {
    /// Its id, unique in the topology.
    pub subtopology_id: StrBytes,
    /// The nodes.
    pub nodes: Vec<TopologyDescriptionNode>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescriptionNode {
    /// Its name, such as `KSTREAM-SOURCE-0000000000`.
    pub name: StrBytes,
    /// 1 a source, 2 a processor, 3 a sink.
    pub node_type: i8,
    /// The topics a source reads; empty for other nodes, and where they are
    /// chosen while it runs.
    pub source_topics: Vec<StrBytes>,
    /// The topic a sink writes; null for other nodes, and where it is chosen
    /// while it runs.
    pub sink_topic: Option<StrBytes>,
    /// The state stores a processor uses; empty for other nodes.
    pub stores: Vec<StrBytes>,
    /// The nodes it forwards to, by name. What precedes a node follows from
    /// these.
    pub successors: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A state store that every process holds in full.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "1+")]
#[non_exhaustive]
pub struct TopologyDescriptionGlobalStore {
    /// The node that reads its records.
    pub source: TopologyDescriptionNode,
    /// The node that puts them in.
    pub processor: TopologyDescriptionNode,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
