//! AlterPartition: changes which replicas of a partition are in sync (KIP-497).
//!
//! The leader of a partition sends it to the controller, which decides. Called
//! AlterIsr before Kafka 3.2.
//!
//! Versions 0-3. 1 adds the recovery state of the leader (KIP-704); 2 names topics
//! by id and may answer `INELIGIBLE_REPLICA`, `NEW_LEADER_ELECTED` and
//! `UNKNOWN_TOPIC_ID` (KIP-841); 3 adds the epochs of the in-sync replicas
//! (KIP-903).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Proposes in-sync replicas.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 56, versions = "0-3", flexible = "0+", response = AlterPartitionResponse)]
#[non_exhaustive]
pub struct AlterPartitionRequest {
    /// The broker that asks. It must lead the partitions.
    pub broker_id: i32,
    /// The broker's epoch. The controller refuses any other than that of its
    /// registration.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// The topics.
    pub topics: Vec<RequestTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Proposals for one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestTopicData {
    /// Its name.
    #[kafka(versions = "0-1", ignorable)]
    pub topic_name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "2+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<RequestPartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A proposal for one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct RequestPartitionData {
    /// The partition.
    pub partition_index: i32,
    /// The epoch in which the broker leads the partition.
    pub leader_epoch: i32,
    /// The brokers to be in sync from now on, up to version 2.
    #[kafka(versions = "0-2")]
    pub new_isr: Vec<i32>,
    /// The brokers to be in sync from now on, from version 3 on.
    #[kafka(versions = "3+")]
    pub new_isr_with_epochs: Vec<BrokerState>,
    /// 1 while the leader still recovers from an unclean election, 0 otherwise.
    #[kafka(versions = "1+")]
    pub leader_recovery_state: i8,
    /// The partition epoch that the proposal starts from. If the controller is
    /// past it, it answers `INVALID_UPDATE_VERSION`.
    pub partition_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A replica to be in sync.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct BrokerState {
    /// The broker's id.
    pub broker_id: i32,
    /// The broker's epoch as its fetches told it, or -1 to have it not checked.
    /// The controller refuses a broker that has since registered anew.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the proposals.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 56, versions = "0-3", flexible = "0+")]
#[non_exhaustive]
pub struct AlterPartitionResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The topics.
    pub topics: Vec<ResponseTopicData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the proposals for one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponseTopicData {
    /// Its name.
    #[kafka(versions = "0-1", ignorable)]
    pub topic_name: StrBytes,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "2+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<ResponsePartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the proposal for one partition, and its state from now on.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "PartitionData", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ResponsePartitionData {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The broker that leads it, or -1 when none does.
    pub leader_id: i32,
    /// The epoch of the leader.
    pub leader_epoch: i32,
    /// The brokers that are in sync with the leader.
    pub isr: Vec<i32>,
    /// 1 while the leader still recovers from an unclean election, 0 otherwise.
    #[kafka(versions = "1+", ignorable)]
    pub leader_recovery_state: i8,
    /// Grows with every change to the partition's state.
    pub partition_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
