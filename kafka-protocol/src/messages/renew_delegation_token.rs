//! RenewDelegationToken: ???
//!
//! Versions 0-2. ???

use bytes::Bytes;

use crate::{Message, TaggedFields};

/// ??? RenewDelegationToken Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 39, versions = "0-2", flexible = "2+", response = RenewDelegationTokenResponse)]
#[non_exhaustive]
pub struct RenewDelegationTokenRequest {
    /// ??? The HMAC of the delegation token to be renewed.
    pub hmac: Bytes,
    /// ??? The renewal time period in milliseconds.
    pub renew_period_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? RenewDelegationToken Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 39, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct RenewDelegationTokenResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The timestamp in milliseconds at which this token expires.
    pub expiry_timestamp_ms: i64,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
