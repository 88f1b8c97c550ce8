//! Kafka's own encodings, from `vectors/messages.tsv`.

use bytes::Bytes;
use kafka_protocol::messages::{AnyRequest, AnyResponse};
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{ApiKey, DecodeError, EncodeError};

/// One body as Kafka writes it.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    pub(crate) key: ApiKey,
    pub(crate) is_request: bool,
    pub(crate) version: i16,
    pub(crate) bytes: Bytes,
}

/// A message of either direction.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "one at a time")]
pub(crate) enum Any {
    Request(AnyRequest),
    Response(AnyResponse),
}

pub(crate) fn all() -> Vec<Vector> {
    include_str!("../vectors/messages.tsv")
        .lines()
        .map(parse)
        .collect()
}

fn parse(line: &str) -> Vector {
    let mut columns = line.split('\t');
    let mut next = || {
        columns
            .next()
            .unwrap_or_else(|| panic!("too few columns: {line}"))
    };
    Vector {
        key: ApiKey::from_code(next().parse().unwrap()).unwrap(),
        is_request: match next() {
            "request" => true,
            "response" => false,
            other => panic!("direction {other}"),
        },
        version: next().parse().unwrap(),
        bytes: unhex(next()).into(),
    }
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes();
    assert!(digits.len().is_multiple_of(2), "{text}");
    let digit = |digit: u8| char::from(digit).to_digit(16).unwrap() as u8;
    digits
        .chunks_exact(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

impl Vector {
    pub(crate) fn decode(&self) -> Result<Any, DecodeError> {
        self.decode_as(self.bytes.clone())
    }

    /// Reads other bytes as this vector's message, to the end.
    pub(crate) fn decode_as(&self, bytes: Bytes) -> Result<Any, DecodeError> {
        let mut reader = Reader::new(bytes);
        let decoded = if self.is_request {
            AnyRequest::decode(self.key, &mut reader, self.version).map(Any::Request)
        } else {
            AnyResponse::decode(self.key, &mut reader, self.version).map(Any::Response)
        }?;
        reader.expect_end()?;
        Ok(decoded)
    }

    pub(crate) fn encode(&self, message: &Any) -> Result<Bytes, EncodeError> {
        let mut sink = Sink::new();
        match message {
            Any::Request(request) => request.encode(&mut sink, self.version),
            Any::Response(response) => response.encode(&mut sink, self.version),
        }?;
        Ok(sink.finish().into_bytes())
    }
}
