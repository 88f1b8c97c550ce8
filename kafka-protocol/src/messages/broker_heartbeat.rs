//! BrokerHeartbeat: keeps a broker's registration alive (KIP-631).
//!
//! A KRaft broker sends it to the active controller at a steady pace, asks through
//! it to be fenced or to stop, and learns what it may do. A broker that stays
//! silent for longer than its session is fenced.
//!
//! Versions 0-2. 1 adds failed directories (KIP-858); 2 cordoned ones (KIP-1066).

use crate::{Message, TaggedFields, Uuid};

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 63, versions = "0-2", flexible = "0+", response = BrokerHeartbeatResponse)]
#[non_exhaustive]
pub struct BrokerHeartbeatRequest {
    /// The broker that asks.
    pub broker_id: i32,
    /// The broker's epoch. The controller answers `STALE_BROKER_EPOCH` to any
    /// other than that of its registration.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// How far in the metadata log the broker is.
    pub current_metadata_offset: i64,
    /// Whether the broker wants to be fenced: to lead nothing and stay unknown
    /// to clients.
    pub want_fence: bool,
    /// Whether the broker wants to stop, and the controller shall take the
    /// leadership of its partitions away.
    pub want_shut_down: bool,
    /// The ids of the log directories that failed.
    #[kafka(versions = "1+", tag = 0)]
    pub offline_log_dirs: Vec<Uuid>,
    /// The ids of the log directories that shall get no new replicas; null
    /// while a starting broker still catches up with the metadata.
    #[kafka(versions = "2+", tag = 1)]
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The broker's state as the controller sees it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 63, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct BrokerHeartbeatResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Whether the broker has read the metadata log at least up to its own
    /// registration.
    pub is_caught_up: bool,
    /// Whether the broker is fenced.
    #[kafka(default = true)]
    pub is_fenced: bool,
    /// Whether the broker may stop now, since it leads nothing any more.
    pub should_shut_down: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
