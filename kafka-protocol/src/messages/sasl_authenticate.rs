//! SaslAuthenticate: one step of logging in by SASL (KIP-152).
//!
//! A client sends it after SaslHandshake of version 1, as often as the
//! mechanism needs, before any other request; and later to log in anew before
//! the session is over.
//!
//! Versions 0-2. 1 tells how long the session is (KIP-368); 2 is flexible.

use bytes::Bytes;

use crate::{Message, StrBytes, TaggedFields};

/// The client's side of a step.
///
/// Debug hides its bytes, which can be a password or a token.
#[derive(Clone, PartialEq, Message)]
#[kafka(key = 36, versions = "0-2", flexible = "2+", response = SaslAuthenticateResponse)]
#[non_exhaustive]
pub struct SaslAuthenticateRequest {
    /// What the mechanism says; with PLAIN the password itself. A secret.
    #[kafka(secret)]
    pub auth_bytes: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The broker's side of a step.
///
/// Debug hides its bytes, from which a weak password can be guessed.
#[derive(Clone, PartialEq, Message)]
#[kafka(key = 36, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct SaslAuthenticateResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// What the mechanism says. A secret.
    #[kafka(secret)]
    pub auth_bytes: Bytes,
    /// Milliseconds after which the connection can only be used to log in anew;
    /// 0 for no limit.
    #[kafka(versions = "1+", ignorable)]
    pub session_lifetime_ms: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
