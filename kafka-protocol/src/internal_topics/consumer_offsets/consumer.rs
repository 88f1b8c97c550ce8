//! Groups of the consumer protocol (KIP-848). All values are of version 0, and
//! flexible.

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// The key of a group (record type 3).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupMetadataValue {
    /// Its epoch; every change of members, subscriptions or topics has the
    /// next.
    pub epoch: i32,
    /// A hash of the topics that are subscribed to, their partitions and racks:
    /// when it changes, the group needs a new assignment (KIP-1101). 0 when
    /// there is none.
    #[kafka(tag = 0)]
    pub metadata_hash: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of what a group knows of its topics (record type 4). From Kafka 4.1
/// on, [`ConsumerGroupMetadataValue::metadata_hash`] takes its place
/// (KIP-1101).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupPartitionMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// What a group knows of the topics that are subscribed to.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupPartitionMetadataValue {
    /// The topics.
    pub topics: Vec<TopicMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicMetadata {
    /// The topic's id.
    pub topic_id: Uuid,
    /// Its name.
    pub topic_name: StrBytes,
    /// How many partitions it has.
    pub num_partitions: i32,
    /// The racks of its partitions, where they are known; not in use since
    /// Kafka 4.0.
    pub partition_metadata: Vec<PartitionMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The racks of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionMetadata {
    /// The partition.
    pub partition: i32,
    /// The racks of its replicas.
    pub racks: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a member (record type 5).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupMemberMetadataKey {
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
pub struct ConsumerGroupMemberMetadataValue {
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
    /// The topics it subscribes to by name.
    pub subscribed_topic_names: Vec<StrBytes>,
    /// The regular expression it subscribes by; null or empty for none. Its
    /// default is empty, as in Kafka.
    #[kafka(default = "")]
    pub subscribed_topic_regex: Option<StrBytes>,
    /// Milliseconds it has to give up partitions; -1 when not known.
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    /// The broker's assignor it wants; null for any. Its default is empty, as
    /// in Kafka.
    #[kafka(default = "")]
    pub server_assignor: Option<StrBytes>,
    /// What it said when it joined by the classic protocol; null, which is then
    /// written, when it speaks the new one. Its default is a structure of
    /// defaults, as in Kafka.
    #[kafka(tag = 0, default = {})]
    pub classic_member_metadata: Option<ClassicMemberMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What a member of the classic protocol said when it joined.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ClassicMemberMetadata {
    /// Milliseconds without a heartbeat after which it is expelled.
    pub session_timeout_ms: i32,
    /// The assignors it supports, the favourite first.
    pub supported_protocols: Vec<ClassicProtocol>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An assignor that a member supports.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ClassicProtocol {
    /// Its name.
    pub name: StrBytes,
    /// The member's
    /// [`ConsumerProtocolSubscription`](crate::messages::consumer_protocol)
    /// for it.
    pub metadata: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a group's target assignment as a whole (record type 6).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupTargetAssignmentMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// The target assignment of a group as a whole.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupTargetAssignmentMetadataValue {
    /// The epoch of the group that it was made for.
    pub assignment_epoch: i32,
    /// When it was made, in milliseconds since the Unix epoch (KIP-1263); 0
    /// when not known.
    #[kafka(tag = 0, ignorable)]
    pub assignment_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of what a member is to have (record type 7).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupTargetAssignmentMemberKey {
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
pub struct ConsumerGroupTargetAssignmentMemberValue {
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

/// The key of what a member has (record type 8).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupCurrentMemberAssignmentKey {
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
pub struct ConsumerGroupCurrentMemberAssignmentValue {
    /// Its epoch, which its heartbeats must carry.
    pub member_epoch: i32,
    /// The epoch before, which its heartbeats may carry if the answer that told
    /// the new one was lost.
    pub previous_member_epoch: i32,
    /// 0 stable, 1 still to give up partitions, 2 waiting for partitions that
    /// others still have.
    pub state: i8,
    /// The partitions it has.
    pub assigned_partitions: Vec<TopicPartitions>,
    /// The partitions it is to give up.
    pub partitions_pending_revocation: Vec<TopicPartitions>,
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
    /// For each of the partitions, the member epoch in which the member got it:
    /// commits of an older one are refused. Null when not known. Its default is
    /// empty, as in Kafka.
    #[kafka(tag = 0, default = [])]
    pub assignment_epochs: Option<Vec<i32>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a regular expression that members subscribe by (record type 16).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupRegularExpressionKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The regular expression.
    #[kafka(versions = "0")]
    pub regular_expression: StrBytes,
}

/// The topics that a regular expression matched.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupRegularExpressionValue {
    /// Their names.
    pub topics: Vec<StrBytes>,
    /// The version of the cluster's metadata, an offset, that it was matched
    /// against.
    pub version: i64,
    /// When that was, in milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
