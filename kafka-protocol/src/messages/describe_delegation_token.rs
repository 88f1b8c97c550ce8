//! DescribeDelegationToken: the delegation tokens that the client may see
//! (KIP-48).
//!
//! Any client asks any broker; the connection must be authenticated, and not by
//! a token itself.
//!
//! Versions 0-3. 1 is answered before it is throttled (KIP-219); 2 is flexible;
//! 3 tells who asked for a token (KIP-373).

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// Asks for tokens.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 41, versions = "0-3", flexible = "2+", response = DescribeDelegationTokenResponse)]
#[non_exhaustive]
pub struct DescribeDelegationTokenRequest {
    /// Whose tokens; null for all of them. Its default is empty, as in Kafka.
    #[kafka(default = [])]
    pub owners: Option<Vec<DescribeDelegationTokenOwner>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Someone who owns tokens.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeDelegationTokenOwner {
    /// The type, such as `User`.
    pub principal_type: StrBytes,
    /// The name.
    pub principal_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The tokens.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 41, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeDelegationTokenResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The tokens.
    pub tokens: Vec<DescribedDelegationToken>,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One token.
///
/// Debug hides its HMAC, with which anyone can log in.
#[derive(Clone, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribedDelegationToken {
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
    pub issue_timestamp: i64,
    /// When it expires unless renewed, in milliseconds since the Unix epoch.
    pub expiry_timestamp: i64,
    /// Until when it can be renewed, in milliseconds since the Unix epoch.
    pub max_timestamp: i64,
    /// Its id, the user name to log in with.
    pub token_id: StrBytes,
    /// Its HMAC: the password to log in with, in Base64. A secret.
    #[kafka(secret)]
    pub hmac: Bytes,
    /// Who may renew it, besides its owner.
    pub renewers: Vec<DescribedDelegationTokenRenewer>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Someone who may renew a token.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribedDelegationTokenRenewer {
    /// The type, such as `User`.
    pub principal_type: StrBytes,
    /// The name.
    pub principal_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
