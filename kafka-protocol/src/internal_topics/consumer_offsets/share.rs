//! Share groups (KIP-932). All values are of version 0, and flexible.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// The key of a member (record type 10).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupMemberMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The member.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// A member, and what it wants.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupMemberMetadataValue {
    /// Its rack; null when it has none. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub rack_id: Option<StrBytes>,
    /// Its client id.
    pub client_id: StrBytes,
    /// The address it comes from.
    pub client_host: StrBytes,
    /// The topics it subscribes to.
    pub subscribed_topic_names: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a group (record type 11).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupMetadataValue {
    /// Its epoch; every change of members, subscriptions or topics has the
    /// next.
    pub epoch: i32,
    /// A hash of the topics that are subscribed to, their partitions and racks:
    /// when it changes, the group needs a new assignment (KIP-1101).
    pub metadata_hash: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a group's target assignment as a whole (record type 12).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupTargetAssignmentMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// The target assignment of a group as a whole.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupTargetAssignmentMetadataValue {
    /// The epoch of the group that it was made for.
    pub assignment_epoch: i32,
    /// When it was made, in milliseconds since the Unix epoch (KIP-1263); 0
    /// when not known.
    #[kafka(tag = 0, ignorable)]
    pub assignment_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of what a member is to have (record type 13).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupTargetAssignmentMemberKey {
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
pub struct ShareGroupTargetAssignmentMemberValue {
    /// The partitions, topic by topic.
    pub topic_partitions: Vec<TopicPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartition {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of what a member has (record type 14).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupCurrentMemberAssignmentKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The member.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// What a member has.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupCurrentMemberAssignmentValue {
    /// Its epoch, which its heartbeats must carry.
    pub member_epoch: i32,
    /// The epoch before, which its heartbeats may carry if the answer that told
    /// the new one was lost.
    pub previous_member_epoch: i32,
    /// 0 stable; members of share groups give nothing up before others get it.
    pub state: i8,
    /// The partitions it has.
    pub assigned_partitions: Vec<TopicPartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of which partitions have state in `__share_group_state` (record type
/// 15).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupStatePartitionMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// Which partitions have state in `__share_group_state`.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupStatePartitionMetadataValue {
    /// Those whose state is being initialized.
    pub initializing_topics: Vec<TopicPartitionsInfo>,
    /// Those that have state.
    pub initialized_topics: Vec<TopicPartitionsInfo>,
    /// The topics whose state is being deleted.
    pub deleting_topics: Vec<TopicInfo>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartitionsInfo {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its name.
    pub topic_name: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicInfo {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its name.
    pub topic_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
