//! DescribeProducers: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeProducers Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 61, versions = "0", flexible = "0+", response = DescribeProducersResponse)]
#[non_exhaustive]
pub struct DescribeProducersRequest {
    /// ??? The topics to list producers for.
    pub topics: Vec<TopicRequest>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to list producers for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicRequest {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The indexes of the partitions to list producers for.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeProducers Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 61, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeProducersResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? Each topic in the response.
    pub topics: Vec<TopicResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic in the response.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicResponse {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? Each partition in the response.
    pub partitions: Vec<PartitionResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition in the response.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionResponse {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The active producers for the partition.
    pub active_producers: Vec<ProducerState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The active producers for the partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ProducerState {
    /// ??? The producer id.
    pub producer_id: i64,
    /// ??? The producer epoch.
    pub producer_epoch: i32,
    /// ??? The last sequence number sent by the producer.
    #[kafka(default = -1)]
    pub last_sequence: i32,
    /// ??? The last timestamp sent by the producer.
    #[kafka(default = -1)]
    pub last_timestamp: i64,
    /// ??? The current epoch of the producer group.
    pub coordinator_epoch: i32,
    /// ??? The current transaction start offset of the producer.
    #[kafka(default = -1)]
    pub current_txn_start_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
