//! Frames: a 32-bit length, a header, a body.
//!
//! Whole frames are written with [`encode_request`] and [`encode_response`],
//! cut out of a byte stream by [`FrameDecoder`], and opened with
//! [`open_request`] and [`open_response`]. What handles any API reads whole frames
//! with [`decode_request`] and [`decode_response`].

mod any;
mod decoder;

pub use any::{decode_request, decode_response, encode_any_request, encode_any_response};
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
    let header_version = match frame.first_chunk() {
        Some([a, b, c, d]) => {
            let (key, version) = (i16::from_be_bytes([*a, *b]), i16::from_be_bytes([*c, *d]));
            request_header_version(key, version)
        }
        None => 0,
    };
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
const TYPICAL_FRAME_LEN: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::produce::{PartitionProduceData, TopicProduceData};
    use crate::messages::{ApiVersionsResponse, FindCoordinatorRequest, ProduceRequest};
    use crate::{RecordBytes, Uuid};

    #[test]
    fn a_request_and_its_header() {
        let request = FindCoordinatorRequest::new().with_key("g");
        let client_id = StrBytes::from("me");
        let frame = encode_request(&request, 1, 5, Some(&client_id)).unwrap();
        let expected = b"\0\0\0\x10\0\x0a\0\x01\0\0\0\x05\0\x02me\0\x01g\0";
        assert_eq!(frame.into_bytes(), &expected[..]);

        let (header, body) =
            open_request(Bytes::from_static(&expected[4..]), Limits::default()).unwrap();
        assert_eq!(
            (header.api_key, header.api_version, header.correlation_id),
            (10, 1, 5)
        );
        assert_eq!(header.client_id, Some(client_id));
        assert_eq!(decode_body::<FindCoordinatorRequest>(body, 1), Ok(request));
    }

    #[test]
    fn an_api_versions_response_has_a_plain_header() {
        let response = ApiVersionsResponse::new();
        let frame = encode_response(ApiKey::ApiVersions, 3, 1, &response)
            .unwrap()
            .into_bytes();
        assert_eq!(frame, &b"\0\0\0\x0c\0\0\0\x01\0\0\x01\0\0\0\0\0"[..]);
        let (header, body) =
            open_response(ApiKey::ApiVersions, 3, frame.slice(4..), Limits::default()).unwrap();
        assert_eq!(header.correlation_id, 1);
        assert_eq!(decode_body::<ApiVersionsResponse>(body, 3), Ok(response));
    }

    #[test]
    fn bytes_after_the_body_are_an_error() {
        let body = Reader::new(Bytes::from_static(b"\0\x01g\0\0"));
        let error = decode_body::<FindCoordinatorRequest>(body, 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "FindCoordinatorRequest: 1 bytes left over"
        );
    }

    #[test]
    fn record_data_is_not_copied_on_its_way() {
        let (batch_header, batch_body) = (Bytes::from(vec![1; 61]), Bytes::from(vec![2; 10_000]));
        let records = RecordBytes::from_segments([batch_header, batch_body.clone()]);
        let request = ProduceRequest::new()
            .with_acks(-1)
            .with_topic_data([TopicProduceData::new()
                .with_topic_id(Uuid::from_bytes([7; 16]))
                .with_partition_data([
                    PartitionProduceData::new()
                        .with_index(0)
                        .with_records(records.clone()),
                    PartitionProduceData::new()
                        .with_index(1)
                        .with_records(records.clone()),
                ])]);
        let frame = encode_request(&request, 13, 1, None).unwrap();
        let lens: Vec<_> = frame.segments().iter().map(Bytes::len).collect();
        assert_eq!(lens, [107, 10_000, 68, 10_000, 3]);
        assert_eq!(frame.segments()[1].as_ptr(), batch_body.as_ptr());

        let whole = frame.into_bytes().slice(4..);
        let (_, body) = open_request(whole.clone(), Limits::default()).unwrap();
        let read = decode_body::<ProduceRequest>(body, 13).unwrap();
        assert_eq!(read, request);
        let records = read.topic_data[0].partition_data[0]
            .records
            .clone()
            .unwrap();
        let [slice] = records.segments() else {
            panic!("{records:?}")
        };
        assert!(
            whole.as_ptr_range().contains(&slice.as_ptr()),
            "a view on the frame"
        );
    }
}
