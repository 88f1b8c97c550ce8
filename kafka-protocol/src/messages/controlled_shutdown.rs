//! ControlledShutdown: a broker asks leave to stop.
//!
//! A broker of a ZooKeeper cluster sends it to the controller, which moves the
//! leadership of its partitions to others. The broker asks again while some remain.
//! Gone in Kafka 4.0; KRaft's brokers ask in BrokerHeartbeat.
//!
//! Versions 0-3. The header of version 0 has no client id; 2 adds the broker's
//! epoch (KIP-380); 3 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Asks leave to stop.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 7, versions = "0-3", flexible = "3+", response = ControlledShutdownResponse)]
#[non_exhaustive]
pub struct ControlledShutdownRequest {
    /// The broker that wants to stop.
    pub broker_id: i32,
    /// The broker's epoch, or -1. The controller refuses an old one.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What keeps the broker from stopping.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 7, versions = "0-3", flexible = "3+")]
#[non_exhaustive]
pub struct ControlledShutdownResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The partitions that the broker still leads; none when it may stop.
    pub remaining_partitions: Vec<RemainingPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A partition that the broker still leads.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct RemainingPartition {
    /// The name of the topic.
    pub topic_name: StrBytes,
    /// The partition.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
