//! ShareGroupHeartbeat: keeps a member in its share group and tells it its
//! partitions; the member asks the group coordinator.
//!
//! The first request, with epoch 0, tells everything; later ones leave out what did
//! not change since. `UNKNOWN_MEMBER_ID` means to join again.
//!
//! Version 1; 0 was of the early access in Kafka 4.0 (KIP-932) and is gone.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Joins a group, stays in it or leaves it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 76, versions = "1", flexible = "1+", response = ShareGroupHeartbeatResponse)]
#[non_exhaustive]
pub struct ShareGroupHeartbeatRequest {
    /// The share group.
    pub group_id: StrBytes,
    /// The member. It makes the id itself and keeps it as long as it lives.
    pub member_id: StrBytes,
    /// The member's epoch, as last answered; 0 to join, -1 to leave.
    pub member_epoch: i32,
    /// The rack of the member, if it has one; null also when unchanged.
    pub rack_id: Option<StrBytes>,
    /// The names of the topics it subscribes to; null when unchanged.
    pub subscribed_topic_names: Option<Vec<StrBytes>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What the member shall read.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 76, versions = "1", flexible = "1+")]
#[non_exhaustive]
pub struct ShareGroupHeartbeatResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The member. Null with an error.
    pub member_id: Option<StrBytes>,
    /// The member's epoch, to be sent with the next heartbeat; -1 when it has
    /// left.
    pub member_epoch: i32,
    /// Milliseconds until the next heartbeat.
    pub heartbeat_interval_ms: i32,
    /// What the member shall read; null when unchanged.
    pub assignment: Option<Assignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The partitions of the member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct Assignment {
    /// The topics.
    pub topic_partitions: Vec<TopicPartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
