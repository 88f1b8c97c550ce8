//! ConsumerGroupHeartbeat: keeps a member in its consumer group and tells it its
//! partitions, in the new protocol (KIP-848); the member asks the group
//! coordinator.
//!
//! The first request, with epoch 0, tells everything; later ones leave out what did
//! not change since. `FENCED_MEMBER_EPOCH` and `UNKNOWN_MEMBER_ID` mean to give up
//! all partitions and join again.
//!
//! Versions 0-1. 1 adds regular expressions, and has members make their own ids
//! (KIP-1082).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Joins a group, stays in it or leaves it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 68, versions = "0-1", flexible = "0+", response = ConsumerGroupHeartbeatResponse)]
#[non_exhaustive]
pub struct ConsumerGroupHeartbeatRequest {
    /// The consumer group.
    pub group_id: StrBytes,
    /// The member. It makes the id itself and keeps it as long as it lives; in
    /// version 0 it is empty to let the coordinator make it.
    pub member_id: StrBytes,
    /// The member's epoch, as last answered; 0 to join, -1 to leave, -2 from a
    /// static member that leaves and will be back.
    pub member_epoch: i32,
    /// The static member, if it is one; null also when unchanged.
    pub instance_id: Option<StrBytes>,
    /// The rack of the member, if it has one; null also when unchanged.
    pub rack_id: Option<StrBytes>,
    /// Milliseconds that the member may take to give up partitions; -1 when
    /// unchanged.
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    /// The names of the topics it subscribes to; null when unchanged.
    pub subscribed_topic_names: Option<Vec<StrBytes>>,
    /// The regular expression (RE2) it subscribes with; null when unchanged,
    /// empty for none any more.
    #[kafka(versions = "1+")]
    pub subscribed_topic_regex: Option<StrBytes>,
    /// The assignor that the broker shall use; null for the broker's choice, or
    /// when unchanged.
    pub server_assignor: Option<StrBytes>,
    /// The partitions the member owns; null when unchanged. Empty to join.
    pub topic_partitions: Option<Vec<TopicPartitions>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What the member shall be and own.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 68, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupHeartbeatResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The member. Null with an error.
    pub member_id: Option<StrBytes>,
    /// The member's epoch, to be sent with the next heartbeat; -1 or -2 when it
    /// has left.
    pub member_epoch: i32,
    /// Milliseconds until the next heartbeat.
    pub heartbeat_interval_ms: i32,
    /// What the member shall own; null when unchanged.
    pub assignment: Option<Assignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The partitions of the member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Assignment {
    /// All partitions it may own by now. It gives up any other first.
    pub topic_partitions: Vec<TopicPartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
