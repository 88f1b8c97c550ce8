//! DescribeGroups: ???
//!
//! Versions 0-6. ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeGroups Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 15, versions = "0-6", flexible = "5+", response = DescribeGroupsResponse)]
#[non_exhaustive]
pub struct DescribeGroupsRequest {
    /// ??? The names of the groups to describe.
    pub groups: Vec<StrBytes>,
    /// ??? Whether to include authorized operations.
    #[kafka(versions = "3+")]
    pub include_authorized_operations: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeGroups Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 15, versions = "0-6", flexible = "5+")]
#[non_exhaustive]
pub struct DescribeGroupsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// ??? Each described group.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each described group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct DescribedGroup {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "6+")]
    pub error_message: Option<StrBytes>,
    /// ??? The group ID string.
    pub group_id: StrBytes,
    /// ??? The group state string, or the empty string.
    pub group_state: StrBytes,
    /// ??? The group protocol type, or the empty string.
    pub protocol_type: StrBytes,
    /// ??? The group protocol data, or the empty string.
    pub protocol_data: StrBytes,
    /// ??? The group members.
    pub members: Vec<DescribedGroupMember>,
    /// ??? 32-bit bitfield to represent authorized operations for this group.
    #[kafka(versions = "3+", default = -2147483648)]
    pub authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The group members.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct DescribedGroupMember {
    /// ??? The member id.
    pub member_id: StrBytes,
    /// ??? The unique identifier of the consumer instance provided by end user.
    #[kafka(versions = "4+", ignorable)]
    pub group_instance_id: Option<StrBytes>,
    /// ??? The client ID used in the member's latest join group request.
    pub client_id: StrBytes,
    /// ??? The client host.
    pub client_host: StrBytes,
    /// ??? The metadata corresponding to the current group protocol in use.
    pub member_metadata: Bytes,
    /// ??? The current assignment provided by the group leader.
    pub member_assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
