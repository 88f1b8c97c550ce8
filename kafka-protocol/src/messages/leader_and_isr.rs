//! LeaderAndIsr: ???
//!
//! Versions 0-7. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? LeaderAndIsr Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 4, versions = "0-7", flexible = "4+", response = LeaderAndIsrResponse)]
#[non_exhaustive]
pub struct LeaderAndIsrRequest {
    /// ??? The current controller ID.
    pub controller_id: i32,
    /// ??? If KRaft controller id is used during migration. See KIP-866
    #[kafka(versions = "7+")]
    pub is_k_raft_controller: bool,
    /// ??? The current controller epoch.
    pub controller_epoch: i32,
    /// ??? The current broker epoch.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// ??? The type that indicates whether all topics are included in the
    /// request
    #[kafka(name = "type", versions = "5+")]
    pub kind: i8,
    /// ??? The state of each partition, in a v0 or v1 message.
    #[kafka(versions = "0-1")]
    pub ungrouped_partition_states: Vec<LeaderAndIsrPartitionState>,
    /// ??? Each topic.
    #[kafka(versions = "2+")]
    pub topic_states: Vec<LeaderAndIsrTopicState>,
    /// ??? The current live leaders.
    pub live_leaders: Vec<LeaderAndIsrLiveLeader>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The state of each partition, in a v0 or v1 message.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrPartitionState {
    /// ??? The topic name.  This is only present in v0 or v1.
    #[kafka(versions = "0-1", ignorable)]
    pub topic_name: StrBytes,
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The controller epoch.
    pub controller_epoch: i32,
    /// ??? The broker ID of the leader.
    pub leader: i32,
    /// ??? The leader epoch.
    pub leader_epoch: i32,
    /// ??? The in-sync replica IDs.
    pub isr: Vec<i32>,
    /// ??? The current epoch for the partition. The epoch is a monotonically
    /// increasing value which is incremented after every partition change.
    /// (Since the LeaderAndIsr request is only used by the legacy controller,
    /// this corresponds to the zkVersion)
    pub partition_epoch: i32,
    /// ??? The replica IDs.
    pub replicas: Vec<i32>,
    /// ??? The replica IDs that we are adding this partition to, or null if no
    /// replicas are being added.
    #[kafka(versions = "3+", ignorable)]
    pub adding_replicas: Vec<i32>,
    /// ??? The replica IDs that we are removing this partition from, or null if
    /// no replicas are being removed.
    #[kafka(versions = "3+", ignorable)]
    pub removing_replicas: Vec<i32>,
    /// ??? Whether the replica should have existed on the broker or not.
    #[kafka(versions = "1+", ignorable)]
    pub is_new: bool,
    /// ??? 1 if the partition is recovering from an unclean leader election; 0
    /// otherwise.
    #[kafka(versions = "6+")]
    pub leader_recovery_state: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "2+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrTopicState {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The unique topic ID.
    #[kafka(versions = "5+", ignorable)]
    pub topic_id: Uuid,
    /// ??? The state of each partition
    pub partition_states: Vec<LeaderAndIsrPartitionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The current live leaders.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrLiveLeader {
    /// ??? The leader's broker ID.
    pub broker_id: i32,
    /// ??? The leader's hostname.
    pub host_name: StrBytes,
    /// ??? The leader's port.
    pub port: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? LeaderAndIsr Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 4, versions = "0-7", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? Each partition in v0 to v4 message.
    #[kafka(versions = "0-4")]
    pub partition_errors: Vec<LeaderAndIsrPartitionError>,
    /// ??? Each topic
    #[kafka(versions = "5+")]
    pub topics: Vec<LeaderAndIsrTopicError>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition in v0 to v4 message.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct LeaderAndIsrPartitionError {
    /// ??? The topic name.
    #[kafka(versions = "0-4", ignorable)]
    pub topic_name: StrBytes,
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "5+", flexible = "5+")]
#[non_exhaustive]
pub struct LeaderAndIsrTopicError {
    /// ??? The unique topic ID
    pub topic_id: Uuid,
    /// ??? Each partition.
    pub partition_errors: Vec<LeaderAndIsrPartitionError>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
