//! DeleteGroups: ???
//!
//! Versions 0-3. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DeleteGroups Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 42, versions = "0-3", flexible = "2+", response = DeleteGroupsResponse)]
#[non_exhaustive]
pub struct DeleteGroupsRequest {
    /// ??? The group names to delete.
    pub groups_names: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DeleteGroups Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 42, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteGroupsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The deletion results.
    pub results: Vec<DeletableGroupResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The deletion results.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeletableGroupResult {
    /// ??? The group id.
    pub group_id: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "3+", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
