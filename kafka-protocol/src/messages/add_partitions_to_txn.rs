//! AddPartitionsToTxn: ???
//!
//! Versions 0-5. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? AddPartitionsToTxn Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 24, versions = "0-5", flexible = "3+", response = AddPartitionsToTxnResponse)]
#[non_exhaustive]
pub struct AddPartitionsToTxnRequest {
    /// ??? List of transactions to add partitions to.
    #[kafka(versions = "4+")]
    pub transactions: Vec<AddPartitionsToTxnTransaction>,
    /// ??? The transactional id corresponding to the transaction.
    #[kafka(versions = "0-3")]
    pub v3_and_below_transactional_id: StrBytes,
    /// ??? Current producer id in use by the transactional id.
    #[kafka(versions = "0-3")]
    pub v3_and_below_producer_id: i64,
    /// ??? Current epoch associated with the producer id.
    #[kafka(versions = "0-3")]
    pub v3_and_below_producer_epoch: i16,
    /// ??? The partitions to add to the transaction.
    #[kafka(versions = "0-3")]
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? List of transactions to add partitions to.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "4+", flexible = "4+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnTransaction {
    /// ??? The transactional id corresponding to the transaction.
    pub transactional_id: StrBytes,
    /// ??? Current producer id in use by the transactional id.
    pub producer_id: i64,
    /// ??? Current epoch associated with the producer id.
    pub producer_epoch: i16,
    /// ??? Boolean to signify if we want to check if the partition is in the
    /// transaction rather than add it.
    pub verify_only: bool,
    /// ??? The partitions to add to the transaction.
    pub topics: Vec<AddPartitionsToTxnTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions to add to the transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnTopic {
    /// ??? The name of the topic.
    pub name: StrBytes,
    /// ??? The partition indexes to add to the transaction.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AddPartitionsToTxn Response
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
    /// ??? Results categorized by transactional ID.
    #[kafka(versions = "4+")]
    pub results_by_transaction: Vec<AddPartitionsToTxnResult>,
    /// ??? The results for each topic.
    #[kafka(versions = "0-3")]
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Results categorized by transactional ID.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "4+", flexible = "4+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnResult {
    /// ??? The transactional id corresponding to the transaction.
    pub transactional_id: StrBytes,
    /// ??? The results for each topic.
    pub topic_results: Vec<AddPartitionsToTxnTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnTopicResult {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The results for each partition.
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct AddPartitionsToTxnPartitionResult {
    /// ??? The partition indexes.
    pub partition_index: i32,
    /// ??? The response error code.
    pub partition_error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
