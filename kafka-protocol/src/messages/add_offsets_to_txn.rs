//! AddOffsetsToTxn: tells the transaction coordinator that a transaction will
//! commit positions of a group.
//!
//! The producer sends it before TxnOffsetCommit, and no longer where version 5 of
//! that does both (KIP-890).
//!
//! Versions 0-4. 1 is answered before it is throttled (KIP-219); 2 may answer
//! `PRODUCER_FENCED` (KIP-588); 3 is flexible; 4 may answer `TRANSACTION_ABORTABLE`
//! (KIP-890).

use crate::{Message, StrBytes, TaggedFields};

/// Adds a group's partition of `__consumer_offsets` to a transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 25, versions = "0-4", flexible = "3+", response = AddOffsetsToTxnResponse)]
#[non_exhaustive]
pub struct AddOffsetsToTxnRequest {
    /// The transactional id.
    pub transactional_id: StrBytes,
    /// The producer id that belongs to it.
    pub producer_id: i64,
    /// The epoch of that producer id; an older one is fenced.
    pub producer_epoch: i16,
    /// The consumer group whose positions the transaction will commit.
    pub group_id: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether it was added.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 25, versions = "0-4", flexible = "3+")]
#[non_exhaustive]
pub struct AddOffsetsToTxnResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
