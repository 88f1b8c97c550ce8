//! What must hold for every value of every message in every version.
//!
//! Values are drawn from the schema by a second, independent encoder
//! (`support/generator.rs`).

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod support;

use bytes::Bytes;
use kafka_protocol::Message;
use kafka_protocol::wire::{Reader, Sink};
use proptest::prelude::*;
use support::generator::{self, Choices};
use support::{EachMessage, all_versions, each_message};

fn decode<M: Message>(bytes: &Bytes, version: i16) -> M {
    let mut reader = Reader::new(bytes.clone());
    let message = M::decode(&mut reader, version)
        .unwrap_or_else(|error| panic!("{error} (version {version}) in {bytes:x?}"));
    reader
        .expect_end()
        .unwrap_or_else(|error| panic!("{error} (version {version}) in {bytes:x?}"));
    message
}

fn encode<M: Message>(message: &M, version: i16) -> Bytes {
    let mut sink = Sink::new();
    message
        .encode(&mut sink, version)
        .unwrap_or_else(|error| panic!("{error}: {message:?}"));
    assert_eq!(
        message.encoded_len(version),
        Ok(sink.len()),
        "{message:?} (version {version})"
    );
    sink.finish().into_bytes()
}

struct RoundTrip<'a>(&'a [u8]);

impl EachMessage for RoundTrip<'_> {
    fn visit<M: Message>(&mut self) {
        for version in all_versions::<M>() {
            let bytes = Bytes::from(generator::message(M::SCHEMA, version, &mut Choices(self.0)));
            let message: M = decode(&bytes, version);
            let written = encode(&message, version);
            assert_eq!(
                written,
                bytes,
                "{} version {version}: {message:?}",
                M::SCHEMA.name
            );
            assert_eq!(decode::<M>(&written, version), message);
        }
    }
}

struct Truncated<'a>(&'a [u8]);

impl EachMessage for Truncated<'_> {
    fn visit<M: Message>(&mut self) {
        for version in all_versions::<M>() {
            let bytes = Bytes::from(generator::message(M::SCHEMA, version, &mut Choices(self.0)));
            for len in 0..bytes.len() {
                let found = M::decode(&mut Reader::new(bytes.slice(..len)), version);
                let error = found.expect_err("a part of a message is none");
                assert!(error.path().starts_with(M::SCHEMA.name), "{error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_and_encoding_give_the_same_bytes_and_values(
        choices in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        each_message(&mut RoundTrip(&choices));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_part_of_a_message_is_one(choices in proptest::collection::vec(any::<u8>(), 0..200)) {
        each_message(&mut Truncated(&choices));
    }
}

struct Defaults;

impl EachMessage for Defaults {
    fn visit<M: Message>(&mut self) {
        for version in all_versions::<M>() {
            let written = encode(&M::default(), version);
            assert_eq!(
                decode::<M>(&written, version),
                M::default(),
                "version {version}"
            );
        }
        for version in [M::VERSIONS.min - 1, M::VERSIONS.max + 2, i16::MIN, i16::MAX] {
            let error = M::default().encode(&mut Sink::new(), version).unwrap_err();
            let expected = format!(
                "{} (version {version}): version {version} is not one of {}",
                M::SCHEMA.name,
                M::VERSIONS
            );
            assert_eq!(error.to_string(), expected);
            assert!(M::default().encoded_len(version).is_err());
            assert!(M::decode(&mut Reader::new(Bytes::new()), version).is_err());
        }
    }
}

#[test]
fn defaults_can_be_written_in_every_version() {
    each_message(&mut Defaults);
}
