//! AddOffsetsToTxn: ???
//!
//! Versions 0-4. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? AddOffsetsToTxn Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 25, versions = "0-4", flexible = "3+", response = AddOffsetsToTxnResponse)]
#[non_exhaustive]
pub struct AddOffsetsToTxnRequest {
    /// ??? The transactional id corresponding to the transaction.
    pub transactional_id: StrBytes,
    /// ??? Current producer id in use by the transactional id.
    pub producer_id: i64,
    /// ??? Current epoch associated with the producer id.
    pub producer_epoch: i16,
    /// ??? The unique group identifier.
    pub group_id: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AddOffsetsToTxn Response
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
