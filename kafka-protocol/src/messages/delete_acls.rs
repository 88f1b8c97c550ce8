//! DeleteAcls: removes the ACLs that match a filter (KIP-140).
//!
//! An administrator's client sends it to any broker, which forwards it to the
//! controller.
//!
//! Versions 0-3. 1 adds patterns of resource names (KIP-290) and is answered
//! before it is throttled (KIP-219); 2 is flexible; 3 can name users as
//! resources (KIP-373).

use crate::{Message, StrBytes, TaggedFields};

/// Removes ACLs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 31, versions = "0-3", flexible = "2+", response = DeleteAclsResponse)]
#[non_exhaustive]
pub struct DeleteAclsRequest {
    /// What to remove: all that any of the filters matches.
    pub filters: Vec<DeleteAclsFilter>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Matches ACLs. The numbers are those of
/// [`AclCreation`](super::create_acls::AclCreation), and 1 matches any.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsFilter {
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

/// What was removed.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 31, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The results, in the order of the filters.
    pub filter_results: Vec<DeleteAclsFilterResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result of one filter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsFilterResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The ACLs that it matched.
    pub matching_acls: Vec<DeleteAclsMatchingAcl>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An ACL that matched. The numbers are those of
/// [`AclCreation`](super::create_acls::AclCreation).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DeleteAclsMatchingAcl {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// What it is about.
    pub resource_type: i8,
    /// The name or prefix of the resource, or `*`.
    pub resource_name: StrBytes,
    /// How the name is meant: 3 literally, 4 as a prefix.
    #[kafka(versions = "1+", default = 3)]
    pub pattern_type: i8,
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
