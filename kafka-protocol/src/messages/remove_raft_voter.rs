//! RemoveRaftVoter: removes a controller from the voters of the KRaft quorum
//! (KIP-853).
//!
//! An administrator's client sends it to the leader of the quorum, or to a broker,
//! which forwards it. The quorum must run `kraft.version` 1. The answer comes when
//! the change is committed.
//!
//! Version 0 only.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Removes a voter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 81, versions = "0", flexible = "0+", response = RemoveRaftVoterResponse)]
#[non_exhaustive]
pub struct RemoveRaftVoterRequest {
    /// The id of the cluster; a null one is not checked. Its default is empty,
    /// as in Kafka.
    #[kafka(default = "")]
    pub cluster_id: Option<StrBytes>,
    /// The node id of the voter.
    pub voter_id: i32,
    /// The id of the directory that the voter keeps the metadata log in, as
    /// DescribeQuorum tells it.
    pub voter_directory_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the voter was removed. `VOTER_NOT_FOUND` says that it is none.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 81, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct RemoveRaftVoterResponse {
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
