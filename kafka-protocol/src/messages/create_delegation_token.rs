//! CreateDelegationToken: ???
//!
//! Versions 0-3. ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// ??? CreateDelegationToken Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 38, versions = "0-3", flexible = "2+", response = CreateDelegationTokenResponse)]
#[non_exhaustive]
pub struct CreateDelegationTokenRequest {
    /// ??? The principal type of the owner of the token. If it's null it
    /// defaults to the token request principal.
    #[kafka(versions = "3+", default = "")]
    pub owner_principal_type: Option<StrBytes>,
    /// ??? The principal name of the owner of the token. If it's null it
    /// defaults to the token request principal.
    #[kafka(versions = "3+", default = "")]
    pub owner_principal_name: Option<StrBytes>,
    /// ??? A list of those who are allowed to renew this token before it
    /// expires.
    pub renewers: Vec<CreatableRenewers>,
    /// ??? The maximum lifetime of the token in milliseconds, or -1 to use the
    /// server side default.
    pub max_lifetime_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? A list of those who are allowed to renew this token before it expires.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatableRenewers {
    /// ??? The type of the Kafka principal.
    pub principal_type: StrBytes,
    /// ??? The name of the Kafka principal.
    pub principal_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? CreateDelegationToken Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 38, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct CreateDelegationTokenResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The principal type of the token owner.
    pub principal_type: StrBytes,
    /// ??? The name of the token owner.
    pub principal_name: StrBytes,
    /// ??? The principal type of the requester of the token.
    #[kafka(versions = "3+")]
    pub token_requester_principal_type: StrBytes,
    /// ??? The principal type of the requester of the token.
    #[kafka(versions = "3+")]
    pub token_requester_principal_name: StrBytes,
    /// ??? When this token was generated.
    pub issue_timestamp_ms: i64,
    /// ??? When this token expires.
    pub expiry_timestamp_ms: i64,
    /// ??? The maximum lifetime of this token.
    pub max_timestamp_ms: i64,
    /// ??? The token UUID.
    pub token_id: StrBytes,
    /// ??? HMAC of the delegation token.
    pub hmac: Bytes,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
