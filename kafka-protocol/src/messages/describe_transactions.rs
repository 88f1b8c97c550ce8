//! DescribeTransactions: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeTransactions Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 65, versions = "0", flexible = "0+", response = DescribeTransactionsResponse)]
#[non_exhaustive]
pub struct DescribeTransactionsRequest {
    /// ??? Array of transactionalIds to include in describe results. If empty,
    /// then no results will be returned.
    pub transactional_ids: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeTransactions Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 65, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeTransactionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The current state of the transaction.
    pub transaction_states: Vec<TransactionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The current state of the transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TransactionState {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The transactional id.
    pub transactional_id: StrBytes,
    /// ??? The current transaction state of the producer.
    pub transaction_state: StrBytes,
    /// ??? The timeout in milliseconds for the transaction.
    pub transaction_timeout_ms: i32,
    /// ??? The start time of the transaction in milliseconds.
    pub transaction_start_time_ms: i64,
    /// ??? The current producer id associated with the transaction.
    pub producer_id: i64,
    /// ??? The current epoch associated with the producer id.
    pub producer_epoch: i16,
    /// ??? The set of partitions included in the current transaction (if
    /// active). When a transaction is preparing to commit or abort, this will
    /// include only partitions which do not have markers.
    pub topics: Vec<TopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The set of partitions included in the current transaction (if active).
/// When a transaction is preparing to commit or abort, this will include only
/// partitions which do not have markers.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicData {
    /// ??? The topic name.
    pub topic: StrBytes,
    /// ??? The partition ids included in the current transaction.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
