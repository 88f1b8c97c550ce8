//! AddRaftVoter: adds a controller to the voters of the KRaft quorum (KIP-853).
//!
//! An administrator's client sends it to the leader of the quorum, or to a broker,
//! which forwards it. The quorum must run `kraft.version` 1; the leader adds one
//! voter at a time, and only one that has caught up with it.
//!
//! Versions 0-1. 1 lets a controller that joins by itself be answered before the
//! change is committed (KIP-1186).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Adds a voter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 80, versions = "0-1", flexible = "0+", response = AddRaftVoterResponse)]
#[non_exhaustive]
pub struct AddRaftVoterRequest {
    /// The id of the cluster; a null one is not checked. Its default is empty,
    /// as in Kafka.
    #[kafka(default = "")]
    pub cluster_id: Option<StrBytes>,
    /// Milliseconds to wait for the voter to be added.
    pub timeout_ms: i32,
    /// The node id of the new voter.
    pub voter_id: i32,
    /// The id of the directory that the new voter keeps the metadata log in.
    /// With the node id it makes up the voter's identity.
    pub voter_directory_id: Uuid,
    /// Where other controllers reach the new voter. The leader's own listener
    /// must be among them.
    pub listeners: Vec<Listener>,
    /// Whether to answer when the new set of voters is committed; if not, as
    /// soon as the leader has it in its own log.
    #[kafka(versions = "1+", default = true)]
    pub ack_when_committed: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An address of a voter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Listener {
    /// The listener's name.
    pub name: StrBytes,
    /// The voter's host name or address.
    pub host: StrBytes,
    /// The voter's port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the voter was added. `DUPLICATE_VOTER` says that it already is one.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 80, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct AddRaftVoterResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
