//! AlterUserScramCredentials: adds, replaces and removes what users log in with
//! by SCRAM (KIP-554).
//!
//! An administrator's client sends it to any broker, which forwards it to the
//! controller. The password itself does not travel; what does is as good as
//! one.
//!
//! Version 0, flexible.

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// Adds, replaces and removes credentials.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 51, versions = "0", flexible = "0+", response = AlterUserScramCredentialsResponse)]
#[non_exhaustive]
pub struct AlterUserScramCredentialsRequest {
    /// The credentials to remove.
    pub deletions: Vec<ScramCredentialDeletion>,
    /// The credentials to add or replace.
    pub upsertions: Vec<ScramCredentialUpsertion>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A credential to remove.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ScramCredentialDeletion {
    /// The user.
    pub name: StrBytes,
    /// 1 for SCRAM-SHA-256, 2 for SCRAM-SHA-512.
    pub mechanism: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A credential to add or replace.
///
/// Debug hides the salted password, with which anyone can log in.
#[derive(Clone, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ScramCredentialUpsertion {
    /// The user.
    pub name: StrBytes,
    /// 1 for SCRAM-SHA-256, 2 for SCRAM-SHA-512.
    pub mechanism: i8,
    /// How often the password was hashed: from 4,096 to 16,384.
    pub iterations: i32,
    /// Random bytes of the client's choice, other ones for every credential.
    pub salt: Bytes,
    /// `Hi(password, salt, iterations)` of RFC 5802, of the length of the
    /// mechanism's hash. A secret.
    #[kafka(secret)]
    pub salted_password: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each user.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 51, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct AlterUserScramCredentialsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The results, one for each user named.
    pub results: Vec<AlterUserScramCredentialsResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result for one user. If one change fails, none of the user's is made.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterUserScramCredentialsResult {
    /// The user.
    pub user: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
