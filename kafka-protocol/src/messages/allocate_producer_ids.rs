//! AllocateProducerIds: ???
//!
//! Versions 0. ???

use crate::{Message, TaggedFields};

/// ??? AllocateProducerIds Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 67, versions = "0", flexible = "0+", response = AllocateProducerIdsResponse)]
#[non_exhaustive]
pub struct AllocateProducerIdsRequest {
    /// ??? The ID of the requesting broker.
    pub broker_id: i32,
    /// ??? The epoch of the requesting broker.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AllocateProducerIds Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 67, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct AllocateProducerIdsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The first producer ID in this range, inclusive.
    pub producer_id_start: i64,
    /// ??? The number of producer IDs in this range.
    pub producer_id_len: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
