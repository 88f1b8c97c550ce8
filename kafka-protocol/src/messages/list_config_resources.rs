//! ListConfigResources: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? ListConfigResources Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 74, versions = "0-1", flexible = "0+", response = ListConfigResourcesResponse)]
#[non_exhaustive]
pub struct ListConfigResourcesRequest {
    /// ??? The list of resource type. If the list is empty, it uses default
    /// supported config resource types.
    #[kafka(versions = "1+")]
    pub resource_types: Vec<i8>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ListConfigResources Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 74, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct ListConfigResourcesResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? Each config resource in the response.
    pub config_resources: Vec<ConfigResource>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each config resource in the response.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ConfigResource {
    /// ??? The resource name.
    pub resource_name: StrBytes,
    /// ??? The resource type.
    #[kafka(versions = "1+", default = 16, ignorable)]
    pub resource_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
