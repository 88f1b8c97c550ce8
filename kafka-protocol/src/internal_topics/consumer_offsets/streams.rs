//! ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? StreamsGroupMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupMetadataKey {
    /// ??? The group ID.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? StreamsGroupMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupMetadataValue {
    /// ??? The group epoch.
    pub epoch: i32,
    /// ??? The hash of all topics in the group.
    pub metadata_hash: i64,
    /// ??? The topology epoch whose topics are validated to be present in a
    /// valid configuration in the metadata.
    #[kafka(tag = 0, default = -1)]
    pub validated_topology_epoch: i32,
    /// ??? The last used configuration parameters as key-value pairs.
    #[kafka(tag = 1, default = [])]
    pub last_assignment_configs: Option<Vec<LastAssignmentConfig>>,
    /// ??? The topology epoch the plugin holds, or -1 if none. -2 (uncertain)
    /// marks an interrupted plugin operation: it solicits a push like -1 and is
    /// delete-eligible like a stored epoch.
    #[kafka(tag = 2, default = -1)]
    pub stored_description_topology_epoch: i32,
    /// ??? The topology epoch whose description push the plugin permanently
    /// rejected (signalled by
    /// StreamsTopologyDescriptionPermanentFailureException), or -1 if none.
    /// Heartbeat-path solicitation is suppressed while this equals the current
    /// topology epoch, to avoid hot-looping.
    #[kafka(tag = 3, default = -1)]
    pub failed_description_topology_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The last used configuration parameters as key-value pairs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct LastAssignmentConfig {
    /// ??? Key of the config.
    pub key: StrBytes,
    /// ??? Value of the config.
    pub value: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StreamsGroupMemberMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupMemberMetadataKey {
    /// ??? The group ID.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member ID.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? StreamsGroupMemberMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupMemberMetadataValue {
    /// ??? The (optional) instance ID for static membership.
    #[kafka(default = "")]
    pub instance_id: Option<StrBytes>,
    /// ??? The (optional) rack ID.
    #[kafka(default = "")]
    pub rack_id: Option<StrBytes>,
    /// ??? The client ID.
    pub client_id: StrBytes,
    /// ??? The client host.
    pub client_host: StrBytes,
    /// ??? The rebalance timeout.
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    /// ??? The epoch of the topology.
    pub topology_epoch: i32,
    /// ??? Identity of the streams instance that may have multiple consumers.
    pub process_id: StrBytes,
    /// ??? User-defined endpoint for running interactive queries on this
    /// instance.
    pub user_endpoint: Option<Endpoint>,
    /// ??? Used for rack-aware assignment algorithm.
    pub client_tags: Vec<KeyValue>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? User-defined endpoint for running interactive queries on this instance.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Endpoint {
    /// ??? The host of the endpoint.
    pub host: StrBytes,
    /// ??? The port of the endpoint.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Used for rack-aware assignment algorithm.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct KeyValue {
    /// ??? The key of the config.
    pub key: StrBytes,
    /// ??? the value of the config.
    pub value: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StreamsGroupTargetAssignmentMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMetadataKey {
    /// ??? The group ID.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? StreamsGroupTargetAssignmentMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMetadataValue {
    /// ??? The assignment epoch.
    pub assignment_epoch: i32,
    /// ??? The time at which the assignment calculation finished.
    #[kafka(tag = 0, ignorable)]
    pub assignment_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StreamsGroupTargetAssignmentMemberKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMemberKey {
    /// ??? The group ID.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member ID.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? StreamsGroupTargetAssignmentMemberValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMemberValue {
    /// ??? Currently assigned active tasks for this streams client.
    pub active_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    /// ??? Currently assigned standby tasks for this streams client.
    pub standby_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    /// ??? Currently assigned warm-up tasks for this streams client.
    pub warmup_tasks: Vec<StreamsGroupTargetAssignmentMemberValueTaskIds>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Currently assigned active tasks for this streams client.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TaskIds", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTargetAssignmentMemberValueTaskIds {
    /// ??? The subtopology ID.
    pub subtopology_id: StrBytes,
    /// ??? The partitions of the input topics processed by this member.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StreamsGroupCurrentMemberAssignmentKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupCurrentMemberAssignmentKey {
    /// ??? The group ID.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member ID.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? StreamsGroupCurrentMemberAssignmentValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupCurrentMemberAssignmentValue {
    /// ??? The current member epoch that is expected from the member in the
    /// heartbeat request.
    pub member_epoch: i32,
    /// ??? If the last epoch bump is lost before reaching the member, the
    /// member will retry with the previous epoch.
    pub previous_member_epoch: i32,
    /// ??? The member state. See StreamsGroupMember.MemberState for the
    /// possible values.
    pub state: i8,
    /// ??? Currently assigned active tasks for this streams client.
    pub active_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// ??? Currently assigned standby tasks for this streams client.
    pub standby_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// ??? Currently assigned warm-up tasks for this streams client.
    pub warmup_tasks: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// ??? The active tasks that must be revoked by this member.
    pub active_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// ??? The standby tasks that must be revoked by this member.
    pub standby_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// ??? The warmup tasks that must be revoked by this member.
    pub warmup_tasks_pending_revocation: Vec<StreamsGroupCurrentMemberAssignmentValueTaskIds>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Currently assigned active tasks for this streams client.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TaskIds", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupCurrentMemberAssignmentValueTaskIds {
    /// ??? The subtopology ID.
    pub subtopology_id: StrBytes,
    /// ??? The partitions of the input topics processed by this member.
    pub partitions: Vec<i32>,
    /// ??? The epoch at which the partition was assigned to the member. Used to
    /// fence zombie commits requests. Of the same length as Partitions. Only
    /// defined for active tasks.
    #[kafka(tag = 0, default = [])]
    pub assignment_epochs: Option<Vec<i32>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StreamsGroupTopologyKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StreamsGroupTopologyKey {
    /// ??? The group ID.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? StreamsGroupTopologyValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct StreamsGroupTopologyValue {
    /// ??? The epoch of the topology.
    pub epoch: i32,
    /// ??? The sub-topologies of the streams application.
    pub subtopologies: Vec<Subtopology>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The sub-topologies of the streams application.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Subtopology {
    /// ??? String to uniquely identify the subtopology.
    pub subtopology_id: StrBytes,
    /// ??? The topics the topology reads from.
    pub source_topics: Vec<StrBytes>,
    /// ??? Regular expressions identifying topics the subtopology reads from.
    pub source_topic_regex: Vec<StrBytes>,
    /// ??? The set of state changelog topics associated with this subtopology.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// ??? The repartition topics the subtopology writes to.
    pub repartition_sink_topics: Vec<StrBytes>,
    /// ??? The set of source topics that are internally created repartition
    /// topics.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// ??? A subset of source topics that must be copartitioned.
    pub copartition_groups: Vec<CopartitionGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The set of state changelog topics associated with this subtopology.
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
    pub topic_configs: Vec<TopicConfig>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Topic-level configurations as key-value pairs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicConfig {
    /// ??? The key of the topic-level configuration.
    pub key: StrBytes,
    /// ??? The value of the topic-level configuration.
    pub value: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? A subset of source topics that must be copartitioned.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct CopartitionGroup {
    /// ??? The topics the topology reads from. Index into the array on the
    /// subtopology level.
    pub source_topics: Vec<i16>,
    /// ??? Regular expressions identifying topics the subtopology reads from.
    /// Index into the array on the subtopology level.
    pub source_topic_regex: Vec<i16>,
    /// ??? The set of source topics that are internally created repartition
    /// topics. Index into the array on the subtopology level.
    pub repartition_source_topics: Vec<i16>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
