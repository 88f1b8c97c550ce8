//! PushTelemetry: the metrics of a client (KIP-714).
//!
//! A client sends what GetTelemetrySubscriptions asked for to any broker, at
//! the interval given there, and once more when it stops.
//!
//! Version 0, flexible.

use bytes::Bytes;

use crate::{Message, TaggedFields, Uuid};

/// Sends metrics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 72, versions = "0", flexible = "0+", response = PushTelemetryResponse)]
#[non_exhaustive]
pub struct PushTelemetryRequest {
    /// The client's id.
    pub client_instance_id: Uuid,
    /// The number of the subscriptions that are answered here.
    pub subscription_id: i32,
    /// Whether the client stops; it may then push ahead of time, once.
    pub terminating: bool,
    /// How `metrics` are compressed: 0 not at all, 1 gzip, 2 snappy, 3 lz4, 4
    /// zstd.
    pub compression_type: i8,
    /// The metrics: OpenTelemetry's `MetricsData`, version 1, in Protocol
    /// Buffers.
    pub metrics: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The metrics were taken, or why not.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 72, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct PushTelemetryResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
