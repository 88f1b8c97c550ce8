//! DescribeDelegationToken: ???
//!
//! Versions 0-3. ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeDelegationToken Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 41, versions = "0-3", flexible = "2+", response = DescribeDelegationTokenResponse)]
#[non_exhaustive]
pub struct DescribeDelegationTokenRequest {
    /// ??? Each owner that we want to describe delegation tokens for, or null
    /// to describe all tokens.
    #[kafka(default = [])]
    pub owners: Option<Vec<DescribeDelegationTokenOwner>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each owner that we want to describe delegation tokens for, or null to
/// describe all tokens.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeDelegationTokenOwner {
    /// ??? The owner principal type.
    pub principal_type: StrBytes,
    /// ??? The owner principal name.
    pub principal_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeDelegationToken Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 41, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct DescribeDelegationTokenResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The tokens.
    pub tokens: Vec<DescribedDelegationToken>,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The tokens.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribedDelegationToken {
    /// ??? The token principal type.
    pub principal_type: StrBytes,
    /// ??? The token principal name.
    pub principal_name: StrBytes,
    /// ??? The principal type of the requester of the token.
    #[kafka(versions = "3+")]
    pub token_requester_principal_type: StrBytes,
    /// ??? The principal type of the requester of the token.
    #[kafka(versions = "3+")]
    pub token_requester_principal_name: StrBytes,
    /// ??? The token issue timestamp in milliseconds.
    pub issue_timestamp: i64,
    /// ??? The token expiry timestamp in milliseconds.
    pub expiry_timestamp: i64,
    /// ??? The token maximum timestamp length in milliseconds.
    pub max_timestamp: i64,
    /// ??? The token ID.
    pub token_id: StrBytes,
    /// ??? The token HMAC.
    pub hmac: Bytes,
    /// ??? Those who are able to renew this token before it expires.
    pub renewers: Vec<DescribedDelegationTokenRenewer>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Those who are able to renew this token before it expires.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct DescribedDelegationTokenRenewer {
    /// ??? The renewer principal type.
    pub principal_type: StrBytes,
    /// ??? The renewer principal name.
    pub principal_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
