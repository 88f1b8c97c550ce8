//! ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ShareGroupMemberMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupMemberMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member id.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? ShareGroupMemberMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupMemberMetadataValue {
    /// ??? The (optional) rack id.
    #[kafka(default = "")]
    pub rack_id: Option<StrBytes>,
    /// ??? The client id.
    pub client_id: StrBytes,
    /// ??? The client host.
    pub client_host: StrBytes,
    /// ??? The list of subscribed topic names.
    pub subscribed_topic_names: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ShareGroupMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? ShareGroupMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupMetadataValue {
    /// ??? The group epoch.
    pub epoch: i32,
    /// ??? The hash of all topics in the group.
    pub metadata_hash: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ShareGroupTargetAssignmentMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupTargetAssignmentMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? ShareGroupTargetAssignmentMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupTargetAssignmentMetadataValue {
    /// ??? The assignment epoch.
    pub assignment_epoch: i32,
    /// ??? The time at which the assignment calculation finished.
    #[kafka(tag = 0, ignorable)]
    pub assignment_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ShareGroupTargetAssignmentMemberKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupTargetAssignmentMemberKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member id.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? ShareGroupTargetAssignmentMemberValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupTargetAssignmentMemberValue {
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

/// ??? ShareGroupCurrentMemberAssignmentKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupCurrentMemberAssignmentKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The member id.
    #[kafka(versions = "0")]
    pub member_id: StrBytes,
}

/// ??? ShareGroupCurrentMemberAssignmentValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupCurrentMemberAssignmentValue {
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
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ShareGroupStatePartitionMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareGroupStatePartitionMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
}

/// ??? ShareGroupStatePartitionMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareGroupStatePartitionMetadataValue {
    /// ??? The topic-partitions whose share-group state is being initialized.
    pub initializing_topics: Vec<TopicPartitionsInfo>,
    /// ??? The topics with initialized share-group state.
    pub initialized_topics: Vec<TopicPartitionsInfo>,
    /// ??? The topics whose share-group state is being deleted.
    pub deleting_topics: Vec<TopicInfo>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topic-partitions whose share-group state is being initialized.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartitionsInfo {
    /// ??? The topic identifier.
    pub topic_id: Uuid,
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics whose share-group state is being deleted.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicInfo {
    /// ??? The topic identifier.
    pub topic_id: Uuid,
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
