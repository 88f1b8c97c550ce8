//! JoinGroup: ???
//!
//! Versions 0-9. ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// ??? JoinGroup Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 11, versions = "0-9", flexible = "6+", response = JoinGroupResponse)]
#[non_exhaustive]
pub struct JoinGroupRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The coordinator considers the consumer dead if it receives no
    /// heartbeat after this timeout in milliseconds.
    pub session_timeout_ms: i32,
    /// ??? The maximum time in milliseconds that the coordinator will wait for
    /// each member to rejoin when rebalancing the group.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub rebalance_timeout_ms: i32,
    /// ??? The member id assigned by the group coordinator.
    pub member_id: StrBytes,
    /// ??? The unique identifier of the consumer instance provided by end user.
    #[kafka(versions = "5+")]
    pub group_instance_id: Option<StrBytes>,
    /// ??? The unique name the for class of protocols implemented by the group
    /// we want to join.
    pub protocol_type: StrBytes,
    /// ??? The list of protocols that the member supports.
    pub protocols: Vec<JoinGroupRequestProtocol>,
    /// ??? The reason why the member (re-)joins the group.
    #[kafka(versions = "8+", ignorable)]
    pub reason: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The list of protocols that the member supports.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct JoinGroupRequestProtocol {
    /// ??? The protocol name.
    pub name: StrBytes,
    /// ??? The protocol metadata.
    pub metadata: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? JoinGroup Response
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
    /// ??? The generation ID of the group.
    #[kafka(default = -1)]
    pub generation_id: i32,
    /// ??? The group protocol name.
    #[kafka(versions = "7+", ignorable)]
    pub protocol_type: Option<StrBytes>,
    /// ??? The group protocol selected by the coordinator.
    #[kafka(nullable = "7+", default = "")]
    pub protocol_name: Option<StrBytes>,
    /// ??? The leader of the group.
    pub leader: StrBytes,
    /// ??? True if the leader must skip running the assignment.
    #[kafka(versions = "9+")]
    pub skip_assignment: bool,
    /// ??? The member ID assigned by the group coordinator.
    pub member_id: StrBytes,
    /// ??? The group members.
    pub members: Vec<JoinGroupResponseMember>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The group members.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct JoinGroupResponseMember {
    /// ??? The group member ID.
    pub member_id: StrBytes,
    /// ??? The unique identifier of the consumer instance provided by end user.
    #[kafka(versions = "5+", ignorable)]
    pub group_instance_id: Option<StrBytes>,
    /// ??? The group member metadata.
    pub metadata: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
