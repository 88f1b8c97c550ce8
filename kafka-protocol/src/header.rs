//! The headers in front of every request and response body.

use crate::codec::not_in_version;
use crate::error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
use crate::schema::{DefaultValue, FieldKind, FieldSchema, MessageKind, MessageSchema};
use crate::wire::{Reader, Sink};
use crate::{ApiKey, StrBytes, TaggedFields, VersionRange};

/// The header of a request.
///
/// Version 0 (ControlledShutdown v0 only) has no client id; version 1 has; 2
/// adds tagged fields, the client id staying a string with a 16-bit length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHeader {
    /// The API, raw, since a broker can be asked for one it does not know.
    pub api_key: i16,
    /// The version of the request body, and of the answer.
    pub api_version: i16,
    /// Comes back in the response's header.
    pub correlation_id: i32,
    /// The client's name for itself; empty by default and in version 0.
    pub client_id: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

impl RequestHeader {
    /// The header as data. Its code is written by hand, and tested against this.
    pub const SCHEMA: &'static MessageSchema = &MessageSchema {
        name: "RequestHeader",
        key: None,
        kind: MessageKind::Data,
        versions: VersionRange::new(0, 2),
        unstable: None,
        flexible: Some(VersionRange::new(2, 2)),
        fields: &[
            number("api_key", "requestApiKey", FieldKind::Int16, 2),
            number("api_version", "requestApiVersion", FieldKind::Int16, 2),
            number("correlation_id", "correlationId", FieldKind::Int32, 2),
            FieldSchema {
                name: "client_id",
                kafka_name: "clientId",
                kind: FieldKind::String,
                versions: VersionRange::new(1, 2),
                nullable: Some(VersionRange::new(1, 2)),
                tag: None,
                ignorable: true,
                flexible: Some(None),
                default: DefaultValue::String(""),
            },
        ],
    };

    /// Writes the header in `header_version` (0, 1 or 2; see
    /// [`request_header_version`]).
    ///
    /// # Errors
    ///
    /// When there is no such version, for unknown tagged fields in a version below
    /// 2, and for a client id too long for a string.
    pub fn encode(&self, sink: &mut Sink, header_version: i16) -> Result<(), EncodeError> {
        let named = |error: EncodeError| error.in_message("RequestHeader", header_version);
        check_encode(Self::SCHEMA, header_version, &self.unknown_tagged_fields)?;
        sink.put_i16(self.api_key);
        sink.put_i16(self.api_version);
        sink.put_i32(self.correlation_id);
        if header_version >= 1 {
            match &self.client_id {
                Some(client_id) => {
                    sink.put_string(client_id, false)
                        .map_err(|error| named(error.in_field("client_id")))?;
                }
                None => sink.put_null_string(false),
            }
        }
        if header_version >= 2 {
            self.unknown_tagged_fields.encode(sink).map_err(named)?;
        }
        Ok(())
    }

    /// Reads a header of `header_version`.
    ///
    /// # Errors
    ///
    /// When there is no such version, and when the bytes are not such a header.
    pub fn decode(reader: &mut Reader, header_version: i16) -> Result<Self, DecodeError> {
        check_decode(Self::SCHEMA, header_version)?;
        let read = |reader: &mut Reader| {
            let fixed = Self {
                api_key: reader
                    .read_i16()
                    .map_err(|error| error.in_field("api_key"))?,
                api_version: reader
                    .read_i16()
                    .map_err(|error| error.in_field("api_version"))?,
                correlation_id: reader
                    .read_i32()
                    .map_err(|error| error.in_field("correlation_id"))?,
                ..Self::default()
            };
            let client_id = match header_version {
                ..=0 => fixed.client_id,
                _ => reader
                    .read_nullable_string(false)
                    .map_err(|error| error.in_field("client_id"))?,
            };
            let unknown_tagged_fields = match header_version {
                ..=1 => TaggedFields::new(),
                _ => TaggedFields::decode(reader, |_, _| Ok(false))?,
            };
            Ok(Self {
                client_id,
                unknown_tagged_fields,
                ..fixed
            })
        };
        read(reader).map_err(|error: DecodeError| error.in_message("RequestHeader"))
    }
}

impl Default for RequestHeader {
    fn default() -> Self {
        Self {
            api_key: 0,
            api_version: 0,
            correlation_id: 0,
            client_id: Some(StrBytes::default()),
            unknown_tagged_fields: TaggedFields::new(),
        }
    }
}

/// The header of a response.
///
/// Version 1 adds tagged fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHeader {
    /// The request's.
    pub correlation_id: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

impl ResponseHeader {
    /// The header as data. Its code is written by hand, and tested against this.
    pub const SCHEMA: &'static MessageSchema = &MessageSchema {
        name: "ResponseHeader",
        key: None,
        kind: MessageKind::Data,
        versions: VersionRange::new(0, 1),
        unstable: None,
        flexible: Some(VersionRange::new(1, 1)),
        fields: &[number(
            "correlation_id",
            "correlationId",
            FieldKind::Int32,
            1,
        )],
    };

    /// Writes the header in `header_version` (0 or 1; see
    /// [`response_header_version`]).
    ///
    /// # Errors
    ///
    /// When there is no such version, and for unknown tagged fields in version 0.
    pub fn encode(&self, sink: &mut Sink, header_version: i16) -> Result<(), EncodeError> {
        check_encode(Self::SCHEMA, header_version, &self.unknown_tagged_fields)?;
        sink.put_i32(self.correlation_id);
        if header_version >= 1 {
            let named = |error: EncodeError| error.in_message("ResponseHeader", header_version);
            self.unknown_tagged_fields.encode(sink).map_err(named)?;
        }
        Ok(())
    }

    /// Reads a header of `header_version`.
    ///
    /// # Errors
    ///
    /// When there is no such version, and when the bytes are not such a header.
    pub fn decode(reader: &mut Reader, header_version: i16) -> Result<Self, DecodeError> {
        check_decode(Self::SCHEMA, header_version)?;
        let read = |reader: &mut Reader| {
            let correlation_id = reader
                .read_i32()
                .map_err(|error| error.in_field("correlation_id"))?;
            let unknown_tagged_fields = match header_version {
                ..=0 => TaggedFields::new(),
                _ => TaggedFields::decode(reader, |_, _| Ok(false))?,
            };
            Ok(Self {
                correlation_id,
                unknown_tagged_fields,
            })
        };
        read(reader).map_err(|error: DecodeError| error.in_message("ResponseHeader"))
    }
}

/// As [`Message::encode`](crate::Message::encode) of a message with this schema
/// refuses a version it does not have, and tagged fields in one without them.
fn check_encode(
    schema: &MessageSchema,
    version: i16,
    unknown: &TaggedFields,
) -> Result<(), EncodeError> {
    let error = if !schema.versions.contains(version) {
        EncodeError::new(EncodeErrorKind::UnsupportedVersion {
            version,
            supported: schema.versions,
        })
    } else if !unknown.is_empty() && !schema.flexible.is_some_and(|range| range.contains(version)) {
        not_in_version("unknown_tagged_fields")
    } else {
        return Ok(());
    };
    Err(error.in_message(schema.name, version))
}

fn check_decode(schema: &MessageSchema, version: i16) -> Result<(), DecodeError> {
    if schema.versions.contains(version) {
        return Ok(());
    }
    let kind = DecodeErrorKind::UnsupportedVersion {
        version,
        supported: schema.versions,
    };
    Err(DecodeError::new(kind).in_message(schema.name))
}

/// A field of both headers, in versions 0 to `last`.
const fn number(
    name: &'static str,
    kafka_name: &'static str,
    kind: FieldKind,
    last: i16,
) -> FieldSchema {
    FieldSchema {
        name,
        kafka_name,
        kind,
        versions: VersionRange::new(0, last),
        nullable: None,
        tag: None,
        ignorable: false,
        flexible: None,
        default: DefaultValue::Int(0),
    }
}

/// The version of the header in front of a request: 0, 1 or 2.
///
/// For a key this crate does not know it is 2, since every API added since
/// Kafka 2.4 is flexible.
pub fn request_header_version(key: i16, api_version: i16) -> i16 {
    match ApiKey::from_code(key) {
        Some(ApiKey::ControlledShutdown) if api_version == 0 => 0,
        Some(key) if is_flexible(key, api_version) => 2,
        Some(_) => 1,
        None => 2,
    }
}

/// The version of the header in front of a response: 0 or 1.
///
/// Always 0 for ApiVersions, whose header must be readable before the two sides
/// agree on anything (KIP-511).
pub fn response_header_version(key: i16, api_version: i16) -> i16 {
    match ApiKey::from_code(key) {
        Some(ApiKey::ApiVersions) => 0,
        Some(key) if is_flexible(key, api_version) => 1,
        Some(_) => 0,
        None => 1,
    }
}

fn is_flexible(key: ApiKey, version: i16) -> bool {
    key.first_flexible().is_some_and(|first| version >= first)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn header_versions() {
        let check = |key: ApiKey, version, expected| {
            let found = (
                request_header_version(key.code(), version),
                response_header_version(key.code(), version),
            );
            assert_eq!(found, expected, "{key} v{version}");
        };
        check(ApiKey::Produce, 8, (1, 0));
        check(ApiKey::Produce, 9, (2, 1));
        check(ApiKey::ControlledShutdown, 0, (0, 0));
        check(ApiKey::ControlledShutdown, 1, (1, 0));
        check(ApiKey::ControlledShutdown, 3, (2, 1));
        check(ApiKey::SaslHandshake, 1, (1, 0));
        check(ApiKey::OffsetDelete, 0, (1, 0));
        check(ApiKey::ApiVersions, 2, (1, 0));
        check(ApiKey::ApiVersions, 3, (2, 0));
        check(ApiKey::DescribeCluster, 0, (2, 1));
    }

    #[test]
    fn request_headers_of_every_version() {
        let header = RequestHeader {
            api_key: 3,
            api_version: 9,
            correlation_id: 0x0102_0304,
            client_id: Some("me".into()),
            unknown_tagged_fields: TaggedFields::from_iter([(5, Bytes::from_static(b"x"))]),
        };
        let check = |version, expected: &'static [u8], decoded: &RequestHeader| {
            let mut sink = Sink::new();
            let unknown_tagged_fields = decoded.unknown_tagged_fields.clone();
            let header = RequestHeader {
                unknown_tagged_fields,
                ..header.clone()
            };
            header.encode(&mut sink, version).unwrap();
            assert_eq!(sink.finish().into_bytes(), expected);
            let mut reader = Reader::new(Bytes::from_static(expected));
            assert_eq!(
                RequestHeader::decode(&mut reader, version).as_ref(),
                Ok(decoded)
            );
            reader.expect_end().unwrap();
        };
        let plain = RequestHeader {
            unknown_tagged_fields: TaggedFields::new(),
            ..header.clone()
        };
        let anonymous = RequestHeader {
            client_id: Some(StrBytes::default()),
            ..plain.clone()
        };
        check(0, b"\0\x03\0\x09\x01\x02\x03\x04", &anonymous);
        check(1, b"\0\x03\0\x09\x01\x02\x03\x04\0\x02me", &plain);
        check(
            2,
            b"\0\x03\0\x09\x01\x02\x03\x04\0\x02me\x01\x05\x01x",
            &header,
        );
    }

    /// What a schema says of a header of sevens, client id `me`, tag 5.
    fn by_schema(schema: &MessageSchema, version: i16) -> Bytes {
        let is_flexible = |range: Option<VersionRange>| range.is_some_and(|r| r.contains(version));
        let mut sink = Sink::new();
        for field in schema.fields {
            assert_eq!(
                (&field.tag, field.versions.max),
                (&None, schema.versions.max)
            );
            if !field.versions.contains(version) {
                continue;
            }
            let compact = is_flexible(field.flexible.unwrap_or(schema.flexible));
            match field.kind {
                FieldKind::Int16 => sink.put_i16(7),
                FieldKind::Int32 => sink.put_i32(7),
                FieldKind::String => sink.put_string("me", compact).unwrap(),
                _ => panic!("{field:?}"),
            }
        }
        if is_flexible(schema.flexible) {
            let tagged = TaggedFields::from_iter([(5, Bytes::from_static(b"x"))]);
            tagged.encode(&mut sink).unwrap();
        }
        sink.finish().into_bytes()
    }

    #[test]
    fn written_as_their_schemas_say() {
        let unknown_tagged_fields = TaggedFields::from_iter([(5, Bytes::from_static(b"x"))]);
        let request = RequestHeader {
            api_key: 7,
            api_version: 7,
            correlation_id: 7,
            client_id: Some("me".into()),
            unknown_tagged_fields: unknown_tagged_fields.clone(),
        };
        for version in RequestHeader::SCHEMA.versions.iter() {
            let mut sink = Sink::new();
            let mut request = request.clone();
            if version < 2 {
                request.unknown_tagged_fields = TaggedFields::new();
            }
            request.encode(&mut sink, version).unwrap();
            let expected = by_schema(RequestHeader::SCHEMA, version);
            assert_eq!(sink.finish().into_bytes(), expected, "{version}");
        }
        let response = ResponseHeader {
            correlation_id: 7,
            unknown_tagged_fields,
        };
        for version in ResponseHeader::SCHEMA.versions.iter() {
            let mut sink = Sink::new();
            let mut response = response.clone();
            if version < 1 {
                response.unknown_tagged_fields = TaggedFields::new();
            }
            response.encode(&mut sink, version).unwrap();
            let expected = by_schema(ResponseHeader::SCHEMA, version);
            assert_eq!(sink.finish().into_bytes(), expected, "{version}");
        }
    }

    #[test]
    fn nothing_is_lost_in_silence() {
        let unknown_tagged_fields = TaggedFields::from_iter([(5, Bytes::from_static(b"x"))]);
        let request = RequestHeader {
            unknown_tagged_fields: unknown_tagged_fields.clone(),
            ..RequestHeader::default()
        };
        let response = ResponseHeader {
            correlation_id: 7,
            unknown_tagged_fields,
        };
        for (error, message, version) in [
            (request.encode(&mut Sink::new(), 0), "RequestHeader", 0),
            (request.encode(&mut Sink::new(), 1), "RequestHeader", 1),
            (response.encode(&mut Sink::new(), 0), "ResponseHeader", 0),
        ] {
            assert_eq!(
                error.unwrap_err().to_string(),
                format!(
                    "{message}.unknown_tagged_fields (version {version}): \
                     this version cannot carry it, and it is not the default"
                )
            );
        }
    }

    #[test]
    fn versions_that_no_header_has() {
        for version in [-1, 3] {
            assert_eq!(
                RequestHeader::default()
                    .encode(&mut Sink::new(), version)
                    .unwrap_err()
                    .to_string(),
                format!("RequestHeader (version {version}): version {version} is not one of 0-2")
            );
            let mut reader = Reader::new(Bytes::from_static(&[0; 32]));
            assert_eq!(
                ResponseHeader::decode(&mut reader, version)
                    .unwrap_err()
                    .to_string(),
                format!("ResponseHeader: version {version} is not one of 0-1")
            );
        }
    }

    #[test]
    fn errors_name_the_header() {
        let error = RequestHeader::decode(&mut Reader::new(Bytes::from_static(b"\0\x03\0")), 1)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "RequestHeader.api_version: 1 bytes missing"
        );
        let error = ResponseHeader::decode(&mut Reader::new(Bytes::new()), 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ResponseHeader.correlation_id: 4 bytes missing"
        );
    }
}
