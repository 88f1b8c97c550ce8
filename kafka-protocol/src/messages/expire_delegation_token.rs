//! ExpireDelegationToken: lets a delegation token expire, at once or some time
//! from now (KIP-48).
//!
//! Its owner or a renewer sends it to any broker, which forwards it to the
//! controller; the connection must be authenticated, and not by a token itself.
//!
//! Versions 0-2. 1 is answered before it is throttled (KIP-219); 2 is flexible.

use bytes::Bytes;

use crate::{Message, TaggedFields};

/// Lets a token expire.
///
/// Debug hides its HMAC, with which anyone can log in.
#[derive(Clone, PartialEq, Message)]
#[kafka(key = 40, versions = "0-2", flexible = "2+", response = ExpireDelegationTokenResponse)]
#[non_exhaustive]
pub struct ExpireDelegationTokenRequest {
    /// The token's HMAC. A secret.
    #[kafka(secret)]
    pub hmac: Bytes,
    /// Milliseconds from now; below zero at once.
    pub expiry_time_period_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// When it expires.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 40, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct ExpireDelegationTokenResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// When, in milliseconds since the Unix epoch.
    pub expiry_timestamp_ms: i64,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
