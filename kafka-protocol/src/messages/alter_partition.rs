//! AlterPartition: ???
//!
//! Versions 0-3. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? AlterPartition Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 56, versions = "0-3", flexible = "0+", response = AlterPartitionResponse)]
#[non_exhaustive]
pub struct AlterPartitionRequest {
    /// ??? The ID of the requesting broker.
    pub broker_id: i32,
    /// ??? The epoch of the requesting broker.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// ??? The topics to alter ISRs for.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to alter ISRs for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// ??? The name of the topic to alter ISRs for
    #[kafka(versions = "0-1", ignorable)]
    pub topic_name: StrBytes,
    /// ??? The ID of the topic to alter ISRs for.
    #[kafka(versions = "2+", ignorable)]
    pub topic_id: Uuid,
    /// ??? The partitions to alter ISRs for.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions to alter ISRs for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The leader epoch of this partition.
    pub leader_epoch: i32,
    /// ??? The ISR for this partition. Deprecated since version 3.
    #[kafka(versions = "0-2")]
    pub new_isr: Vec<i32>,
    /// ??? The ISR for this partition.
    #[kafka(versions = "3+")]
    pub new_isr_with_epochs: Vec<BrokerState>,
    /// ??? 1 if the partition is recovering from an unclean leader election; 0
    /// otherwise.
    #[kafka(versions = "1+")]
    pub leader_recovery_state: i8,
    /// ??? The expected epoch of the partition which is being updated.
    pub partition_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The ISR for this partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct BrokerState {
    /// ??? The ID of the broker.
    pub broker_id: i32,
    /// ??? The epoch of the broker. It will be -1 if the epoch check is not
    /// supported.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AlterPartition Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 56, versions = "0-3", flexible = "0+")]
#[non_exhaustive]
pub struct AlterPartitionResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The responses for each topic.
    pub topics: Vec<ResponseTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// ??? The name of the topic
    #[kafka(versions = "0-1", ignorable)]
    pub topic_name: StrBytes,
    /// ??? The ID of the topic.
    #[kafka(versions = "2+", ignorable)]
    pub topic_id: Uuid,
    /// ??? The responses for each partition.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses for each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The broker ID of the leader.
    pub leader_id: i32,
    /// ??? The leader epoch.
    pub leader_epoch: i32,
    /// ??? The in-sync replica IDs.
    pub isr: Vec<i32>,
    /// ??? 1 if the partition is recovering from an unclean leader election; 0
    /// otherwise.
    #[kafka(versions = "1+", ignorable)]
    pub leader_recovery_state: i8,
    /// ??? The current epoch for the partition for KRaft controllers.
    pub partition_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
