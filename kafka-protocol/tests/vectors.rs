//! Byte for byte what Kafka's own classes write: see `vectors/README.md`.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod support;

use std::collections::BTreeMap;

use kafka_protocol::ApiKey;
use kafka_protocol::messages::SCHEMAS;
use support::vectors;

#[test]
fn kafka_s_bytes_are_read_and_written_again_unchanged() {
    for vector in vectors::all() {
        let decoded = vector
            .decode()
            .unwrap_or_else(|error| panic!("{error} in {vector:?}"));
        let encoded = vector
            .encode(&decoded)
            .unwrap_or_else(|error| panic!("{error} in {vector:?}"));
        assert_eq!(encoded, vector.bytes, "{vector:?} read as {decoded:?}");
    }
}

#[test]
fn every_version_of_every_message_has_vectors() {
    let mut counts: BTreeMap<(ApiKey, bool, i16), usize> = BTreeMap::new();
    for vector in vectors::all() {
        *counts
            .entry((vector.key, vector.is_request, vector.version))
            .or_default() += 1;
    }
    for (request, response) in SCHEMAS {
        for (schema, is_request) in [(request, true), (response, false)] {
            let versions = schema
                .versions
                .iter()
                .chain(schema.unstable.into_iter().flat_map(|range| range.iter()));
            for version in versions {
                let count = counts
                    .remove(&(schema.key.unwrap(), is_request, version))
                    .unwrap_or(0);
                assert!(count >= 2, "{} v{version} has {count} vectors", schema.name);
            }
        }
    }
    assert!(
        counts.is_empty(),
        "vectors of versions that are not there: {counts:?}"
    );
}
