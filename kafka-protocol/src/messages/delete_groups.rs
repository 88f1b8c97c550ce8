//! DeleteGroups: deletes groups of any kind with their positions (KIP-229); an
//! admin asks the group coordinator.
//!
//! A group must have no members, or its answer is `NON_EMPTY_GROUP`.
//!
//! Versions 0-3. 1 is answered before it is throttled (KIP-219); 2 is flexible; 3
//! adds an error message per group, and may answer `GROUP_DELETION_FAILED`.

use crate::{Message, StrBytes, TaggedFields};

/// Deletes groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 42, versions = "0-3", flexible = "2+", response = DeleteGroupsResponse)]
#[non_exhaustive]
pub struct DeleteGroupsRequest {
    /// The groups.
    pub groups_names: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 42, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteGroupsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// One per group.
    pub results: Vec<DeletableGroupResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeletableGroupResult {
    /// The group.
    pub group_id: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "3+", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
