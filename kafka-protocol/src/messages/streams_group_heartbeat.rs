//! StreamsGroupHeartbeat: keeps a Kafka Streams member in its group and tells it
//! its tasks (KIP-1071); the member asks the group coordinator.
//!
//! The first request, with epoch 0, tells everything; later ones leave out what did
//! not change since. `FENCED_MEMBER_EPOCH` and `UNKNOWN_MEMBER_ID` mean to give up
//! all tasks and join again.
//!
//! Versions 0-1. 1 may ask for the description of the topology (KIP-1331), has a
//! recovery lag of 64 bits, and may tell of missing client tags.

use crate::{Message, StrBytes, TaggedFields};

/// Joins a group, stays in it or leaves it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 88, versions = "0-1", flexible = "0+", response = StreamsGroupHeartbeatResponse)]
#[non_exhaustive]
pub struct StreamsGroupHeartbeatRequest {
    /// The streams group.
    pub group_id: StrBytes,
    /// The member. It makes the id itself and keeps it as long as it lives.
    pub member_id: StrBytes,
    /// The member's epoch, as last answered; 0 to join, -1 to leave, -2 from a
    /// static member that leaves and will be back.
    pub member_epoch: i32,
    /// The epoch of the endpoints it knows, as last answered; the broker tells
    /// them again when its own is newer.
    pub endpoint_information_epoch: i32,
    /// The static member, if it is one; null also when unchanged.
    pub instance_id: Option<StrBytes>,
    /// The rack of the member, if it has one; null also when unchanged.
    pub rack_id: Option<StrBytes>,
    /// Milliseconds that the member may take to give up tasks; -1 when
    /// unchanged.
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    /// The topology, to join. The first member's becomes the group's, and that
    /// of the others is compared with it. Null after that.
    pub topology: Option<Topology>,
    /// The active tasks the member has; null when unchanged.
    pub active_tasks: Option<Vec<TaskIds>>,
    /// The standby tasks the member has; null when unchanged.
    pub standby_tasks: Option<Vec<TaskIds>>,
    /// The warm-up tasks the member has; null when unchanged.
    pub warmup_tasks: Option<Vec<TaskIds>>,
    /// The process it runs in, which may run other members, too; null when
    /// unchanged.
    pub process_id: Option<StrBytes>,
    /// Where its process answers interactive queries, if it does; null also
    /// when unchanged.
    pub user_endpoint: Option<Endpoint>,
    /// Tags by which standby tasks are spread over racks; null when unchanged.
    pub client_tags: Option<Vec<KeyValue>>,
    /// How far its tasks have read their changelogs, told at the interval the
    /// broker sets and once a warm-up task has caught up; null when unchanged.
    pub task_offsets: Option<Vec<TaskOffset>>,
    /// Where those changelogs end, told together with them; null when
    /// unchanged.
    pub task_end_offsets: Option<Vec<TaskOffset>>,
    /// Whether all members of the group shall shut down.
    pub shutdown_application: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What an application computes.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Topology {
    /// The topology's epoch. One below the group's is stale, and one above it
    /// is refused.
    pub epoch: i32,
    /// Its subtopologies; never empty.
    pub subtopologies: Vec<Subtopology>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A part of the topology that a task runs for one partition number.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Subtopology {
    /// Its id, which follows from the topology alone.
    pub subtopology_id: StrBytes,
    /// The topics it reads.
    pub source_topics: Vec<StrBytes>,
    /// Regular expressions for topics it reads.
    pub source_topic_regex: Vec<StrBytes>,
    /// The changelogs of its state stores, which the broker creates.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// The repartition topics it writes.
    pub repartition_sink_topics: Vec<StrBytes>,
    /// The repartition topics it reads, which the broker creates.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// Which of its source topics need the same number of partitions.
    pub copartition_groups: Vec<CopartitionGroup>,
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
    /// How many partitions; 0 to leave it to the broker, as always for
    /// changelogs.
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

/// Source topics that need the same number of partitions, each by its index in
/// the list of that name in [`Subtopology`].
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct CopartitionGroup {
    /// Indexes of topics.
    pub source_topics: Vec<i16>,
    /// Indexes of regular expressions.
    pub source_topic_regex: Vec<i16>,
    /// Indexes of repartition topics.
    pub repartition_source_topics: Vec<i16>,
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

/// What the member shall be and run.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 88, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupHeartbeatResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The member.
    pub member_id: StrBytes,
    /// The member's epoch, to be sent with the next heartbeat; -1 or -2 when it
    /// has left.
    pub member_epoch: i32,
    /// Milliseconds until the next heartbeat.
    pub heartbeat_interval_ms: i32,
    /// The same as `acceptable_recovery_lag`, in version 0.
    #[kafka(versions = "0")]
    pub acceptable_recovery_lag_legacy: i32,
    /// Milliseconds between heartbeats that tell `task_offsets`.
    pub task_offset_interval_ms: i32,
    /// How many offsets a task may be behind its changelogs and still count as
    /// caught up, fit to become active; -1 when the broker has no such setting.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub acceptable_recovery_lag: i64,
    /// What is the matter with the group or the member. Its default is empty,
    /// as in Kafka.
    #[kafka(default = [])]
    pub status: Option<Vec<Status>>,
    /// The active tasks the member shall run; null when unchanged.
    pub active_tasks: Option<Vec<TaskIds>>,
    /// The standby tasks the member shall run; null when unchanged.
    pub standby_tasks: Option<Vec<TaskIds>>,
    /// The warm-up tasks the member shall run; null when unchanged.
    pub warmup_tasks: Option<Vec<TaskIds>>,
    /// Whether to send the description of the topology with
    /// StreamsGroupTopologyDescriptionUpdate: the broker has none, or an old
    /// one.
    #[kafka(versions = "1+")]
    pub topology_description_required: bool,
    /// The epoch of the endpoints, to be sent with the next heartbeat.
    pub endpoint_information_epoch: i32,
    /// Which process holds which partitions, for interactive queries; null when
    /// unchanged. There is one entry per member: join those of equal endpoints.
    pub partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Something the matter with the group or the member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Status {
    /// 0 stale topology, 1 source topics missing, 2 topics partitioned wrongly,
    /// 3 internal topics missing, 4 the application shuts down, 5 assignment
    /// delayed, 6 client tags missing (from version 1 on).
    pub status_code: i8,
    /// More about it, for people: which topics, what failed.
    pub status_detail: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The partitions that one member holds.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct EndpointToPartitions {
    /// Where its process answers queries.
    pub user_endpoint: Endpoint,
    /// What its active tasks read, repartition topics included.
    pub active_partitions: Vec<TopicPartition>,
    /// What the tasks read that it has as standby and warm-up tasks,
    /// repartition topics included.
    pub standby_partitions: Vec<TopicPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartition {
    /// Its name.
    pub topic: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
