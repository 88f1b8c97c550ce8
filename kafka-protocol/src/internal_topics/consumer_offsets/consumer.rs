//! ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ConsumerGroupMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? ConsumerGroupMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupMetadataValue {
    /// ??? The group epoch.
    pub epoch: i32,
    /// ??? The hash of all topics in the group.
    #[kafka(tag = 0)]
    pub metadata_hash: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ConsumerGroupPartitionMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupPartitionMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? ConsumerGroupPartitionMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupPartitionMetadataValue {
    /// ??? The list of topic metadata.
    pub topics: Vec<TopicMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The list of topic metadata.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicMetadata {
    /// ??? The topic id.
    pub topic_id: Uuid,
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The number of partitions of the topic.
    pub num_partitions: i32,
    /// ??? Deprecated: this field is not used after 4.0. Partitions mapped to a
    /// set of racks. If the rack information is unavailable for all the
    /// partitions, an empty list is stored.
    pub partition_metadata: Vec<PartitionMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Deprecated: this field is not used after 4.0. Partitions mapped to a set
/// of racks. If the rack information is unavailable for all the partitions, an
/// empty list is stored.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionMetadata {
    /// ??? The partition number.
    pub partition: i32,
    /// ??? The set of racks that the partition is mapped to.
    pub racks: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ConsumerGroupMemberMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupMemberMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member id.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? ConsumerGroupMemberMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupMemberMetadataValue {
    /// ??? The (optional) instance id.
    #[kafka(default = "")]
    pub instance_id: Option<StrBytes>,
    /// ??? The (optional) rack id.
    #[kafka(default = "")]
    pub rack_id: Option<StrBytes>,
    /// ??? The client id.
    pub client_id: StrBytes,
    /// ??? The client host.
    pub client_host: StrBytes,
    /// ??? The list of subscribed topic names.
    pub subscribed_topic_names: Vec<StrBytes>,
    /// ??? The subscribed topic regular expression.
    #[kafka(default = "")]
    pub subscribed_topic_regex: Option<StrBytes>,
    /// ??? The rebalance timeout.
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    /// ??? The server assignor to use; or null if not used.
    #[kafka(default = "")]
    pub server_assignor: Option<StrBytes>,
    /// ??? The classic member metadata which includes the supported protocols
    /// of the consumer if it uses the classic protocol. The metadata is null if
    /// the consumer uses the consumer protocol.
    #[kafka(tag = 0, default = {})]
    pub classic_member_metadata: Option<ClassicMemberMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The classic member metadata which includes the supported protocols of
/// the consumer if it uses the classic protocol. The metadata is null if the
/// consumer uses the consumer protocol.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ClassicMemberMetadata {
    /// ??? The session timeout if the consumer uses the classic protocol.
    pub session_timeout_ms: i32,
    /// ??? The list of protocols that the member supports if the consumer uses
    /// the classic protocol.
    pub supported_protocols: Vec<ClassicProtocol>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The list of protocols that the member supports if the consumer uses the
/// classic protocol.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ClassicProtocol {
    /// ??? The protocol name.
    pub name: StrBytes,
    /// ??? The protocol metadata.
    pub metadata: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ConsumerGroupTargetAssignmentMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupTargetAssignmentMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? ConsumerGroupTargetAssignmentMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupTargetAssignmentMetadataValue {
    /// ??? The assignment epoch.
    pub assignment_epoch: i32,
    /// ??? The time at which the assignment calculation finished.
    #[kafka(tag = 0, ignorable)]
    pub assignment_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ConsumerGroupTargetAssignmentMemberKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupTargetAssignmentMemberKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member id.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? ConsumerGroupTargetAssignmentMemberValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupTargetAssignmentMemberValue {
    /// ??? The assigned partitions.
    pub topic_partitions: Vec<TopicPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The assigned partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartition {
    /// ??? The topic id.
    pub topic_id: Uuid,
    /// ??? The partition indexes.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ConsumerGroupCurrentMemberAssignmentKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupCurrentMemberAssignmentKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member id.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? ConsumerGroupCurrentMemberAssignmentValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupCurrentMemberAssignmentValue {
    /// ??? The current member epoch that is expected from the member in the
    /// heartbeat request.
    pub member_epoch: i32,
    /// ??? If the last epoch bump is lost before reaching the member, the
    /// member will retry with the previous epoch.
    pub previous_member_epoch: i32,
    /// ??? The member state. See MemberState for the possible values.
    pub state: i8,
    /// ??? The partitions assigned to (or owned by) this member.
    pub assigned_partitions: Vec<TopicPartitions>,
    /// ??? The partitions that must be revoked by this member.
    pub partitions_pending_revocation: Vec<TopicPartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions assigned to (or owned by) this member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// ??? The topic Id.
    pub topic_id: Uuid,
    /// ??? The partition Ids.
    pub partitions: Vec<i32>,
    /// ??? The epoch at which the partition was assigned to the member. Used to
    /// fence zombie commits requests. Of the same length as Partitions.
    #[kafka(tag = 0, default = [])]
    pub assignment_epochs: Option<Vec<i32>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ConsumerGroupRegularExpressionKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerGroupRegularExpressionKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The regular expression.
    #[kafka(versions = "0")]
    pub regular_expression: StrBytes,
}

/// ??? ConsumerGroupRegularExpressionValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupRegularExpressionValue {
    /// ???
    pub topics: Vec<StrBytes>,
    /// ???
    pub version: i64,
    /// ???
    pub timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
