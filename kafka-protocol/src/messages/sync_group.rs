//! SyncGroup: ???
//!
//! Versions 0-5. ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// ??? SyncGroup Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 14, versions = "0-5", flexible = "4+", response = SyncGroupResponse)]
#[non_exhaustive]
pub struct SyncGroupRequest {
    /// ??? The unique group identifier.
    pub group_id: StrBytes,
    /// ??? The generation of the group.
    pub generation_id: i32,
    /// ??? The member ID assigned by the group.
    pub member_id: StrBytes,
    /// ??? The unique identifier of the consumer instance provided by end user.
    #[kafka(versions = "3+")]
    pub group_instance_id: Option<StrBytes>,
    /// ??? The group protocol type.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_type: Option<StrBytes>,
    /// ??? The group protocol name.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_name: Option<StrBytes>,
    /// ??? Each assignment.
    pub assignments: Vec<SyncGroupRequestAssignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each assignment.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct SyncGroupRequestAssignment {
    /// ??? The ID of the member to assign.
    pub member_id: StrBytes,
    /// ??? The member assignment.
    pub assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? SyncGroup Response
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
    /// ??? The group protocol type.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_type: Option<StrBytes>,
    /// ??? The group protocol name.
    #[kafka(versions = "5+", ignorable)]
    pub protocol_name: Option<StrBytes>,
    /// ??? The member assignment.
    pub assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
