//! GetTelemetrySubscriptions: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? GetTelemetrySubscriptions Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 71, versions = "0", flexible = "0+", response = GetTelemetrySubscriptionsResponse)]
#[non_exhaustive]
pub struct GetTelemetrySubscriptionsRequest {
    /// ??? Unique id for this client instance, must be set to 0 on the first
    /// request.
    pub client_instance_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? GetTelemetrySubscriptions Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 71, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct GetTelemetrySubscriptionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? Assigned client instance id if ClientInstanceId was 0 in the
    /// request, else 0.
    pub client_instance_id: Uuid,
    /// ??? Unique identifier for the current subscription set for this client
    /// instance.
    pub subscription_id: i32,
    /// ??? Compression types that broker accepts for the PushTelemetryRequest.
    pub accepted_compression_types: Vec<i8>,
    /// ??? Configured push interval, which is the lowest configured interval in
    /// the current subscription set.
    pub push_interval_ms: i32,
    /// ??? The maximum bytes of binary data the broker accepts in
    /// PushTelemetryRequest.
    pub telemetry_max_bytes: i32,
    /// ??? Flag to indicate monotonic/counter metrics are to be emitted as
    /// deltas or cumulative values.
    pub delta_temporality: bool,
    /// ??? Requested metrics prefix string match. Empty array: No metrics
    /// subscribed, Array[0] empty string: All metrics subscribed.
    pub requested_metrics: Vec<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
