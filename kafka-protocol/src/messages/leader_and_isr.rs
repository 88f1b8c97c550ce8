//! LeaderAndIsr: tells a broker which partitions it leads and which it follows.
//!
//! The controller of a ZooKeeper cluster sends it to the brokers. Gone in Kafka
//! 4.0; KRaft's brokers read the metadata log.
//!
//! Versions 0-7. 1 says which replicas are new and may answer `KAFKA_STORAGE_ERROR`
//! (KIP-112); 2 adds the broker's epoch (KIP-380) and groups partitions by topic; 3
//! adds the replicas coming and going (KIP-455); 4 is flexible; 5 adds topic ids
//! and the kind of request (KIP-516); 6 the recovery state of the leader (KIP-704);
//! 7 the controllers of KRaft (KIP-866).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Gives a broker the state of its partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 4, versions = "0-7", flexible = "4+", response = LeaderAndIsrResponse)]
#[non_exhaustive]
pub struct LeaderAndIsrRequest {
    /// The controller that sends it.
    pub controller_id: i32,
    /// Whether that controller is one of KRaft, taking over from ZooKeeper
    /// (KIP-866).
    #[kafka(versions = "7+")]
    pub is_k_raft_controller: bool,
    /// The controller's epoch. A broker that knows a newer one answers
    /// `STALE_CONTROLLER_EPOCH`.
    pub controller_epoch: i32,
    /// The epoch of the receiving broker, or -1. The broker refuses an older
    /// one (KIP-380).
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// Whether every partition of the broker is here: 0 not known, 1 only those
    /// that changed, 2 all.
    #[kafka(name = "type", versions = "5+")]
    pub kind: i8,
    /// The partitions, up to version 1.
    #[kafka(versions = "0-1")]
    pub ungrouped_partition_states: Vec<LeaderAndIsrPartitionState>,
    /// The topics, from version 2 on.
    #[kafka(versions = "2+")]
    pub topic_states: Vec<LeaderAndIsrTopicState>,
    /// Where the brokers are that lead these partitions, for those who follow.
    pub live_leaders: Vec<LeaderAndIsrLiveLeader>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrPartitionState {
    /// The name of its topic, up to version 1.
    #[kafka(versions = "0-1", ignorable)]
    pub topic_name: StrBytes,
    /// The partition.
    pub partition_index: i32,
    /// The epoch of the controller that last changed the leader.
    pub controller_epoch: i32,
    /// The broker that leads it; -1 when none does, -2 while the topic is
    /// deleted.
    pub leader: i32,
    /// The epoch of the leader.
    pub leader_epoch: i32,
    /// The brokers that are in sync with the leader.
    pub isr: Vec<i32>,
    /// Grows with every change to the partition's state: the version of its
    /// node in ZooKeeper.
    pub partition_epoch: i32,
    /// The brokers that hold it.
    pub replicas: Vec<i32>,
    /// The brokers it moves to; empty unless it is being moved.
    #[kafka(versions = "3+", ignorable)]
    pub adding_replicas: Vec<i32>,
    /// The brokers it moves away from; empty unless it is being moved.
    #[kafka(versions = "3+", ignorable)]
    pub removing_replicas: Vec<i32>,
    /// Whether the replica is new to the broker. One that is not new and cannot
    /// be found is not created while a log directory is offline: it may be in
    /// there.
    #[kafka(versions = "1+", ignorable)]
    pub is_new: bool,
    /// 1 while the leader still recovers from an unclean election, 0 otherwise.
    #[kafka(versions = "6+")]
    pub leader_recovery_state: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "2+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrTopicState {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its id; zero when it has none.
    #[kafka(versions = "5+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partition_states: Vec<LeaderAndIsrPartitionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Where a leader is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrLiveLeader {
    /// The broker's id.
    pub broker_id: i32,
    /// The broker's host name or address.
    pub host_name: StrBytes,
    /// The broker's port.
    pub port: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Which of it the broker has taken over.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 4, versions = "0-7", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrResponse {
    /// An error of the whole request.
    pub error_code: i16,
    /// The partitions, up to version 4.
    #[kafka(versions = "0-4")]
    pub partition_errors: Vec<LeaderAndIsrPartitionError>,
    /// The topics, from version 5 on.
    #[kafka(versions = "5+")]
    pub topics: Vec<LeaderAndIsrTopicError>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrPartitionError {
    /// The name of its topic, up to version 4.
    #[kafka(versions = "0-4", ignorable)]
    pub topic_name: StrBytes,
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "5+", flexible = "5+")]
#[non_exhaustive]
pub struct LeaderAndIsrTopicError {
    /// Its id.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partition_errors: Vec<LeaderAndIsrPartitionError>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
