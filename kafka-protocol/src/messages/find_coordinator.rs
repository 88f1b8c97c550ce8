//! FindCoordinator: the broker in charge of a group, a transactional id or a share
//! group's partition.
//!
//! Versions 0-6. 1 adds the type of the key; 3 is flexible; 4 asks for many keys at
//! once (KIP-699); 5 may answer `TRANSACTION_ABORTABLE` (KIP-890); 6 knows share
//! groups (KIP-932), whose key reads `group:topic id:partition`.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for coordinators.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 10, versions = "0-6", flexible = "3+", response = FindCoordinatorResponse)]
#[non_exhaustive]
pub struct FindCoordinatorRequest {
    /// The key, up to version 3.
    #[kafka(versions = "0-3")]
    pub key: StrBytes,
    /// What the keys are: 0 groups, 1 transactional ids, 2 share groups.
    #[kafka(versions = "1+")]
    pub key_type: i8,
    /// The keys, from version 4 on.
    #[kafka(versions = "4+")]
    pub coordinator_keys: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The coordinators. All but the throttle time and `coordinators` is of
/// versions 0 to 3.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 10, versions = "0-6", flexible = "3+")]
#[non_exhaustive]
pub struct FindCoordinatorResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    #[kafka(versions = "0-3")]
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "1-3", default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// The broker's id.
    #[kafka(versions = "0-3")]
    pub node_id: i32,
    /// The broker's host name or address.
    #[kafka(versions = "0-3")]
    pub host: StrBytes,
    /// The broker's port.
    #[kafka(versions = "0-3")]
    pub port: i32,
    /// One per key, from version 4 on.
    #[kafka(versions = "4+")]
    pub coordinators: Vec<Coordinator>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The coordinator of one key.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "4+", flexible = "4+")]
#[non_exhaustive]
pub struct Coordinator {
    /// The key.
    pub key: StrBytes,
    /// The broker's id.
    pub node_id: i32,
    /// The broker's host name or address.
    pub host: StrBytes,
    /// The broker's port.
    pub port: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
