//! AddPartitionsToTxn: makes partitions part of a transaction (KIP-98).
//!
//! Up to version 3 a producer asks its transaction coordinator, before it
//! writes to them. From 4 on the leaders of partitions do: they find out
//! whether a partition is part already, and add it for producers of KIP-890,
//! which ask no more themselves.
//!
//! Versions 0-5. 1 is answered before it is throttled (KIP-219); 2 may answer
//! `PRODUCER_FENCED`; 3 is flexible; 4 is for brokers and carries any number of
//! transactions; 5 may answer `TRANSACTION_ABORTABLE` (KIP-890).

use crate::{Message, StrBytes, TaggedFields};

/// Makes partitions part of transactions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 24, versions = "0-5", flexible = "3+", response = AddPartitionsToTxnResponse)]
#[non_exhaustive]
pub struct AddPartitionsToTxnRequest {
    /// The transactions.
    #[kafka(versions = "4+")]
    pub transactions: Vec<AddPartitionsToTxnTransaction>,
    /// The producer's transactional id.
    #[kafka(versions = "0-3")]
    pub v3_and_below_transactional_id: StrBytes,
    /// The producer's id.
    #[kafka(versions = "0-3")]
    pub v3_and_below_producer_id: i64,
    /// Its epoch; an older one than the newest is fenced.
    #[kafka(versions = "0-3")]
    pub v3_and_below_producer_epoch: i16,
    /// The topics.
    #[kafka(versions = "0-3")]
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "4+", flexible = "4+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnTransaction {
    /// The producer's transactional id.
    pub transactional_id: StrBytes,
    /// The producer's id.
    pub producer_id: i64,
    /// Its epoch; an older one than the newest is fenced.
    pub producer_epoch: i16,
    /// Whether to check only that the partitions are part of it, and add none.
    pub verify_only: bool,
    /// The topics.
    pub topics: Vec<AddPartitionsToTxnTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnTopic {
    /// Its name.
    pub name: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 24, versions = "0-5", flexible = "3+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    #[kafka(versions = "4+", ignorable)]
    pub error_code: i16,
    /// The results, transaction by transaction.
    #[kafka(versions = "4+")]
    pub results_by_transaction: Vec<AddPartitionsToTxnResult>,
    /// The results of the one transaction.
    #[kafka(versions = "0-3")]
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The results of one transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "4+", flexible = "4+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnResult {
    /// The transactional id.
    pub transactional_id: StrBytes,
    /// Its topics.
    pub topic_results: Vec<AddPartitionsToTxnTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The results of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnTopicResult {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnPartitionResult {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode). One that
    /// fails makes the others `OPERATION_NOT_ATTEMPTED`.
    pub partition_error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
