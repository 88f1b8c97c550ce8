//! DescribeAcls: ???
//!
//! Versions 0-3. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeAcls Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 29, versions = "0-3", flexible = "2+", response = DescribeAclsResponse)]
#[non_exhaustive]
pub struct DescribeAclsRequest {
    /// ??? The resource type.
    pub resource_type_filter: i8,
    /// ??? The resource name, or null to match any resource name.
    #[kafka(default = "")]
    pub resource_name_filter: Option<StrBytes>,
    /// ??? The resource pattern to match.
    #[kafka(versions = "1+", default = 3)]
    pub pattern_type_filter: i8,
    /// ??? The principal to match, or null to match any principal.
    #[kafka(default = "")]
    pub principal_filter: Option<StrBytes>,
    /// ??? The host to match, or null to match any host.
    #[kafka(default = "")]
    pub host_filter: Option<StrBytes>,
    /// ??? The operation to match.
    pub operation: i8,
    /// ??? The permission type to match.
    pub permission_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeAcls Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 29, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeAclsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? Each Resource that is referenced in an ACL.
    pub resources: Vec<DescribeAclsResource>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each Resource that is referenced in an ACL.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeAclsResource {
    /// ??? The resource type.
    pub resource_type: i8,
    /// ??? The resource name.
    pub resource_name: StrBytes,
    /// ??? The resource pattern type.
    #[kafka(versions = "1+", default = 3)]
    pub pattern_type: i8,
    /// ??? The ACLs.
    pub acls: Vec<AclDescription>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The ACLs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AclDescription {
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
