//! GetTelemetrySubscriptions: which metrics the cluster wants from this client
//! (KIP-714).
//!
//! A client asks any broker, first for its id and then again whenever
//! PushTelemetry answers `UNKNOWN_SUBSCRIPTION_ID`.
//!
//! Version 0, flexible.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks what to send.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 71, versions = "0", flexible = "0+", response = GetTelemetrySubscriptionsResponse)]
#[non_exhaustive]
pub struct GetTelemetrySubscriptionsRequest {
    /// This client's id, from the first answer; zero before it.
    pub client_instance_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to send.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 71, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct GetTelemetrySubscriptionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// An id for this client to keep, if it had none; otherwise zero.
    pub client_instance_id: Uuid,
    /// The number of this set of subscriptions, for PushTelemetry.
    pub subscription_id: i32,
    /// The codecs that PushTelemetry may use, the best one first: 0 none, 1
    /// gzip, 2 snappy, 3 lz4, 4 zstd.
    pub accepted_compression_types: Vec<i8>,
    /// Milliseconds between one push and the next.
    pub push_interval_ms: i32,
    /// Bytes of metrics that one push may have.
    pub telemetry_max_bytes: i32,
    /// Whether counters tell the difference since the last push instead of all
    /// since the start.
    pub delta_temporality: bool,
    /// What the names of the metrics begin with; none to send no metrics. One
    /// empty prefix, or `*`, asks for all.
    pub requested_metrics: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
