//! AlterConfigs: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? AlterConfigs Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 33, versions = "0-2", flexible = "2+", response = AlterConfigsResponse)]
#[non_exhaustive]
pub struct AlterConfigsRequest {
    /// ??? The updates for each resource.
    pub resources: Vec<AlterConfigsResource>,
    /// ??? True if we should validate the request, but not change the
    /// configurations.
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The updates for each resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterConfigsResource {
    /// ??? The resource type.
    pub resource_type: i8,
    /// ??? The resource name.
    pub resource_name: StrBytes,
    /// ??? The configurations.
    pub configs: Vec<AlterableConfig>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The configurations.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterableConfig {
    /// ??? The configuration key name.
    pub name: StrBytes,
    /// ??? The value to set for the configuration key.
    #[kafka(default = "")]
    pub value: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AlterConfigs Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 33, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct AlterConfigsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The responses for each resource.
    pub responses: Vec<AlterConfigsResourceResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses for each resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AlterConfigsResourceResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The resource type.
    pub resource_type: i8,
    /// ??? The resource name.
    pub resource_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
