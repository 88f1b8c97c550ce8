//! SaslAuthenticate: ???
//!
//! Versions 0-2. ???

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// ??? SaslAuthenticate Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 36, versions = "0-2", flexible = "2+", response = SaslAuthenticateResponse)]
#[non_exhaustive]
pub struct SaslAuthenticateRequest {
    /// ??? The SASL authentication bytes from the client, as defined by the
    /// SASL mechanism.
    pub auth_bytes: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? SaslAuthenticate Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 36, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct SaslAuthenticateResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The SASL authentication bytes from the server, as defined by the
    /// SASL mechanism.
    pub auth_bytes: Bytes,
    /// ??? Number of milliseconds after which only re-authentication over the
    /// existing connection to create a new session can occur.
    #[kafka(versions = "1+", ignorable)]
    pub session_lifetime_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
