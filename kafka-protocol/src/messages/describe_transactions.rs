//! DescribeTransactions: the state of transactions (KIP-664).
//!
//! An administrator's client asks the transaction coordinator of each id.
//!
//! Version 0, flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for transactions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 65, versions = "0", flexible = "0+", response = DescribeTransactionsResponse)]
#[non_exhaustive]
pub struct DescribeTransactionsRequest {
    /// Whose; none gives none.
    pub transactional_ids: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The transactions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 65, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTransactionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The results, one for each id.
    pub transaction_states: Vec<TransactionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The transaction of one producer.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TransactionState {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The producer's transactional id.
    pub transactional_id: StrBytes,
    /// `Empty`, `Ongoing`, `PrepareCommit`, `PrepareAbort`, `CompleteCommit`,
    /// `CompleteAbort`, `PrepareEpochFence` or `Dead`.
    pub transaction_state: StrBytes,
    /// Milliseconds after which the coordinator aborts it.
    pub transaction_timeout_ms: i32,
    /// When it began, in milliseconds since the Unix epoch; -1 when none is
    /// open.
    pub transaction_start_time_ms: i64,
    /// The producer's id.
    pub producer_id: i64,
    /// The producer's epoch.
    pub producer_epoch: i16,
    /// What it wrote to; while it is ended, only what has no marker yet.
    pub topics: Vec<TopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicData {
    /// Its name.
    pub topic: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
