//! JoinGroup: brings a member into its group, and again at each rebalance, in the
//! classic protocol; the member asks the group coordinator.
//!
//! The answer comes when all members have joined, or their time to do so is over.
//! It tells one of them, the leader, who the others are; SyncGroup follows.
//!
//! Versions 0-9. 1 adds the rebalance timeout (KIP-62); 2 the throttle time; 3 is
//! answered before it is throttled (KIP-219); 4 answers a new member
//! `MEMBER_ID_REQUIRED` and an id to join with (KIP-394); 5 adds static members
//! (KIP-345); 6 is flexible; 7 tells the protocol type (KIP-559); 8 adds a reason
//! (KIP-800); 9 lets a leader skip the assignment (KIP-814).

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// Joins a group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 11, versions = "0-9", flexible = "6+", response = JoinGroupResponse)]
#[non_exhaustive]
pub struct JoinGroupRequest {
    /// The group.
    pub group_id: StrBytes,
    /// Milliseconds without a heartbeat after which the member is taken for
    /// dead. The broker sets bounds.
    pub session_timeout_ms: i32,
    /// Milliseconds that the other members wait for this one to join a
    /// rebalance; -1 for `session_timeout_ms`, which version 0 uses.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub rebalance_timeout_ms: i32,
    /// The member, by the id the coordinator gave it; empty when it has none
    /// yet.
    pub member_id: StrBytes,
    /// The static member, if it is one.
    #[kafka(versions = "5+")]
    pub group_instance_id: Option<StrBytes>,
    /// What kind of group it is: `consumer` for consumers. All members have the
    /// same.
    pub protocol_type: StrBytes,
    /// The protocols it knows, for consumers their assignors, best first. The
    /// coordinator chooses one that all members know.
    pub protocols: Vec<JoinGroupRequestProtocol>,
    /// Why it joins, for people who read the broker's log.
    #[kafka(versions = "8+", ignorable)]
    pub reason: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A protocol that the member knows.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct JoinGroupRequestProtocol {
    /// Its name.
    pub name: StrBytes,
    /// What to tell the leader if it is chosen, for consumers a
    /// [`ConsumerProtocolSubscription`](super::consumer_protocol::ConsumerProtocolSubscription).
    pub metadata: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The group, with all members joined.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 11, versions = "0-9", flexible = "6+")]
#[non_exhaustive]
pub struct JoinGroupResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The group's generation, one more at each rebalance; -1 with an error.
    #[kafka(default = -1)]
    pub generation_id: i32,
    /// What kind of group it is; null with an error.
    #[kafka(versions = "7+", ignorable)]
    pub protocol_type: Option<StrBytes>,
    /// The protocol chosen; null or empty with an error. Its default is empty,
    /// as in Kafka.
    #[kafka(nullable = "7+", default = "")]
    pub protocol_name: Option<StrBytes>,
    /// The member that makes the assignment.
    pub leader: StrBytes,
    /// Whether the leader shall make none, for the members have their old one:
    /// a static leader that came back.
    #[kafka(versions = "9+")]
    pub skip_assignment: bool,
    /// The member that asked; its new id when it had none.
    pub member_id: StrBytes,
    /// All members, to the leader; empty to the others.
    pub members: Vec<JoinGroupResponseMember>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct JoinGroupResponseMember {
    /// The member.
    pub member_id: StrBytes,
    /// The static member, if it is one.
    #[kafka(versions = "5+", ignorable)]
    pub group_instance_id: Option<StrBytes>,
    /// What it sent with the protocol chosen.
    pub metadata: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
