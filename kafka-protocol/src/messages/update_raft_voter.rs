//! UpdateRaftVoter: a voter of the KRaft quorum tells its new addresses and
//! versions (KIP-853).
//!
//! A voter sends it to the leader of the quorum when the log holds others for it.
//!
//! Version 0 only.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Changes a voter's entry in the set of voters.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 82, versions = "0", flexible = "0+", response = UpdateRaftVoterResponse)]
#[non_exhaustive]
pub struct UpdateRaftVoterRequest {
    /// The id of the cluster; a null one is not checked. Its default is empty,
    /// as in Kafka.
    #[kafka(default = "")]
    pub cluster_id: Option<StrBytes>,
    /// The leader epoch the voter knows, or -1. The leader refuses an older or
    /// newer one.
    pub current_leader_epoch: i32,
    /// The node id of the voter.
    pub voter_id: i32,
    /// The id of the directory that the voter keeps the metadata log in.
    pub voter_directory_id: Uuid,
    /// Where other nodes reach the voter. The leader's own listener must be
    /// among them.
    pub listeners: Vec<Listener>,
    /// The levels of `kraft.version` that the voter could run.
    pub k_raft_version_feature: KRaftVersionFeature,
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

/// A range of levels of `kraft.version`.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct KRaftVersionFeature {
    /// The lowest level.
    pub min_supported_version: i16,
    /// The highest level.
    pub max_supported_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the voter's entry was changed.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 82, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct UpdateRaftVoterResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Who leads the quorum.
    #[kafka(tag = 0)]
    pub current_leader: CurrentLeader,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The leader of the quorum.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct CurrentLeader {
    /// The leader, or -1 when it is not known.
    #[kafka(default = -1)]
    pub leader_id: i32,
    /// The newest leader epoch known, or -1.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// The leader's host name or address; empty when not known.
    pub host: StrBytes,
    /// The leader's port.
    pub port: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
