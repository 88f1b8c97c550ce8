//! AddRaftVoter: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? AddRaftVoter Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 80, versions = "0-1", flexible = "0+", response = AddRaftVoterResponse)]
#[non_exhaustive]
pub struct AddRaftVoterRequest {
    /// ??? The cluster id.
    #[kafka(default = "")]
    pub cluster_id: Option<StrBytes>,
    /// ??? The maximum time to wait for the request to complete before
    /// returning.
    pub timeout_ms: i32,
    /// ??? The replica id of the voter getting added to the topic partition.
    pub voter_id: i32,
    /// ??? The directory id of the voter getting added to the topic partition.
    pub voter_directory_id: Uuid,
    /// ??? The endpoints that can be used to communicate with the voter.
    pub listeners: Vec<Listener>,
    /// ??? When true, return a response after the new voter set is committed.
    /// Otherwise, return after the leader writes the changes locally.
    #[kafka(versions = "1+", default = true)]
    pub ack_when_committed: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The endpoints that can be used to communicate with the voter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Listener {
    /// ??? The name of the endpoint.
    pub name: StrBytes,
    /// ??? The hostname.
    pub host: StrBytes,
    /// ??? The port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AddRaftVoter Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 80, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct AddRaftVoterResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
