//! EndTxn: ???
//!
//! Versions 0-5. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? EndTxn Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 26, versions = "0-5", flexible = "3+", response = EndTxnResponse)]
#[non_exhaustive]
pub struct EndTxnRequest {
    /// ??? The ID of the transaction to end.
    pub transactional_id: StrBytes,
    /// ??? The producer ID.
    pub producer_id: i64,
    /// ??? The current epoch associated with the producer.
    pub producer_epoch: i16,
    /// ??? True if the transaction was committed, false if it was aborted.
    pub committed: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? EndTxn Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 26, versions = "0-5", flexible = "3+")]
#[non_exhaustive]
pub struct EndTxnResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The producer ID.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub producer_id: i64,
    /// ??? The current epoch associated with the producer.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub producer_epoch: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
