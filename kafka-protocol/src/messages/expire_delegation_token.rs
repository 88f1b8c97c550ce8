//! ExpireDelegationToken: ???
//!
//! Versions 0-2. ???

use bytes::Bytes;

use crate::{Message, TaggedFields};

/// ??? ExpireDelegationToken Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 40, versions = "0-2", flexible = "2+", response = ExpireDelegationTokenResponse)]
#[non_exhaustive]
pub struct ExpireDelegationTokenRequest {
    /// ??? The HMAC of the delegation token to be expired.
    pub hmac: Bytes,
    /// ??? The expiry time period in milliseconds.
    pub expiry_time_period_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ExpireDelegationToken Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 40, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct ExpireDelegationTokenResponse {
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
