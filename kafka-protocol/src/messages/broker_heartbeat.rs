//! BrokerHeartbeat: ???
//!
//! Versions 0-2. ???

use crate::{Message, TaggedFields, Uuid};

/// ??? BrokerHeartbeat Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 63, versions = "0-2", flexible = "0+", response = BrokerHeartbeatResponse)]
#[non_exhaustive]
pub struct BrokerHeartbeatRequest {
    /// ??? The broker ID.
    pub broker_id: i32,
    /// ??? The broker epoch.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// ??? The highest metadata offset which the broker has reached.
    pub current_metadata_offset: i64,
    /// ??? True if the broker wants to be fenced, false otherwise.
    pub want_fence: bool,
    /// ??? True if the broker wants to be shut down, false otherwise.
    pub want_shut_down: bool,
    /// ??? Log directories that failed and went offline.
    #[kafka(versions = "1+", tag = 0)]
    pub offline_log_dirs: Vec<Uuid>,
    /// ??? List of log directories that are cordoned. This is null before the
    /// broker reaches the RECOVERY state.
    #[kafka(versions = "2+", tag = 1)]
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? BrokerHeartbeat Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 63, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct BrokerHeartbeatResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? True if the broker has approximately caught up with the latest
    /// metadata.
    pub is_caught_up: bool,
    /// ??? True if the broker is fenced.
    #[kafka(default = true)]
    pub is_fenced: bool,
    /// ??? True if the broker should proceed with its shutdown.
    pub should_shut_down: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
