//! LeaveGroup: takes members out of a group of the classic protocol; a member or an
//! admin asks the group coordinator.
//!
//! Versions 0-5. 1 adds the throttle time; 2 is answered before it is throttled
//! (KIP-219); 3 names many members and static ones (KIP-345); 4 is flexible; 5 adds
//! a reason (KIP-800).

use crate::{Message, StrBytes, TaggedFields};

/// Leaves a group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 13, versions = "0-5", flexible = "4+", response = LeaveGroupResponse)]
#[non_exhaustive]
pub struct LeaveGroupRequest {
    /// The group.
    pub group_id: StrBytes,
    /// The member, up to version 2.
    #[kafka(versions = "0-2")]
    pub member_id: StrBytes,
    /// The members, from version 3 on.
    #[kafka(versions = "3+")]
    pub members: Vec<MemberIdentity>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A member to take out.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "4+")]
#[non_exhaustive]
pub struct MemberIdentity {
    /// The member; empty to name a static one by `group_instance_id` alone.
    pub member_id: StrBytes,
    /// The static member, if it is one.
    pub group_instance_id: Option<StrBytes>,
    /// Why it leaves, for people who read the broker's log.
    #[kafka(versions = "5+", ignorable)]
    pub reason: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the members.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 13, versions = "0-5", flexible = "4+")]
#[non_exhaustive]
pub struct LeaveGroupResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// One per member, from version 3 on.
    #[kafka(versions = "3+")]
    pub members: Vec<MemberResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "4+")]
#[non_exhaustive]
pub struct MemberResponse {
    /// The member.
    pub member_id: StrBytes,
    /// The static member, if it is one. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub group_instance_id: Option<StrBytes>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
