//! CreateAcls: grants and denies access (KIP-140).
//!
//! An administrator's client sends it to any broker, which forwards it to the
//! controller.
//!
//! Versions 0-3. 1 adds patterns of resource names (KIP-290) and is answered
//! before it is throttled (KIP-219); 2 is flexible; 3 can name users as
//! resources (KIP-373).

use crate::{Message, StrBytes, TaggedFields};

/// Adds ACLs to those there are.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 30, versions = "0-3", flexible = "2+", response = CreateAclsResponse)]
#[non_exhaustive]
pub struct CreateAclsRequest {
    /// The ACLs to add.
    pub creations: Vec<AclCreation>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An ACL to add.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AclCreation {
    /// What it is about: 2 topics, 3 groups, 4 the cluster, 5 transactional
    /// ids, 6 delegation tokens, 7 users (KIP-373).
    pub resource_type: i8,
    /// Which one: a name, a prefix, or `*` for any; `kafka-cluster` for the
    /// cluster.
    pub resource_name: StrBytes,
    /// How the name is meant: 3 literally, 4 as a prefix.
    #[kafka(versions = "1+", default = 3)]
    pub resource_pattern_type: i8,
    /// Who, as `User:alice`; `User:*` is everyone.
    pub principal: StrBytes,
    /// The address they come from; `*` is any.
    pub host: StrBytes,
    /// What they do: 2 anything, 3 read, 4 write, 5 create, 6 delete, 7 alter,
    /// 8 describe, 9 act as a broker, 10 and 11 describe and alter
    /// configurations, 12 write idempotently, 13 and 14 create and describe
    /// tokens (KIP-373), 15 two-phase commit (KIP-939).
    pub operation: i8,
    /// 2 denies, 3 allows. What denies comes before what allows.
    pub permission_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each ACL.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 30, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct CreateAclsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The results, in the order of the request.
    pub results: Vec<AclCreationResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result of one ACL.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct AclCreationResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
