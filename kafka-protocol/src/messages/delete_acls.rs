//! DeleteAcls: ???
//!
//! Versions 0-3. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DeleteAcls Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 31, versions = "0-3", flexible = "2+", response = DeleteAclsResponse)]
#[non_exhaustive]
pub struct DeleteAclsRequest {
    /// ??? The filters to use when deleting ACLs.
    pub filters: Vec<DeleteAclsFilter>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The filters to use when deleting ACLs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsFilter {
    /// ??? The resource type.
    pub resource_type_filter: i8,
    /// ??? The resource name, or null to match any resource name.
    #[kafka(default = "")]
    pub resource_name_filter: Option<StrBytes>,
    /// ??? The pattern type.
    #[kafka(versions = "1+", default = 3)]
    pub pattern_type_filter: i8,
    /// ??? The principal filter, or null to accept all principals.
    #[kafka(default = "")]
    pub principal_filter: Option<StrBytes>,
    /// ??? The host filter, or null to accept all hosts.
    #[kafka(default = "")]
    pub host_filter: Option<StrBytes>,
    /// ??? The ACL operation.
    pub operation: i8,
    /// ??? The permission type.
    pub permission_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DeleteAcls Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 31, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The results for each filter.
    pub filter_results: Vec<DeleteAclsFilterResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each filter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsFilterResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The ACLs which matched this filter.
    pub matching_acls: Vec<DeleteAclsMatchingAcl>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The ACLs which matched this filter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsMatchingAcl {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The ACL resource type.
    pub resource_type: i8,
    /// ??? The ACL resource name.
    pub resource_name: StrBytes,
    /// ??? The ACL resource pattern type.
    #[kafka(versions = "1+", default = 3)]
    pub pattern_type: i8,
    /// ??? The ACL principal.
    pub principal: StrBytes,
    /// ??? The ACL host.
    pub host: StrBytes,
    /// ??? The ACL operation.
    pub operation: i8,
    /// ??? The ACL permission type.
    pub permission_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
