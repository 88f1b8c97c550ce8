//! RenewDelegationToken: gives a delegation token more time (KIP-48).
//!
//! Its owner or a renewer sends it to any broker, which forwards it to the
//! controller; the connection must be authenticated, and not by a token itself.
//!
//! Versions 0-2. 1 is answered before it is throttled (KIP-219); 2 is flexible.

use bytes::Bytes;

use crate::{Message, TaggedFields};

/// Renews a token.
///
/// Debug hides its HMAC, with which anyone can log in.
#[derive(Clone, PartialEq, Message)]
#[kafka(key = 39, versions = "0-2", flexible = "2+", response = RenewDelegationTokenResponse)]
#[non_exhaustive]
pub struct RenewDelegationTokenRequest {
    /// The token's HMAC. A secret.
    #[kafka(secret)]
    pub hmac: Bytes,
    /// Milliseconds from now until it expires, as far as its maximum lifetime
    /// allows; -1 for the broker's `delegation.token.expiry.time.ms`.
    pub renew_period_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// When it expires now.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 39, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct RenewDelegationTokenResponse {
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
