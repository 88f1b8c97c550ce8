//! DescribeUserScramCredentials: who can log in by SCRAM, and with which
//! mechanisms (KIP-554).
//!
//! An administrator's client asks any broker. Nothing secret is told.
//!
//! Version 0, flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for users.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 50, versions = "0", flexible = "0+", response = DescribeUserScramCredentialsResponse)]
#[non_exhaustive]
pub struct DescribeUserScramCredentialsRequest {
    /// The users; null or none for all of them. Its default is empty, as in
    /// Kafka.
    #[kafka(default = [])]
    pub users: Option<Vec<UserName>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A user to tell of.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct UserName {
    /// The user.
    pub name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The users.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 50, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeUserScramCredentialsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The users.
    pub results: Vec<DescribeUserScramCredentialsResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeUserScramCredentialsResult {
    /// The user.
    pub user: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The user's credentials.
    pub credential_infos: Vec<CredentialInfo>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One credential.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct CredentialInfo {
    /// 1 for SCRAM-SHA-256, 2 for SCRAM-SHA-512; 0 when not known.
    pub mechanism: i8,
    /// How often the password was hashed.
    pub iterations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
