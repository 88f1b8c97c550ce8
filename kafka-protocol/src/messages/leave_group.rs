//! LeaveGroup: ???
//!
//! Versions 0-5. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? LeaveGroup Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 13, versions = "0-5", flexible = "4+", response = LeaveGroupResponse)]
#[non_exhaustive]
pub struct LeaveGroupRequest {
    /// ??? The ID of the group to leave.
    pub group_id: StrBytes,
    /// ??? The member ID to remove from the group.
    #[kafka(versions = "0-2")]
    pub member_id: StrBytes,
    /// ??? List of leaving member identities.
    #[kafka(versions = "3+")]
    pub members: Vec<MemberIdentity>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? List of leaving member identities.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "4+")]
#[non_exhaustive]
pub struct MemberIdentity {
    /// ??? The member ID to remove from the group.
    pub member_id: StrBytes,
    /// ??? The group instance ID to remove from the group.
    pub group_instance_id: Option<StrBytes>,
    /// ??? The reason why the member left the group.
    #[kafka(versions = "5+", ignorable)]
    pub reason: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? LeaveGroup Response
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
    /// ??? List of leaving member responses.
    #[kafka(versions = "3+")]
    pub members: Vec<MemberResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? List of leaving member responses.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "4+")]
#[non_exhaustive]
pub struct MemberResponse {
    /// ??? The member ID to remove from the group.
    pub member_id: StrBytes,
    /// ??? The group instance ID to remove from the group.
    #[kafka(default = "")]
    pub group_instance_id: Option<StrBytes>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
