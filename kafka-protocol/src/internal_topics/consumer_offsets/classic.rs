//! ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? LegacyOffsetCommitKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct LegacyOffsetCommitKey {
    /// ??? The consumer group id.
    #[kafka(versions = "0")]
    pub group: StrBytes,
    /// ??? The topic name.
    #[kafka(versions = "0")]
    pub topic: StrBytes,
    /// ??? The topic partition index.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// ??? LegacyOffsetCommitValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct LegacyOffsetCommitValue {
    /// ??? The offset that the consumer wants to store (for this partition).
    #[kafka(versions = "0")]
    pub offset: i64,
    /// ??? Any metadata the client wants to keep.
    #[kafka(versions = "0")]
    pub metadata: StrBytes,
    /// ??? The time at which the commit was added to the log.
    #[kafka(versions = "0")]
    pub commit_timestamp: i64,
}

/// ??? OffsetCommitKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct OffsetCommitKey {
    /// ??? The consumer group id.
    #[kafka(versions = "0")]
    pub group: StrBytes,
    /// ??? The topic name.
    #[kafka(versions = "0")]
    pub topic: StrBytes,
    /// ??? The topic partition index.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// ??? OffsetCommitValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetCommitValue {
    /// ??? The offset that the consumer wants to store (for this partition).
    pub offset: i64,
    /// ??? The leader epoch of the last consumed record.
    #[kafka(versions = "3+", default = -1, ignorable)]
    pub leader_epoch: i32,
    /// ??? Any metadata the client wants to keep.
    pub metadata: StrBytes,
    /// ??? The time at which the commit was added to the log.
    pub commit_timestamp: i64,
    /// ??? The time at which the offset will expire.
    #[kafka(versions = "1", default = -1, ignorable)]
    pub expire_timestamp: i64,
    /// ??? The topic id of the committed offset.
    #[kafka(versions = "4+", tag = 0, ignorable)]
    pub topic_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? GroupMetadataKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct GroupMetadataKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group: StrBytes,
}

/// ??? GroupMetadataValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct GroupMetadataValue {
    /// ??? The protocol type.
    pub protocol_type: StrBytes,
    /// ??? The generation id.
    pub generation: i32,
    /// ??? The protocol name.
    #[kafka(default = "")]
    pub protocol: Option<StrBytes>,
    /// ??? The leader id.
    #[kafka(default = "")]
    pub leader: Option<StrBytes>,
    /// ??? The timestamp of the last state change.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub current_state_timestamp: i64,
    /// ??? The group members.
    pub members: Vec<MemberMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The group members.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct MemberMetadata {
    /// ??? The member id.
    pub member_id: StrBytes,
    /// ??? The group instance id.
    #[kafka(versions = "3+", ignorable)]
    pub group_instance_id: Option<StrBytes>,
    /// ??? The client id.
    pub client_id: StrBytes,
    /// ??? The client host.
    pub client_host: StrBytes,
    /// ??? The rebalance timeout.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub rebalance_timeout: i32,
    /// ??? The session timeout.
    pub session_timeout: i32,
    /// ??? The subscription.
    pub subscription: Bytes,
    /// ??? The assignment.
    pub assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
