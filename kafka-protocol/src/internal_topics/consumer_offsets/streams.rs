//! Groups of Kafka Streams (KIP-1071). All values are of version 0, and
//! flexible.
//!
//! A topology consists of subtopologies; a task is one of these on one
//! partition of its input topics.

use crate::{Message, StrBytes, TaggedFields};

/// The key of a group (record type 17).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupMetadataValue {
    /// Its epoch; every change of members, topology or topics has the next.
    pub epoch: i32,
    /// A hash of the topics that the topology needs, their partitions and
    /// racks: when it changes, the group needs a new assignment (KIP-1101).
    pub metadata_hash: i64,
    /// The epoch of the topology whose topics were found complete and sound; -1
    /// for none.
    #[kafka(tag = 0, default = -1)]
    pub validated_topology_epoch: i32,
    /// The settings that the last assignment was made with. Its default is
    /// empty, as in Kafka.
    #[kafka(tag = 1, default = [])]
    pub last_assignment_configs: Option<Vec<LastAssignmentConfig>>,
    /// The epoch of the topology whose description the broker's plugin has
    /// (KIP-1331); -1 for none. -2 when storing or deleting it broke off, so
    /// that members are asked for it again and there may be something to
    /// delete.
    #[kafka(tag = 2, default = -1)]
    pub stored_description_topology_epoch: i32,
    /// The epoch of the topology whose description the plugin refused for good
    /// (KIP-1331), so that members are not asked for it again; -1 for none.
    #[kafka(tag = 3, default = -1)]
    pub failed_description_topology_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A setting of the assignment.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct LastAssignmentConfig {
    /// Its name.
    pub key: StrBytes,
    /// Its value.
    pub value: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a member (record type 19).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupMemberMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The member.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupMemberMetadataValue {
    /// Its static id (KIP-345); null when it is not static. Its default is
    /// empty, as in Kafka.
    #[kafka(default = "")]
    pub instance_id: Option<StrBytes>,
    /// Its rack; null when it has none. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub rack_id: Option<StrBytes>,
    /// Its client id.
    pub client_id: StrBytes,
    /// The address it comes from.
    pub client_host: StrBytes,
    /// Milliseconds it has to give up tasks; -1 when not known.
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    /// The epoch of the topology that it runs.
    pub topology_epoch: i32,
    /// Its process; the members of one share what is stored there.
    pub process_id: StrBytes,
    /// Where the application answers queries for its state; null when it does
    /// not.
    pub user_endpoint: Option<Endpoint>,
    /// Tags that standby tasks are spread by.
    pub client_tags: Vec<KeyValue>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where an application answers queries.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Endpoint {
    /// The host name or address.
    pub host: StrBytes,
    /// The port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A tag.
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

/// The key of a group's target assignment as a whole (record type 20).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// The target assignment of a group as a whole.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMetadataValue {
    /// The epoch of the group that it was made for.
    pub assignment_epoch: i32,
    /// When it was made, in milliseconds since the Unix epoch (KIP-1263); 0
    /// when not known.
    #[kafka(tag = 0, ignorable)]
    pub assignment_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of what a member is to have (record type 21).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMemberKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The member.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// What a member is to have.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMemberValue {
    /// The tasks it is to run.
    pub active_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    /// The tasks whose state it is to keep a copy of.
    pub standby_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    /// The tasks whose state it is to catch up with, to run them later.
    pub warmup_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Tasks of one subtopology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TaskIds", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMemberValueTaskIds {
    /// The subtopology.
    pub subtopology_id: StrBytes,
    /// The partitions of its input topics.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of what a member has (record type 22).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupCurrentMemberAssignmentKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The member.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// What a member has, on its way to what it is to have.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupCurrentMemberAssignmentValue {
    /// Its epoch, which its heartbeats must carry.
    pub member_epoch: i32,
    /// The epoch before, which its heartbeats may carry if the answer that told
    /// the new one was lost.
    pub previous_member_epoch: i32,
    /// 1 stable, 2 still to give up tasks, 3 waiting for tasks that others
    /// still have.
    pub state: i8,
    /// The tasks it runs.
    pub active_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// The tasks whose state it keeps a copy of.
    pub standby_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// The tasks whose state it catches up with.
    pub warmup_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// The tasks it is to stop running.
    pub active_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// The tasks it is to drop the copy of.
    pub standby_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// The tasks it is to stop catching up with.
    pub warmup_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Tasks of one subtopology.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TaskIds", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupCurrentMemberAssignmentValueTaskIds {
    /// The subtopology.
    pub subtopology_id: StrBytes,
    /// The partitions of its input topics.
    pub partitions: Vec<i32>,
    /// For each of the partitions, the member epoch in which the member got it:
    /// commits of an older one are refused. Of active tasks only. Its default
    /// is empty, as in Kafka.
    #[kafka(tag = 0, default = [])]
    pub assignment_epochs: Option<Vec<i32>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a group's topology (record type 23).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupTopologyKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// The topology of a group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTopologyValue {
    /// Its epoch.
    pub epoch: i32,
    /// Its subtopologies.
    pub subtopologies: Vec<Subtopology>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A part of the topology that shares no state with the others.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Subtopology {
    /// Its id, unique in the topology.
    pub subtopology_id: StrBytes,
    /// The topics it reads.
    pub source_topics: Vec<StrBytes>,
    /// Regular expressions of further topics it reads.
    pub source_topic_regex: Vec<StrBytes>,
    /// The topics that its state is restored from.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// The repartition topics it writes to.
    pub repartition_sink_topics: Vec<StrBytes>,
    /// The repartition topics it reads.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// Which of the topics it reads must have as many partitions as each other.
    pub copartition_groups: Vec<CopartitionGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topic that the broker creates for the application.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicInfo {
    /// Its name.
    pub name: StrBytes,
    /// How many partitions it must have; 0 when that follows from other topics,
    /// as it always does for changelogs.
    pub partitions: i32,
    /// How many replicas each is to have; 0 for the broker's default.
    pub replication_factor: i16,
    /// Its settings.
    pub topic_configs: Vec<TopicConfig>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A setting of a topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicConfig {
    /// Its name.
    pub key: StrBytes,
    /// Its value.
    pub value: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Topics that must have as many partitions as each other.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct CopartitionGroup {
    /// Places in [`Subtopology::source_topics`].
    pub source_topics: Vec<i16>,
    /// Places in [`Subtopology::source_topic_regex`].
    pub source_topic_regex: Vec<i16>,
    /// Places in [`Subtopology::repartition_source_topics`].
    pub repartition_source_topics: Vec<i16>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
