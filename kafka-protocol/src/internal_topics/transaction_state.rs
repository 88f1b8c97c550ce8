//! ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? TransactionLogKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct TransactionLogKey {
    /// ??? The transactional id of the transaction.
    #[kafka(versions = "0")]
    pub transactional_id: StrBytes,
}

/// ??? TransactionLogValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct TransactionLogValue {
    /// ??? Producer id in use by the transactional id.
    pub producer_id: i64,
    /// ??? Producer id used by the last committed transaction.
    #[kafka(tag = 0, tagged = "1+", default = -1)]
    pub previous_producer_id: i64,
    /// ??? Latest producer ID sent to the producer for the given transactional
    /// id.
    #[kafka(tag = 1, tagged = "1+", default = -1)]
    pub next_producer_id: i64,
    /// ??? Epoch associated with the producer id.
    pub producer_epoch: i16,
    /// ??? Producer epoch associated with the NextProducerId
    #[kafka(tag = 3, tagged = "1+", default = -1)]
    pub next_producer_epoch: i16,
    /// ??? Transaction timeout in milliseconds.
    pub transaction_timeout_ms: i32,
    /// ??? TransactionState the transaction is in.
    pub transaction_status: i8,
    /// ??? Partitions involved in the transaction.
    #[kafka(default = [])]
    pub transaction_partitions: Option<Vec<PartitionsSchema>>,
    /// ??? Time the transaction was last updated.
    pub transaction_last_update_timestamp_ms: i64,
    /// ??? Time the transaction was started.
    pub transaction_start_timestamp_ms: i64,
    /// ??? The transaction version used by the client.
    #[kafka(tag = 2, tagged = "1+")]
    pub client_transaction_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Partitions involved in the transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct PartitionsSchema {
    /// ??? Topic involved in the transaction.
    pub topic: StrBytes,
    /// ??? Partition ids involved in the transaction.
    pub partition_ids: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
