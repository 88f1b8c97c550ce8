//! Whole frames of any API, for what stands between others: proxies, recorders,
//! dissectors.

use bytes::Bytes;

use super::{framed, open_request, open_response};
use crate::error::DecodeErrorKind;
use crate::header::{
    RequestHeader, ResponseHeader, request_header_version, response_header_version,
};
use crate::messages::{AnyRequest, AnyResponse};
use crate::wire::{Limits, Reader, Segments};
use crate::{ApiKey, DecodeError, EncodeError};

/// Reads a request frame (without length prefix) of whichever API it is.
///
/// # Errors
///
/// When the API is unknown, see [`Message::decode`](crate::Message::decode) for
/// the rest; also when bytes are left over.
pub fn decode_request(
    frame: Bytes,
    limits: Limits,
) -> Result<(RequestHeader, AnyRequest), DecodeError> {
    // First of all: an unknown API's header is of an unknown version.
    let code = Reader::new(frame.clone())
        .read_i16()
        .map_err(|error| error.in_field("api_key").in_message("RequestHeader"))?;
    let key = ApiKey::from_code(code).ok_or_else(|| {
        let kind = DecodeErrorKind::UnknownApi(code);
        DecodeError::new(kind).in_message("RequestHeader")
    })?;
    let (header, mut body) = open_request(frame, limits)?;
    let request = AnyRequest::decode(key, &mut body, header.api_version)?;
    body.expect_end()
        .map_err(|error| error.in_message(request.schema().name))?;
    Ok((header, request))
}

/// Reads the response frame (without length prefix) to a request of `key` and
/// `version`.
///
/// A broker that does not know the version of an ApiVersions request answers in
/// version 0; such an answer is read when `version` is 0.
///
/// # Errors
///
/// See [`Message::decode`](crate::Message::decode); also when bytes are left
/// over.
pub fn decode_response(
    key: ApiKey,
    version: i16,
    frame: Bytes,
    limits: Limits,
) -> Result<(ResponseHeader, AnyResponse), DecodeError> {
    let (header, mut body) = open_response(key, version, frame, limits)?;
    let response = AnyResponse::decode(key, &mut body, version)?;
    body.expect_end()
        .map_err(|error| error.in_message(response.schema().name))?;
    Ok((header, response))
}

/// A request with its length prefix and the header as it is given, unknown tagged
/// fields included. The header's key and version are those the body is written
/// for.
///
/// # Errors
///
/// When the header names another API than the request's, and as
/// [`Message::encode`](crate::Message::encode).
pub fn encode_any_request(
    header: &RequestHeader,
    request: &AnyRequest,
) -> Result<Segments, EncodeError> {
    let version = header.api_version;
    if header.api_key != request.key().code() {
        let kind = crate::error::EncodeErrorKind::OtherApi {
            header: header.api_key,
            body: request.key(),
        };
        return Err(EncodeError::new(kind).in_message("RequestHeader", version));
    }
    let header_version = request_header_version(header.api_key, version);
    framed(|sink| {
        header.encode(sink, header_version)?;
        request.encode(sink, version)
    })
}

/// A response to a request of `version`, with its length prefix and the header as
/// it is given, unknown tagged fields included.
///
/// # Errors
///
/// As [`Message::encode`](crate::Message::encode).
pub fn encode_any_response(
    header: &ResponseHeader,
    version: i16,
    response: &AnyResponse,
) -> Result<Segments, EncodeError> {
    let header_version = response_header_version(response.key().code(), version);
    framed(|sink| {
        header.encode(sink, header_version)?;
        response.encode(sink, version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
    use crate::{StrBytes, TaggedFields};

    fn tags() -> TaggedFields {
        TaggedFields::from_iter([(9, Bytes::from_static(b"new"))])
    }

    #[test]
    fn a_request_comes_out_as_it_came_in() {
        let header = RequestHeader {
            api_key: ApiKey::FindCoordinator.code(),
            api_version: 3,
            correlation_id: 7,
            client_id: Some(StrBytes::from("me")),
            unknown_tagged_fields: tags(),
        };
        let request = FindCoordinatorRequest::new()
            .with_key("g")
            .with_unknown_tagged_fields(tags());
        let frame = encode_any_request(&header, &request.into())
            .unwrap()
            .into_bytes();
        let (read_header, read) = decode_request(frame.slice(4..), Limits::default()).unwrap();
        assert_eq!(read_header, header);
        let again = encode_any_request(&read_header, &read).unwrap();
        assert_eq!(again.into_bytes(), frame);
    }

    #[test]
    fn a_response_comes_out_as_it_came_in() {
        let header = ResponseHeader {
            correlation_id: 7,
            unknown_tagged_fields: tags(),
        };
        let response = FindCoordinatorResponse::new().with_host("h").into();
        let frame = encode_any_response(&header, 3, &response)
            .unwrap()
            .into_bytes();
        let key = ApiKey::FindCoordinator;
        let read = decode_response(key, 3, frame.slice(4..), Limits::default());
        assert_eq!(read, Ok((header, response)));
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let header = RequestHeader {
            api_key: ApiKey::Fetch.code(),
            api_version: 3,
            ..RequestHeader::default()
        };
        let error = encode_any_request(&header, &FindCoordinatorRequest::new().into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "RequestHeader (version 3): the header is of API 1, the body of FindCoordinator"
        );
        let unknown = Bytes::from_static(b"\x7f\0\0\0\0\0\0\x01\xff\xff");
        let error = decode_request(unknown, Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "RequestHeader: no API has the key 32512");
        let longer = Bytes::from_static(b"\0\x0a\0\0\0\0\0\x01\xff\xff\0\x01gX");
        let error = decode_request(longer, Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "FindCoordinatorRequest: 1 bytes left over"
        );
    }
}
