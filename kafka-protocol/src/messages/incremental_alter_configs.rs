//! IncrementalAlterConfigs: changes single settings of topics, brokers and
//! other resources (KIP-339).
//!
//! An administrator's client sends it, for brokers and loggers to the broker in
//! question and otherwise to any.
//!
//! Versions 0-1. 1 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Changes configurations.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 44, versions = "0-1", flexible = "1+", response = IncrementalAlterConfigsResponse)]
#[non_exhaustive]
pub struct IncrementalAlterConfigsRequest {
    /// The resources.
    pub resources: Vec<AlterConfigsResource>,
    /// Whether to check only, and change nothing.
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The changes to one resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AlterConfigsResource {
    /// What it is: 2 a topic, 4 a broker, 8 the loggers of a broker (KIP-412),
    /// 16 a client metrics subscription (KIP-714), 32 a group (KIP-848).
    pub resource_type: i8,
    /// Its name; of brokers the id, or empty for the default of all.
    pub resource_name: StrBytes,
    /// The settings to change.
    pub configs: Vec<AlterableConfig>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The change of one setting.
///
/// Debug hides its value, which can be a password or a key.
#[derive(Clone, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AlterableConfig {
    /// Its name.
    pub name: StrBytes,
    /// 0 sets it, 1 returns it to its default, 2 adds to a list what is not in
    /// it yet, 3 removes from a list.
    pub config_operation: i8,
    /// The value; null to return to the default. A secret of `password` type is
    /// here in the clear. Its default is empty, as in Kafka.
    #[kafka(default = "", secret)]
    pub value: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 44, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct IncrementalAlterConfigsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The results, one for each resource.
    pub responses: Vec<AlterConfigsResourceResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result for one resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AlterConfigsResourceResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// What it is, as in the request.
    pub resource_type: i8,
    /// Its name.
    pub resource_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
