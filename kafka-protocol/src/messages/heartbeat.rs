//! Heartbeat: ???
//!
//! Versions 0-4. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? Heartbeat Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 12, versions = "0-4", flexible = "4+", response = HeartbeatResponse)]
#[non_exhaustive]
pub struct HeartbeatRequest {
    /// ??? The group id.
    pub group_id: StrBytes,
    /// ??? The generation of the group.
    pub generation_id: i32,
    /// ??? The member ID.
    pub member_id: StrBytes,
    /// ??? The unique identifier of the consumer instance provided by end user.
    #[kafka(versions = "3+")]
    pub group_instance_id: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Heartbeat Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 12, versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct HeartbeatResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
