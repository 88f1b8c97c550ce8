//! Produce: appends record batches to partitions.
//!
//! With `acks` 0 there is no answer.
//!
//! Versions 0-13. 0 to 2 carry the old message formats (magic 0 and 1), though 4.x
//! lists them and refuses them (KAFKA-18659); 3 adds the transactional id and record
//! batches (magic 2); 7 allows zstd (KIP-110); 8 tells which records were at fault
//! (KIP-467); 9 is flexible; 10 tells the new leader (KIP-951); 11 may answer
//! `TRANSACTION_ABORTABLE` and 12 adds partitions to the transaction by itself
//! (KIP-890); 13 names topics by id (KIP-516).

use crate::{Message, RecordBytes, StrBytes, TaggedFields, Uuid};

/// Appends to partitions that the receiving broker leads.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 0, versions = "0-13", flexible = "9+", response = ProduceResponse)]
#[non_exhaustive]
pub struct ProduceRequest {
    /// The transaction the records belong to.
    #[kafka(versions = "3+")]
    pub transactional_id: Option<StrBytes>,
    /// How many replicas must have the records before the answer: 0 for no
    /// answer, 1 for the leader, -1 for all in sync.
    pub acks: i16,
    /// Milliseconds the broker may wait for those replicas.
    pub timeout_ms: i32,
    /// The topics.
    pub topic_data: Vec<TopicProduceData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to append to one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct TopicProduceData {
    /// Its name.
    #[kafka(versions = "0-12", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "13+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partition_data: Vec<PartitionProduceData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to append to one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct PartitionProduceData {
    /// The partition.
    pub index: i32,
    /// The record batches; exactly one from version 3 on.
    pub records: Option<RecordBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the records, partition by partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 0, versions = "0-13", flexible = "9+")]
#[non_exhaustive]
pub struct ProduceResponse {
    /// The topics.
    pub responses: Vec<TopicProduceResponse>,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// Where the brokers are that `current_leader` names.
    #[kafka(versions = "10+", tag = 0)]
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the records of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct TopicProduceResponse {
    /// Its name.
    #[kafka(versions = "0-12", ignorable)]
    pub name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "13+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partition_responses: Vec<PartitionProduceResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the records of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "9+")]
#[non_exhaustive]
pub struct PartitionProduceResponse {
    /// The partition.
    pub index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The offset of the first record.
    pub base_offset: i64,
    /// The broker's timestamp for all records, in milliseconds; -1 when the
    /// topic keeps the producer's.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub log_append_time_ms: i64,
    /// The first offset the partition still has.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub log_start_offset: i64,
    /// The records that the whole batch was refused for.
    #[kafka(versions = "8+", ignorable)]
    pub record_errors: Vec<BatchIndexAndErrorMessage>,
    /// What those records have in common.
    #[kafka(versions = "8+", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Who leads the partition, when this broker does not.
    #[kafka(versions = "10+", tag = 0)]
    pub current_leader: LeaderIdAndEpoch,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A record that was at fault.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "8+", flexible = "9+")]
#[non_exhaustive]
pub struct BatchIndexAndErrorMessage {
    /// Its place in the batch.
    pub batch_index: i32,
    /// What is wrong with it.
    pub batch_index_error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The leader of a partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "10+", flexible = "10+")]
#[non_exhaustive]
pub struct LeaderIdAndEpoch {
    /// The leader, or -1 when it is not known.
    #[kafka(default = -1)]
    pub leader_id: i32,
    /// The epoch of the leader (KIP-320), or -1 when it is not known.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "10+", flexible = "10+")]
#[non_exhaustive]
pub struct NodeEndpoint {
    /// The broker's id.
    pub node_id: i32,
    /// The broker's host name or address.
    pub host: StrBytes,
    /// The broker's port.
    pub port: i32,
    /// The broker's rack, if it has one.
    pub rack: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
