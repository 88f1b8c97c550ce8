//! DescribeGroups: groups of the classic protocol and their members; an admin asks
//! the group coordinator.
//!
//! Versions 0-6. 1 adds the throttle time; 2 is answered before it is throttled
//! (KIP-219); 3 adds authorized operations (KIP-430); 4 static members (KIP-345); 5
//! is flexible; 6 adds error messages and answers `GROUP_ID_NOT_FOUND` (KIP-1043),
//! where older ones describe a missing group as `Dead`.

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// Asks about groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 15, versions = "0-6", flexible = "5+", response = DescribeGroupsResponse)]
#[non_exhaustive]
pub struct DescribeGroupsRequest {
    /// The groups.
    pub groups: Vec<StrBytes>,
    /// Whether to say what this client may do to each group.
    #[kafka(versions = "3+")]
    pub include_authorized_operations: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 15, versions = "0-6", flexible = "5+")]
#[non_exhaustive]
pub struct DescribeGroupsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// One per group asked for.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct DescribedGroup {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "6+")]
    pub error_message: Option<StrBytes>,
    /// The group.
    pub group_id: StrBytes,
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable` or
    /// `Dead`; empty with an error.
    pub group_state: StrBytes,
    /// What kind of group it is: `consumer` for consumers, `connect` for
    /// Connect workers; empty for one that only keeps positions.
    pub protocol_type: StrBytes,
    /// The protocol that the members agreed on, for consumers their assignor;
    /// empty unless the group is `Stable`.
    pub protocol_data: StrBytes,
    /// The members; empty when the group is `Dead`.
    pub members: Vec<DescribedGroupMember>,
    /// What this client may do to the group, a bit per operation; `i32::MIN`
    /// when not asked.
    #[kafka(versions = "3+", default = -2147483648)]
    pub authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct DescribedGroupMember {
    /// The member.
    pub member_id: StrBytes,
    /// The static member, if it is one.
    #[kafka(versions = "4+", ignorable)]
    pub group_instance_id: Option<StrBytes>,
    /// The client id it joined with.
    pub client_id: StrBytes,
    /// The address it joined from.
    pub client_host: StrBytes,
    /// What it told the leader with the protocol in use, for consumers a
    /// [`ConsumerProtocolSubscription`](super::consumer_protocol::ConsumerProtocolSubscription);
    /// empty unless the group is `Stable`.
    pub member_metadata: Bytes,
    /// What the leader gave it, for consumers a
    /// [`ConsumerProtocolAssignment`](super::consumer_protocol::ConsumerProtocolAssignment);
    /// empty unless the group is `Stable`.
    pub member_assignment: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
