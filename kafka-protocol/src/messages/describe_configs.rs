//! DescribeConfigs: ???
//!
//! Versions 0-4. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeConfigs Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 32, versions = "0-4", flexible = "4+", response = DescribeConfigsResponse)]
#[non_exhaustive]
pub struct DescribeConfigsRequest {
    /// ??? The resources whose configurations we want to describe.
    pub resources: Vec<DescribeConfigsResource>,
    /// ??? True if we should include all synonyms.
    #[kafka(versions = "1+")]
    pub include_synonyms: bool,
    /// ??? True if we should include configuration documentation.
    #[kafka(versions = "3+")]
    pub include_documentation: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The resources whose configurations we want to describe.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResource {
    /// ??? The resource type.
    pub resource_type: i8,
    /// ??? The resource name.
    pub resource_name: StrBytes,
    /// ??? The configuration keys to list, or null to list all configuration
    /// keys.
    #[kafka(default = [])]
    pub configuration_keys: Option<Vec<StrBytes>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeConfigs Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 32, versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The results for each resource.
    pub results: Vec<DescribeConfigsResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The resource type.
    pub resource_type: i8,
    /// ??? The resource name.
    pub resource_name: StrBytes,
    /// ??? Each listed configuration.
    pub configs: Vec<DescribeConfigsResourceResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each listed configuration.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResourceResult {
    /// ??? The configuration name.
    pub name: StrBytes,
    /// ??? The configuration value.
    #[kafka(default = "")]
    pub value: Option<StrBytes>,
    /// ??? True if the configuration is read-only.
    pub read_only: bool,
    /// ??? True if the configuration is not set.
    #[kafka(versions = "0")]
    pub is_default: bool,
    /// ??? The configuration source.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub config_source: i8,
    /// ??? True if this configuration is sensitive.
    pub is_sensitive: bool,
    /// ??? The synonyms for this configuration key.
    #[kafka(versions = "1+", ignorable)]
    pub synonyms: Vec<DescribeConfigsSynonym>,
    /// ??? The configuration data type. Type can be one of the following values
    /// - BOOLEAN, STRING, INT, SHORT, LONG, DOUBLE, LIST, CLASS, PASSWORD.
    #[kafka(versions = "3+", ignorable)]
    pub config_type: i8,
    /// ??? The configuration documentation.
    #[kafka(versions = "3+", default = "", ignorable)]
    pub documentation: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The synonyms for this configuration key.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsSynonym {
    /// ??? The synonym name.
    pub name: StrBytes,
    /// ??? The synonym value.
    #[kafka(default = "")]
    pub value: Option<StrBytes>,
    /// ??? The synonym source.
    pub source: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
