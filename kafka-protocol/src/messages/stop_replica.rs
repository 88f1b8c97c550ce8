//! StopReplica: makes a broker give up replicas, and delete them if told so.
//!
//! The controller of a ZooKeeper cluster sends it to the brokers. Gone in Kafka
//! 4.0; KRaft's brokers read the metadata log.
//!
//! Versions 0-4. 1 adds the broker's epoch (KIP-380) and groups partitions by
//! topic; 2 is flexible; 3 adds leader epochs, decides partition by partition what
//! to delete and may answer `FENCED_LEADER_EPOCH` (KIP-570); 4 adds the controllers
//! of KRaft (KIP-866).

use crate::{Message, StrBytes, TaggedFields};

/// Takes replicas from a broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 5, versions = "0-4", flexible = "2+", response = StopReplicaResponse)]
#[non_exhaustive]
pub struct StopReplicaRequest {
    /// The controller that sends it.
    pub controller_id: i32,
    /// Whether that controller is one of KRaft, taking over from ZooKeeper
    /// (KIP-866).
    #[kafka(versions = "4+")]
    pub is_k_raft_controller: bool,
    /// The controller's epoch. A broker that knows a newer one answers
    /// `STALE_CONTROLLER_EPOCH`.
    pub controller_epoch: i32,
    /// The epoch of the receiving broker, or -1. The broker refuses an older
    /// one (KIP-380).
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// Whether to delete the replicas, up to version 2.
    #[kafka(versions = "0-2")]
    pub delete_partitions: bool,
    /// The partitions, in version 0.
    #[kafka(versions = "0")]
    pub ungrouped_partitions: Vec<StopReplicaPartitionV0>,
    /// The topics, in versions 1 and 2.
    #[kafka(versions = "1-2")]
    pub topics: Vec<StopReplicaTopicV1>,
    /// The topics, from version 3 on.
    #[kafka(versions = "3+")]
    pub topic_states: Vec<StopReplicaTopicState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A partition to give up, in version 0.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StopReplicaPartitionV0 {
    /// The name of its topic.
    pub topic_name: StrBytes,
    /// The partition.
    pub partition_index: i32,
}

/// What to give up of one topic, in versions 1 and 2.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1-2", flexible = "2+")]
#[non_exhaustive]
pub struct StopReplicaTopicV1 {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to give up of one topic, from version 3 on.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct StopReplicaTopicState {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its partitions.
    pub partition_states: Vec<StopReplicaPartitionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A partition to give up, from version 3 on.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct StopReplicaPartitionState {
    /// The partition.
    pub partition_index: i32,
    /// The epoch of the leader. The broker refuses one older than it knows. -1
    /// to have it not checked, -2 when the topic is deleted.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// Whether to delete the replica.
    pub delete_partition: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Which replicas the broker has given up.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 5, versions = "0-4", flexible = "2+")]
#[non_exhaustive]
pub struct StopReplicaResponse {
    /// An error of the whole request.
    pub error_code: i16,
    /// The partitions.
    pub partition_errors: Vec<StopReplicaPartitionError>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one replica.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct StopReplicaPartitionError {
    /// The name of its topic.
    pub topic_name: StrBytes,
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
