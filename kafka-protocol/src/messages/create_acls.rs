//! CreateAcls: ???
//!
//! Versions 0-3. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? CreateAcls Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 30, versions = "0-3", flexible = "2+", response = CreateAclsResponse)]
#[non_exhaustive]
pub struct CreateAclsRequest {
    /// ??? The ACLs that we want to create.
    pub creations: Vec<AclCreation>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The ACLs that we want to create.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AclCreation {
    /// ??? The type of the resource.
    pub resource_type: i8,
    /// ??? The resource name for the ACL.
    pub resource_name: StrBytes,
    /// ??? The pattern type for the ACL.
    #[kafka(versions = "1+", default = 3)]
    pub resource_pattern_type: i8,
    /// ??? The principal for the ACL.
    pub principal: StrBytes,
    /// ??? The host for the ACL.
    pub host: StrBytes,
    /// ??? The operation type for the ACL (read, write, etc.).
    pub operation: i8,
    /// ??? The permission type for the ACL (allow, deny, etc.).
    pub permission_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? CreateAcls Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 30, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct CreateAclsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The results for each ACL creation.
    pub results: Vec<AclCreationResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each ACL creation.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AclCreationResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
