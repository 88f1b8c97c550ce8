//! Committed positions, of every kind of group, and groups of the classic
//! protocol.

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// The key of a position as Kafka 0.8 wrote it (record type 0).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct LegacyOffsetCommitKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group: StrBytes,
    /// The topic.
    #[kafka(versions = "0")]
    pub topic: StrBytes,
    /// The partition.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// A position as Kafka 0.8 wrote it. Version 0.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct LegacyOffsetCommitValue {
    /// The next offset to consume.
    #[kafka(versions = "0")]
    pub offset: i64,
    /// Anything the client wanted to keep with it.
    #[kafka(versions = "0")]
    pub metadata: StrBytes,
    /// The time of the commit in milliseconds since the Unix epoch.
    #[kafka(versions = "0")]
    pub commit_timestamp: i64,
}

/// The key of a position (record type 1).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct OffsetCommitKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group: StrBytes,
    /// The topic.
    #[kafka(versions = "0")]
    pub topic: StrBytes,
    /// The partition.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// A position.
///
/// Versions 0-4. 1 adds when it expires, which 2 drops; 3 adds leader epochs
/// (KIP-320); 4 is flexible (KIP-915), the topic id in a tagged field.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct OffsetCommitValue {
    /// The next offset to consume.
    pub offset: i64,
    /// The leader epoch of the last record consumed, or -1.
    #[kafka(versions = "3+", default = -1, ignorable)]
    pub leader_epoch: i32,
    /// Anything the client wants to keep with it.
    pub metadata: StrBytes,
    /// The time of the commit in milliseconds since the Unix epoch.
    pub commit_timestamp: i64,
    /// When it expires, in milliseconds since the Unix epoch; -1 for the
    /// broker's `offsets.retention.minutes`.
    #[kafka(versions = "1", default = -1, ignorable)]
    pub expire_timestamp: i64,
    /// The topic's id; zero when not known.
    #[kafka(versions = "4+", tag = 0, ignorable)]
    pub topic_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of a group of the classic protocol (record type 2).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct GroupMetadataKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group: StrBytes,
}

/// A group of the classic protocol and its members, after a rebalance.
///
/// Versions 0-4. 1 adds rebalance timeouts (KIP-62); 2 the time of the last
/// change (KIP-211); 3 static members (KIP-345); 4 is flexible (KIP-915).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct GroupMetadataValue {
    /// What the group is of: `consumer`, `connect` or the like; empty when only
    /// positions were committed.
    pub protocol_type: StrBytes,
    /// The group's generation; every rebalance has the next.
    pub generation: i32,
    /// The protocol the members agreed on, of consumers the assignor; null when
    /// there are no members. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub protocol: Option<StrBytes>,
    /// The member that assigned; null when there are no members. Its default is
    /// empty, as in Kafka.
    #[kafka(default = "")]
    pub leader: Option<StrBytes>,
    /// When the group's state changed last, in milliseconds since the Unix
    /// epoch; -1 when not known. Positions of an empty group expire from then
    /// on.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub current_state_timestamp: i64,
    /// The members; none when the group is empty.
    pub members: Vec<MemberMetadata>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A member of the group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct MemberMetadata {
    /// Its id.
    pub member_id: StrBytes,
    /// Its static id (KIP-345); null when it is not static.
    #[kafka(versions = "3+", ignorable)]
    pub group_instance_id: Option<StrBytes>,
    /// Its client id.
    pub client_id: StrBytes,
    /// The address it comes from.
    pub client_host: StrBytes,
    /// Milliseconds it has to rejoin in a rebalance; -1 for its session
    /// timeout.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub rebalance_timeout: i32,
    /// Milliseconds without a heartbeat after which it is expelled.
    pub session_timeout: i32,
    /// What it said when it joined; of consumers a
    /// [`ConsumerProtocolSubscription`](crate::messages::consumer_protocol).
    pub subscription: Bytes,
    /// What the leader gave it; of consumers a
    /// [`ConsumerProtocolAssignment`](crate::messages::consumer_protocol).
    pub assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
