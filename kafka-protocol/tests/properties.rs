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

use std::collections::BTreeSet;

use bytes::Bytes;
use kafka_protocol::schema::MessageSchema;
use kafka_protocol::{internal_topics, messages};
use proptest::prelude::*;
use support::codecs::{self, Codec, Value};
use support::generator::{self, Choices};

fn decode(codec: &Codec, bytes: &Bytes, version: i16) -> Box<dyn Value> {
    codec
        .read(bytes.clone(), version)
        .unwrap_or_else(|error| panic!("{error} (version {version}) in {bytes:x?}"))
}

fn encode(message: &dyn Value, version: i16) -> Bytes {
    let bytes = message
        .encode(version)
        .unwrap_or_else(|error| panic!("{error}: {message:?}"));
    assert_eq!(
        message.encoded_len(version),
        Ok(bytes.len()),
        "{message:?} (version {version})"
    );
    bytes
}

/// A valid encoding in each version of each message.
fn each_encoding(choices: &[u8], mut check: impl FnMut(&Codec, i16, Bytes)) {
    for codec in codecs::all() {
        for version in codec.versions() {
            let bytes = generator::message(codec.schema, version, &mut Choices(choices));
            check(&codec, version, bytes.into());
        }
    }
}

#[test]
fn every_message_is_among_those_tested() {
    let compare = |codecs: Vec<Codec>, schemas: Vec<&'static MessageSchema>| {
        let names = |schemas: &[&'static MessageSchema]| -> BTreeSet<_> {
            schemas.iter().map(|schema| schema.name).collect()
        };
        let tested: Vec<_> = codecs.iter().map(|codec| codec.schema).collect();
        assert_eq!(names(&tested), names(&schemas));
        assert_eq!(tested.len(), names(&tested).len(), "none twice");
    };
    let pairs = messages::SCHEMAS.iter();
    compare(
        codecs::requests_and_responses(),
        pairs
            .flat_map(|(request, response)| [*request, *response])
            .collect(),
    );
    compare(codecs::data(), messages::DATA_SCHEMAS.to_vec());
    let records = internal_topics::SCHEMAS.iter();
    compare(
        codecs::internal_topics(),
        records
            .flat_map(|record| [record.key, record.value])
            .collect(),
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoding_and_encoding_give_the_same_bytes_and_values(
        choices in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        each_encoding(&choices, |codec, version, bytes| {
            let message = decode(codec, &bytes, version);
            let written = encode(&*message, version);
            assert_eq!(
                written,
                bytes,
                "{} version {version}: {message:?}",
                codec.schema.name
            );
            assert!(decode(codec, &written, version).equals(&*message));
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_part_of_a_message_is_one(choices in proptest::collection::vec(any::<u8>(), 0..200)) {
        each_encoding(&choices, |codec, version, bytes| {
            // Every length of a short message, some of a long one.
            for len in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
                let found = codec.read(bytes.slice(..len), version);
                let error = found.expect_err("a part of a message is none");
                assert!(error.path().starts_with(codec.schema.name), "{error}");
            }
        });
    }
}

#[test]
fn defaults_can_be_written_in_every_version() {
    for codec in codecs::all() {
        let default = codec.default();
        for version in codec.versions() {
            let written = encode(&*default, version);
            assert!(
                decode(&codec, &written, version).equals(&*default),
                "{} version {version}",
                codec.schema.name
            );
        }
    }
}

#[test]
fn versions_that_are_none_are_refused() {
    let headers = codecs::headers().len();
    let all = codecs::all();
    // Headers have no versions of their own to refuse: the body's decides.
    for codec in &all[..all.len() - headers] {
        let (name, versions) = (codec.schema.name, codec.schema.versions);
        for version in [versions.min - 1, versions.max + 2, i16::MIN, i16::MAX] {
            let error = codec.default().encode(version).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{name} (version {version}): version {version} is not one of {versions}")
            );
            assert!(codec.default().encoded_len(version).is_err());
            assert!(codec.read(Bytes::new(), version).is_err());
        }
    }
}
