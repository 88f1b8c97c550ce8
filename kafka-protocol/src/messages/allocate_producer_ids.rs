//! AllocateProducerIds: takes a block of producer ids (KIP-730).
//!
//! A broker sends it to the active controller, and hands the ids of the block out
//! in its answers to InitProducerId. No id is ever in two blocks.
//!
//! Version 0 only.

use crate::{Message, TaggedFields};

/// Asks for a block of producer ids.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 67, versions = "0", flexible = "0+", response = AllocateProducerIdsResponse)]
#[non_exhaustive]
pub struct AllocateProducerIdsRequest {
    /// The broker that asks.
    pub broker_id: i32,
    /// The broker's epoch. The controller refuses any other than that of its
    /// registration.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A block of producer ids.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 67, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct AllocateProducerIdsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The first id of the block.
    pub producer_id_start: i64,
    /// How many ids the block has.
    pub producer_id_len: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
