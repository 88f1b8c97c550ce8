//! UpdateRaftVoter: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? UpdateRaftVoter Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 82, versions = "0", flexible = "0+", response = UpdateRaftVoterResponse)]
#[non_exhaustive]
pub struct UpdateRaftVoterRequest {
    /// ??? The cluster id.
    #[kafka(default = "")]
    pub cluster_id: Option<StrBytes>,
    /// ??? The current leader epoch of the partition, -1 for unknown leader
    /// epoch.
    pub current_leader_epoch: i32,
    /// ??? The replica id of the voter getting updated in the topic partition.
    pub voter_id: i32,
    /// ??? The directory id of the voter getting updated in the topic
    /// partition.
    pub voter_directory_id: Uuid,
    /// ??? The endpoint that can be used to communicate with the leader.
    pub listeners: Vec<Listener>,
    /// ??? The range of versions of the protocol that the replica supports.
    pub k_raft_version_feature: KRaftVersionFeature,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The endpoint that can be used to communicate with the leader.
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

/// ??? The range of versions of the protocol that the replica supports.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct KRaftVersionFeature {
    /// ??? The minimum supported KRaft protocol version.
    pub min_supported_version: i16,
    /// ??? The maximum supported KRaft protocol version.
    pub max_supported_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? UpdateRaftVoter Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 82, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct UpdateRaftVoterResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? Details of the current Raft cluster leader.
    #[kafka(tag = 0)]
    pub current_leader: CurrentLeader,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Details of the current Raft cluster leader.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct CurrentLeader {
    /// ??? The replica id of the current leader or -1 if the leader is unknown.
    #[kafka(default = -1)]
    pub leader_id: i32,
    /// ??? The latest known leader epoch.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// ??? The node's hostname.
    pub host: StrBytes,
    /// ??? The node's port.
    pub port: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
