//! ListConfigResources: the names of what has a configuration (KIP-1142).
//!
//! An administrator's client asks any broker.
//!
//! Versions 0-1, both flexible. 0 was called ListClientMetricsResources and
//! knows only client metrics subscriptions (KIP-714); 1 knows the other types
//! too.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for resources.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 74, versions = "0-1", flexible = "0+", response = ListConfigResourcesResponse)]
#[non_exhaustive]
pub struct ListConfigResourcesRequest {
    /// The types wanted: 2 topics, 4 brokers, 8 the loggers of brokers, 16
    /// client metrics subscriptions, 32 groups; none for all of them.
    #[kafka(versions = "1+")]
    pub resource_types: Vec<i8>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The resources.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 74, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct ListConfigResourcesResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The resources.
    pub config_resources: Vec<ConfigResource>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ConfigResource {
    /// Its name; of brokers the id.
    pub resource_name: StrBytes,
    /// What it is, as in the request.
    #[kafka(versions = "1+", default = 16, ignorable)]
    pub resource_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
