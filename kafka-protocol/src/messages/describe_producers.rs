//! DescribeProducers: the producers that a partition knows, and their open
//! transactions (KIP-664).
//!
//! An administrator's client asks the leaders of the partitions, mostly to find
//! a transaction that hangs: one that its coordinator does not know.
//!
//! Version 0, flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for the producers of partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 61, versions = "0", flexible = "0+", response = DescribeProducersResponse)]
#[non_exhaustive]
pub struct DescribeProducersRequest {
    /// The topics.
    pub topics: Vec<TopicRequest>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicRequest {
    /// Its name.
    pub name: StrBytes,
    /// The partitions.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The producers, partition by partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 61, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeProducersResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<TopicResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The producers of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicResponse {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<PartitionResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The producers of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionResponse {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The idempotent and transactional producers not forgotten yet.
    pub active_producers: Vec<ProducerState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One producer.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ProducerState {
    /// Its id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i32,
    /// The sequence number of its last record; -1 when not known.
    #[kafka(default = -1)]
    pub last_sequence: i32,
    /// The timestamp of its last batch in milliseconds; -1 when not known.
    #[kafka(default = -1)]
    pub last_timestamp: i64,
    /// The epoch of the coordinator that ended its last transaction; -1 when
    /// none did.
    pub coordinator_epoch: i32,
    /// Where its open transaction starts; -1 when none is open.
    #[kafka(default = -1)]
    pub current_txn_start_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
