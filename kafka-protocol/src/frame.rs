//! Frames: a 32-bit length, a header, a body.
//!
//! Whole frames are written with [`encode_request`] and [`encode_response`],
//! cut out of a byte stream by [`FrameDecoder`], and opened with
//! [`open_request`] and [`open_response`].

mod decoder;

pub use decoder::{FrameDecoder, FrameError, FrameHint};

use bytes::Bytes;

use crate::header::{
    RequestHeader, ResponseHeader, request_header_version, response_header_version,
};
use crate::wire::{Limits, Reader, Segments, Sink};
use crate::{ApiKey, DecodeError, EncodeError, Message, Request, StrBytes};

/// A request with its header and length prefix.
///
/// # Errors
///
/// See [`Message::encode`].
pub fn encode_request<R: Request>(
    request: &R,
    version: i16,
    correlation_id: i32,
    client_id: Option<&StrBytes>,
) -> Result<Segments, EncodeError> {
    let header = RequestHeader {
        api_key: R::KEY.code(),
        api_version: version,
        correlation_id,
        client_id: client_id.cloned(),
        ..RequestHeader::default()
    };
    let header_version = request_header_version(header.api_key, version);
    framed(|sink| {
        header.encode(sink, header_version)?;
        request.encode(sink, version)
    })
}

/// A response with its header and length prefix.
///
/// `version` is the request's; an ApiVersions response to a version the broker
/// does not know is written in version 0.
///
/// # Errors
///
/// See [`Message::encode`].
pub fn encode_response<M: Message>(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    response: &M,
) -> Result<Segments, EncodeError> {
    let header = ResponseHeader {
        correlation_id,
        ..ResponseHeader::default()
    };
    framed(|sink| {
        header.encode(sink, response_header_version(key.code(), version))?;
        response.encode(sink, version)
    })
}

/// Reads the header of a request frame (without length prefix), choosing its
/// version by the key and version it starts with, and leaves the reader at the
/// body.
///
/// # Errors
///
/// When the frame does not hold such a header.
pub fn open_request(frame: Bytes, limits: Limits) -> Result<(RequestHeader, Reader), DecodeError> {
    // The key and version are first in every version of the header.
    let start = RequestHeader::decode(&mut Reader::new(frame.clone()), 0)?;
    let header_version = request_header_version(start.api_key, start.api_version);
    let mut reader = Reader::with_limits(frame, limits);
    let header = RequestHeader::decode(&mut reader, header_version)?;
    Ok((header, reader))
}

/// Reads the header of a response frame (without length prefix) to a request of
/// `key` and `version`, and leaves the reader at the body.
///
/// # Errors
///
/// When the frame does not hold such a header.
pub fn open_response(
    key: ApiKey,
    version: i16,
    frame: Bytes,
    limits: Limits,
) -> Result<(ResponseHeader, Reader), DecodeError> {
    let mut reader = Reader::with_limits(frame, limits);
    let header = ResponseHeader::decode(&mut reader, response_header_version(key.code(), version))?;
    Ok((header, reader))
}

/// Reads a body and demands that it ends with the frame.
///
/// # Errors
///
/// See [`Message::decode`]; also when bytes are left over.
pub fn decode_body<M: Message>(mut body: Reader, version: i16) -> Result<M, DecodeError> {
    let message = M::decode(&mut body, version)?;
    body.expect_end()
        .map_err(|error| error.in_message(M::SCHEMA.name))?;
    Ok(message)
}

fn framed(
    write: impl FnOnce(&mut Sink) -> Result<(), EncodeError>,
) -> Result<Segments, EncodeError> {
    let mut sink = Sink::with_capacity(TYPICAL_FRAME_LEN);
    sink.put_i32(0);
    write(&mut sink)?;
    sink.fill_length_prefix()?;
    Ok(sink.finish())
}

/// Holds most frames, record data apart, without growing.
const TYPICAL_FRAME_LEN: usize = 512;
