//! The records of `__transaction_state`: what transaction coordinators know of
//! every transactional id (KIP-98).

use crate::{Message, StrBytes, TaggedFields};

/// The key of a transactional id (record type 0).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct TransactionLogKey {
    /// The producer's transactional id.
    #[kafka(versions = "0")]
    pub transactional_id: StrBytes,
}

/// The producer and transaction of a transactional id.
///
/// Versions 0-1. 1 is flexible, and adds what KIP-890 and KIP-939 need as
/// tagged fields (KIP-915).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct TransactionLogValue {
    /// The producer's id.
    pub producer_id: i64,
    /// The id that the last ended transaction had, kept for producers that ask
    /// again; -1 for none.
    #[kafka(versions = "1+", tag = 0, default = -1)]
    pub previous_producer_id: i64,
    /// The id that the producer was told to go on with; -1 for none.
    #[kafka(versions = "1+", tag = 1, default = -1)]
    pub next_producer_id: i64,
    /// The epoch of `producer_id`.
    pub producer_epoch: i16,
    /// The epoch of `next_producer_id`; -1 for none.
    #[kafka(versions = "1+", tag = 3, default = -1)]
    pub next_producer_epoch: i16,
    /// Milliseconds after which the coordinator aborts a transaction left open.
    pub transaction_timeout_ms: i32,
    /// 0 empty, 1 ongoing, 2 and 3 about to be committed and aborted, 4 and 5
    /// committed and aborted, 6 dead, 7 about to be fenced.
    pub transaction_status: i8,
    /// What it wrote to; while it is ended, only what has no marker yet. Null
    /// when the transaction is empty. Its default is empty, as in Kafka.
    #[kafka(default = [])]
    pub transaction_partitions: Option<Vec<PartitionsSchema>>,
    /// When this changed last, in milliseconds since the Unix epoch.
    pub transaction_last_update_timestamp_ms: i64,
    /// When the transaction began, in milliseconds since the Unix epoch; -1
    /// when none is open.
    pub transaction_start_timestamp_ms: i64,
    /// The version of the transaction (KIP-890): 2 when every transaction has
    /// an epoch of its own; 0 or 1 before.
    #[kafka(versions = "1+", tag = 2)]
    pub client_transaction_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct PartitionsSchema {
    /// Its name.
    pub topic: StrBytes,
    /// The partitions.
    pub partition_ids: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
