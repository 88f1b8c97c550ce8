//! SyncGroup: hands each member its assignment, in the classic protocol; the member
//! asks the group coordinator.
//!
//! All members send it after JoinGroup; the leader's carries the assignments, and
//! the others are answered once it is there. `REBALANCE_IN_PROGRESS` tells to join
//! again.
//!
//! Versions 0-5. 1 adds the throttle time; 2 is answered before it is throttled
//! (KIP-219); 3 adds static members (KIP-345); 4 is flexible; 5 tells the protocol
//! type and name both ways, and answers those that are not the group's with
//! `INCONSISTENT_GROUP_PROTOCOL` (KIP-559).

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// Asks for the member's assignment.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 14, versions = "0-5", flexible = "4+", response = SyncGroupResponse)]
#[non_exhaustive]
pub struct SyncGroupRequest {
    /// The group.
    pub group_id: StrBytes,
    /// The group's generation, as JoinGroup told it.
    pub generation_id: i32,
    /// The member.
    pub member_id: StrBytes,
    /// The static member, if it is one.
    #[kafka(versions = "3+")]
    pub group_instance_id: Option<StrBytes>,
    /// What kind of group it is, as JoinGroup told it, or null.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_type: Option<StrBytes>,
    /// The protocol chosen, as JoinGroup told it, or null.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_name: Option<StrBytes>,
    /// All assignments, from the leader; empty from the others.
    pub assignments: Vec<SyncGroupRequestAssignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The assignment of one member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct SyncGroupRequestAssignment {
    /// The member.
    pub member_id: StrBytes,
    /// What it gets, for consumers a
    /// [`ConsumerProtocolAssignment`](super::consumer_protocol::ConsumerProtocolAssignment).
    pub assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The member's assignment.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 14, versions = "0-5", flexible = "4+")]
#[non_exhaustive]
pub struct SyncGroupResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// What kind of group it is; null with an error.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_type: Option<StrBytes>,
    /// The protocol chosen; null with an error.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_name: Option<StrBytes>,
    /// What the leader gave it; empty when it gave nothing, or with an error.
    pub assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
