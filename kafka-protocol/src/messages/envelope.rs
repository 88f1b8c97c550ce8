//! Envelope: ???
//!
//! Versions 0. ???

use bytes::Bytes;

use crate::{Message, TaggedFields};

/// ??? Envelope Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 58, versions = "0", flexible = "0+", response = EnvelopeResponse)]
#[non_exhaustive]
pub struct EnvelopeRequest {
    /// ??? The embedded request header and data.
    pub request_data: Bytes,
    /// ??? Value of the initial client principal when the request is redirected
    /// by a broker.
    #[kafka(default = [])]
    pub request_principal: Option<Bytes>,
    /// ??? The original client's address in bytes.
    pub client_host_address: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Envelope Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 58, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct EnvelopeResponse {
    /// ??? The embedded response header and data.
    pub response_data: Option<Bytes>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
