//! ListGroups: the groups that a broker coordinates; an admin asks every broker to
//! see them all.
//!
//! Versions 0-5. 1 adds the throttle time; 2 is answered before it is throttled
//! (KIP-219); 3 is flexible; 4 adds states (KIP-518); 5 types (KIP-848).

use crate::{Message, StrBytes, TaggedFields};

/// Asks for groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 16, versions = "0-5", flexible = "3+", response = ListGroupsResponse)]
#[non_exhaustive]
pub struct ListGroupsRequest {
    /// The states a listed group may be in, such as `Stable` or `Empty`; empty
    /// for all.
    #[kafka(versions = "4+")]
    pub states_filter: Vec<StrBytes>,
    /// The types a listed group may have: `classic`, `consumer`, `share` or
    /// `streams`; empty for all.
    #[kafka(versions = "5+")]
    pub types_filter: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The groups.
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
    /// Those that this broker coordinates and this client may see.
    pub groups: Vec<ListedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct ListedGroup {
    /// The group.
    pub group_id: StrBytes,
    /// What kind of group it is: `consumer` for consumers, `connect` for
    /// Connect workers, `share`, `streams`; empty for one that only keeps
    /// positions.
    pub protocol_type: StrBytes,
    /// Its state, such as `Stable` or `Empty`.
    #[kafka(versions = "4+", ignorable)]
    pub group_state: StrBytes,
    /// Its protocol: `classic`, `consumer`, `share` or `streams`.
    #[kafka(versions = "5+", ignorable)]
    pub group_type: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
