//! ListGroups: ???
//!
//! Versions 0-5. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? ListGroups Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 16, versions = "0-5", flexible = "3+", response = ListGroupsResponse)]
#[non_exhaustive]
pub struct ListGroupsRequest {
    /// ??? The states of the groups we want to list. If empty, all groups are
    /// returned with their state.
    #[kafka(versions = "4+")]
    pub states_filter: Vec<StrBytes>,
    /// ??? The types of the groups we want to list. If empty, all groups are
    /// returned with their type.
    #[kafka(versions = "5+")]
    pub types_filter: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ListGroups Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 16, versions = "0-5", flexible = "3+")]
#[non_exhaustive]
pub struct ListGroupsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? Each group in the response.
    pub groups: Vec<ListedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each group in the response.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct ListedGroup {
    /// ??? The group ID.
    pub group_id: StrBytes,
    /// ??? The group protocol type.
    pub protocol_type: StrBytes,
    /// ??? The group state name.
    #[kafka(versions = "4+", ignorable)]
    pub group_state: StrBytes,
    /// ??? The group type name.
    #[kafka(versions = "5+", ignorable)]
    pub group_type: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
