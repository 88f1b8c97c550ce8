//! StopReplica: ???
//!
//! Versions 0-4. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? StopReplica Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 5, versions = "0-4", flexible = "2+", response = StopReplicaResponse)]
#[non_exhaustive]
pub struct StopReplicaRequest {
    /// ??? The controller id.
    pub controller_id: i32,
    /// ??? If KRaft controller id is used during migration. See KIP-866
    #[kafka(versions = "4+")]
    pub is_k_raft_controller: bool,
    /// ??? The controller epoch.
    pub controller_epoch: i32,
    /// ??? The broker epoch.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// ??? Whether these partitions should be deleted.
    #[kafka(versions = "0-2")]
    pub delete_partitions: bool,
    /// ??? The partitions to stop.
    #[kafka(versions = "0")]
    pub ungrouped_partitions: Vec<StopReplicaPartitionV0>,
    /// ??? The topics to stop.
    #[kafka(versions = "1-2")]
    pub topics: Vec<StopReplicaTopicV1>,
    /// ??? Each topic.
    #[kafka(versions = "3+")]
    pub topic_states: Vec<StopReplicaTopicState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions to stop.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct StopReplicaPartitionV0 {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partition index.
    pub partition_index: i32,
}

/// ??? The topics to stop.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1-2", flexible = "2+")]
#[non_exhaustive]
pub struct StopReplicaTopicV1 {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The partition indexes.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct StopReplicaTopicState {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The state of each partition
    pub partition_states: Vec<StopReplicaPartitionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The state of each partition
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct StopReplicaPartitionState {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The leader epoch.
    #[kafka(default = -1)]
    pub leader_epoch: i32,
    /// ??? Whether this partition should be deleted.
    pub delete_partition: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? StopReplica Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 5, versions = "0-4", flexible = "2+")]
#[non_exhaustive]
pub struct StopReplicaResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The responses for each partition.
    pub partition_errors: Vec<StopReplicaPartitionError>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses for each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct StopReplicaPartitionError {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
