//! RemoveRaftVoter: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? RemoveRaftVoter Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 81, versions = "0", flexible = "0+", response = RemoveRaftVoterResponse)]
#[non_exhaustive]
pub struct RemoveRaftVoterRequest {
    /// ??? The cluster id of the request.
    #[kafka(default = "")]
    pub cluster_id: Option<StrBytes>,
    /// ??? The replica id of the voter getting removed from the topic
    /// partition.
    pub voter_id: i32,
    /// ??? The directory id of the voter getting removed from the topic
    /// partition.
    pub voter_directory_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? RemoveRaftVoter Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 81, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct RemoveRaftVoterResponse {
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
