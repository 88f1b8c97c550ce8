//! Heartbeat: keeps a member in its group, in the classic protocol; the member asks
//! the group coordinator.
//!
//! `REBALANCE_IN_PROGRESS` tells it to join again.
//!
//! Versions 0-4. 1 adds the throttle time; 2 is answered before it is throttled
//! (KIP-219); 3 adds static members (KIP-345); 4 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Says that a member is alive.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 12, versions = "0-4", flexible = "4+", response = HeartbeatResponse)]
#[non_exhaustive]
pub struct HeartbeatRequest {
    /// The group.
    pub group_id: StrBytes,
    /// The group's generation, as JoinGroup told it.
    pub generation_id: i32,
    /// The member.
    pub member_id: StrBytes,
    /// The static member, if it is one.
    #[kafka(versions = "3+")]
    pub group_instance_id: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the member may go on.
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
