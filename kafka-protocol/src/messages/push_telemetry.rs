//! PushTelemetry: ???
//!
//! Versions 0. ???

use bytes::Bytes;

use crate::{Message, TaggedFields, Uuid};

/// ??? PushTelemetry Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 72, versions = "0", flexible = "0+", response = PushTelemetryResponse)]
#[non_exhaustive]
pub struct PushTelemetryRequest {
    /// ??? Unique id for this client instance.
    pub client_instance_id: Uuid,
    /// ??? Unique identifier for the current subscription.
    pub subscription_id: i32,
    /// ??? Client is terminating the connection.
    pub terminating: bool,
    /// ??? Compression codec used to compress the metrics.
    pub compression_type: i8,
    /// ??? Metrics encoded in OpenTelemetry MetricsData v1 protobuf format.
    pub metrics: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? PushTelemetry Response
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
