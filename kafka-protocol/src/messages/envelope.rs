//! Envelope: carries the request of another (KIP-590).
//!
//! A broker sends it to the active controller, to have a client's request done in
//! the name of that client.
//!
//! Version 0 only.

use bytes::Bytes;

use crate::{Message, TaggedFields};

/// A request of a client, as a broker passes it on.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 58, versions = "0", flexible = "0+", response = EnvelopeResponse)]
#[non_exhaustive]
pub struct EnvelopeRequest {
    /// The request as the client sent it: header and body, without the length
    /// in front.
    pub request_data: Bytes,
    /// Who the client is, in the form of the brokers' principal serializer. Its
    /// default is empty, as in Kafka.
    #[kafka(default = [])]
    pub request_principal: Option<Bytes>,
    /// The client's IP address: 4 bytes, or 16 for IPv6.
    pub client_host_address: Bytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The answer for the client.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 58, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct EnvelopeResponse {
    /// The answer to be passed on: header and body, without the length in
    /// front; null when the envelope itself was refused.
    pub response_data: Option<Bytes>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode) about the
    /// envelope; errors of the client's request are in the answer inside.
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
