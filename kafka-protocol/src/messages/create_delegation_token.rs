//! CreateDelegationToken: a token by which others can log in as a user, for
//! some time (KIP-48).
//!
//! Any client sends it to any broker, which forwards it to the controller; the
//! connection must be authenticated, and not by a token itself. The token then
//! serves as a SCRAM user: its id is the name, its HMAC in Base64 the password.
//!
//! Versions 0-3. 1 is answered before it is throttled (KIP-219); 2 is flexible;
//! 3 can create tokens for others (KIP-373).

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// Asks for a token.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 38, versions = "0-3", flexible = "2+", response = CreateDelegationTokenResponse)]
#[non_exhaustive]
pub struct CreateDelegationTokenRequest {
    /// The type of who owns it, such as `User`; null for whoever asks. Its
    /// default is empty, as in Kafka.
    #[kafka(versions = "3+", default = "")]
    pub owner_principal_type: Option<StrBytes>,
    /// The name of who owns it; null for whoever asks. Its default is empty, as
    /// in Kafka.
    #[kafka(versions = "3+", default = "")]
    pub owner_principal_name: Option<StrBytes>,
    /// Who may renew it, besides its owner.
    pub renewers: Vec<CreatableRenewers>,
    /// Milliseconds after which it cannot be renewed any more, or -1 for the
    /// broker's `delegation.token.max.lifetime.ms`, which it cannot exceed.
    pub max_lifetime_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Someone who may renew the token.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatableRenewers {
    /// The type, such as `User`.
    pub principal_type: StrBytes,
    /// The name.
    pub principal_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The token.
///
/// Debug hides its HMAC, with which anyone can log in.
#[derive(Clone, PartialEq, Message)]
#[kafka(key = 38, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct CreateDelegationTokenResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The type of who owns it.
    pub principal_type: StrBytes,
    /// The name of who owns it.
    pub principal_name: StrBytes,
    /// The type of who asked for it.
    #[kafka(versions = "3+")]
    pub token_requester_principal_type: StrBytes,
    /// The name of who asked for it.
    #[kafka(versions = "3+")]
    pub token_requester_principal_name: StrBytes,
    /// When it was created, in milliseconds since the Unix epoch.
    pub issue_timestamp_ms: i64,
    /// When it expires unless renewed, in milliseconds since the Unix epoch.
    pub expiry_timestamp_ms: i64,
    /// Until when it can be renewed, in milliseconds since the Unix epoch.
    pub max_timestamp_ms: i64,
    /// Its id, the user name to log in with.
    pub token_id: StrBytes,
    /// Its HMAC: the password to log in with, in Base64. A secret.
    #[kafka(secret)]
    pub hmac: Bytes,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
