//! SaslHandshake: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes};

/// ??? SaslHandshake Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 17, versions = "0-1", flexible = "none", response = SaslHandshakeResponse)]
#[non_exhaustive]
pub struct SaslHandshakeRequest {
    /// ??? The SASL mechanism chosen by the client.
    pub mechanism: StrBytes,
}

/// ??? SaslHandshake Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 17, versions = "0-1", flexible = "none")]
#[non_exhaustive]
pub struct SaslHandshakeResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The mechanisms enabled in the server.
    pub mechanisms: Vec<StrBytes>,
}
