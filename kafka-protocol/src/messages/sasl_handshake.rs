//! SaslHandshake: chooses the SASL mechanism to log in with (KIP-43).
//!
//! A client sends it first on a connection, or second after ApiVersions.
//!
//! Versions 0-1. After 0 the bytes of the mechanism follow without Kafka's
//! headers, each behind its length; after 1 they travel in SaslAuthenticate
//! (KIP-152).

use crate::{Message, StrBytes};

/// Chooses a mechanism.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 17, versions = "0-1", flexible = "none", response = SaslHandshakeResponse)]
#[non_exhaustive]
pub struct SaslHandshakeRequest {
    /// Its name, such as `SCRAM-SHA-256`.
    pub mechanism: StrBytes,
}

/// Whether it can be used.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 17, versions = "0-1", flexible = "none")]
#[non_exhaustive]
pub struct SaslHandshakeResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The mechanisms that the broker offers here.
    pub mechanisms: Vec<StrBytes>,
}
