//! InitProducerId: a producer id and epoch, for idempotence and transactions.
//!
//! A transactional id gets the id it had, with the next epoch, which fences the
//! producers before it.
//!
//! Versions 0-5, and 6, which is unstable: it is never negotiated. 2 is flexible; 3
//! lets a producer go on with the id it has (KIP-360); 4 may answer
//! `PRODUCER_FENCED` and 5 `TRANSACTION_ABORTABLE` (KIP-890); 6 is for two-phase
//! commit (KIP-939).

use crate::{Message, StrBytes, TaggedFields};

/// Asks for a producer id.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 22, versions = "0-5", unstable = "6", flexible = "2+", response = InitProducerIdResponse)]
#[non_exhaustive]
pub struct InitProducerIdRequest {
    /// The transactional id; null for a producer that is idempotent only. Its
    /// default is empty, as in Kafka.
    #[kafka(default = "")]
    pub transactional_id: Option<StrBytes>,
    /// Milliseconds after which the broker aborts a transaction left open.
    pub transaction_timeout_ms: i32,
    /// The id to go on with, or -1.
    #[kafka(versions = "3+", default = -1)]
    pub producer_id: i64,
    /// The epoch to go on from, or -1.
    #[kafka(versions = "3+", default = -1)]
    pub producer_epoch: i16,
    /// Whether an outside coordinator decides transactions, so that none times
    /// out.
    #[kafka(name = "enable2Pc", versions = "6+")]
    pub enable_2pc: bool,
    /// Whether to keep the open transaction instead of aborting it.
    #[kafka(versions = "6+")]
    pub keep_prepared_txn: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The producer id.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 22, versions = "0-5", unstable = "6", flexible = "2+")]
#[non_exhaustive]
pub struct InitProducerIdResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(ignorable)]
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The id, or -1.
    #[kafka(default = -1)]
    pub producer_id: i64,
    /// The epoch.
    pub producer_epoch: i16,
    /// The id of the transaction that was kept, or -1.
    #[kafka(versions = "6+", default = -1)]
    pub ongoing_txn_producer_id: i64,
    /// The epoch of the transaction that was kept, or -1.
    #[kafka(versions = "6+", default = -1)]
    pub ongoing_txn_producer_epoch: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
