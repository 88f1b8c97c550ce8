//! ListTransactions: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? ListTransactions Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 66, versions = "0-2", flexible = "0+", response = ListTransactionsResponse)]
#[non_exhaustive]
pub struct ListTransactionsRequest {
    /// ??? The transaction states to filter by: if empty, all transactions are
    /// returned; if non-empty, then only transactions matching one of the
    /// filtered states will be returned.
    pub state_filters: Vec<StrBytes>,
    /// ??? The producerIds to filter by: if empty, all transactions will be
    /// returned; if non-empty, only transactions which match one of the
    /// filtered producerIds will be returned.
    pub producer_id_filters: Vec<i64>,
    /// ??? Duration (in millis) to filter by: if < 0, all transactions will be
    /// returned; otherwise, only transactions running longer than this duration
    /// will be returned.
    #[kafka(versions = "1+", default = -1)]
    pub duration_filter: i64,
    /// ??? The transactional ID regular expression pattern to filter by: if it
    /// is empty or null, all transactions are returned; Otherwise then only the
    /// transactions matching the given regular expression will be returned.
    #[kafka(versions = "2+")]
    pub transactional_id_pattern: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ListTransactions Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 66, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct ListTransactionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? Set of state filters provided in the request which were unknown to
    /// the transaction coordinator.
    pub unknown_state_filters: Vec<StrBytes>,
    /// ??? The current state of the transaction for the transactional id.
    pub transaction_states: Vec<TransactionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The current state of the transaction for the transactional id.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TransactionState {
    /// ??? The transactional id.
    pub transactional_id: StrBytes,
    /// ??? The producer id.
    pub producer_id: i64,
    /// ??? The current transaction state of the producer.
    pub transaction_state: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
