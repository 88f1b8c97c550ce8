//! DescribeAcls: the ACLs that match a filter (KIP-140).
//!
//! An administrator's client asks any broker.
//!
//! Versions 0-3. 1 adds patterns of resource names (KIP-290) and is answered
//! before it is throttled (KIP-219); 2 is flexible; 3 can name users as
//! resources (KIP-373).

use crate::{Message, StrBytes, TaggedFields};

/// Asks for ACLs. The numbers are those of
/// [`AclCreation`](super::create_acls::AclCreation), and 1 matches any.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 29, versions = "0-3", flexible = "2+", response = DescribeAclsResponse)]
#[non_exhaustive]
pub struct DescribeAclsRequest {
    /// What it is about; 1 for anything.
    pub resource_type_filter: i8,
    /// The name of the resource; null for any. Its default is empty, as in
    /// Kafka.
    #[kafka(default = "")]
    pub resource_name_filter: Option<StrBytes>,
    /// How the name is meant: 3 literally, 4 as a prefix, 1 either. 2 finds
    /// every ACL that holds for a resource of that name.
    #[kafka(versions = "1+", default = 3)]
    pub pattern_type_filter: i8,
    /// Who, as `User:alice`; null for anyone. Its default is empty, as in
    /// Kafka.
    #[kafka(default = "")]
    pub principal_filter: Option<StrBytes>,
    /// The address they come from; null for any. Its default is empty, as in
    /// Kafka.
    #[kafka(default = "")]
    pub host_filter: Option<StrBytes>,
    /// What they do; 1 for anything.
    pub operation: i8,
    /// 2 for what denies, 3 for what allows, 1 for both.
    pub permission_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The ACLs, resource by resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 29, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeAclsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The resources that the filter found ACLs of.
    pub resources: Vec<DescribeAclsResource>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The ACLs of one resource. The numbers are those of
/// [`AclCreation`](super::create_acls::AclCreation).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeAclsResource {
    /// What it is.
    pub resource_type: i8,
    /// Its name or prefix, or `*`.
    pub resource_name: StrBytes,
    /// How the name is meant: 3 literally, 4 as a prefix.
    #[kafka(versions = "1+", default = 3)]
    pub pattern_type: i8,
    /// Its ACLs.
    pub acls: Vec<AclDescription>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One ACL.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AclDescription {
    /// Who, as `User:alice`.
    pub principal: StrBytes,
    /// The address they come from; `*` is any.
    pub host: StrBytes,
    /// What they do.
    pub operation: i8,
    /// 2 denies, 3 allows.
    pub permission_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
