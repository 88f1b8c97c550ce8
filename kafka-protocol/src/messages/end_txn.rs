//! EndTxn: commits or aborts a transaction (KIP-98).
//!
//! A producer asks its transaction coordinator, which answers once the decision
//! is safe; the markers in the partitions follow.
//!
//! Versions 0-5. 1 is answered before it is throttled (KIP-219); 2 may answer
//! `PRODUCER_FENCED`; 3 is flexible; 4 may answer `TRANSACTION_ABORTABLE`; from
//! 5 on every transaction has an epoch of its own, and the answer tells the
//! next one (KIP-890).

use crate::{Message, StrBytes, TaggedFields};

/// Ends a transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 26, versions = "0-5", flexible = "3+", response = EndTxnResponse)]
#[non_exhaustive]
pub struct EndTxnRequest {
    /// The producer's transactional id.
    pub transactional_id: StrBytes,
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch; an older one than the newest is fenced.
    pub producer_epoch: i16,
    /// Whether to commit it; if not, it is aborted.
    pub committed: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The decision is made.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 26, versions = "0-5", flexible = "3+")]
#[non_exhaustive]
pub struct EndTxnResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The id to go on with, another one when the epochs are used up; -1 after
    /// an error.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub producer_id: i64,
    /// The epoch to go on with; -1 after an error.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub producer_epoch: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
