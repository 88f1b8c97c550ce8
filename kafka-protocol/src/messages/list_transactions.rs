//! ListTransactions: the transactions that a coordinator knows (KIP-664).
//!
//! An administrator's client asks every broker, as each may be a transaction
//! coordinator.
//!
//! Versions 0-2, all flexible. 1 can leave out short ones (KIP-994); 2 selects
//! by a pattern (KIP-1152).

use crate::{Message, StrBytes, TaggedFields};

/// Asks for the transactions that match all filters.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 66, versions = "0-2", flexible = "0+", response = ListTransactionsResponse)]
#[non_exhaustive]
pub struct ListTransactionsRequest {
    /// The states wanted, such as `Ongoing`; none for any.
    pub state_filters: Vec<StrBytes>,
    /// The producer ids wanted; none for any.
    pub producer_id_filters: Vec<i64>,
    /// Milliseconds that a transaction must have been open for; -1 for any.
    #[kafka(versions = "1+", default = -1)]
    pub duration_filter: i64,
    /// A regular expression of RE2 that the whole transactional id must match;
    /// null or empty for any.
    #[kafka(versions = "2+")]
    pub transactional_id_pattern: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The transactions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 66, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct ListTransactionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The states asked for that the coordinator does not know.
    pub unknown_state_filters: Vec<StrBytes>,
    /// The transactions.
    pub transaction_states: Vec<TransactionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TransactionState {
    /// The producer's transactional id.
    pub transactional_id: StrBytes,
    /// The producer's id.
    pub producer_id: i64,
    /// Its state, named as in
    /// [`describe_transactions::TransactionState`](super::describe_transactions::TransactionState).
    pub transaction_state: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
