//! DescribeUserScramCredentials: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeUserScramCredentials Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 50, versions = "0", flexible = "0+", response = DescribeUserScramCredentialsResponse)]
#[non_exhaustive]
pub struct DescribeUserScramCredentialsRequest {
    /// ??? The users to describe, or null/empty to describe all users.
    #[kafka(default = [])]
    pub users: Option<Vec<UserName>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The users to describe, or null/empty to describe all users.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct UserName {
    /// ??? The user name.
    pub name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeUserScramCredentials Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 50, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeUserScramCredentialsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The results for descriptions, one per user.
    pub results: Vec<DescribeUserScramCredentialsResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for descriptions, one per user.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeUserScramCredentialsResult {
    /// ??? The user name.
    pub user: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The mechanism and related information associated with the user's
    /// SCRAM credentials.
    pub credential_infos: Vec<CredentialInfo>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The mechanism and related information associated with the user's SCRAM
/// credentials.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct CredentialInfo {
    /// ??? The SCRAM mechanism.
    pub mechanism: i8,
    /// ??? The number of iterations used in the SCRAM credential.
    pub iterations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
