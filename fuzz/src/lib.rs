//! The fuzz targets as functions of bytes, made of the entry points that the
//! mutation tests of `kafka-protocol` (`tests/support/entry.rs`) and of `kafka-net`
//! (`tests/mutated/entry.rs`) call too.
//!
//! Where a target is for many messages, the first two bytes choose the message and
//! its version.
//! `examples/seeds.rs` writes what each target starts from.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a find is a panic")]
#![allow(missing_docs, reason = "each target says in its file what it is")]

#[path = "../../kafka-protocol/tests/support/entry.rs"]
mod entry;
#[path = "../../kafka-net/tests/mutated/entry.rs"]
mod net_entry;
#[path = "../../kafka-router/tests/support/mutated.rs"]
mod mutated;
#[path = "../../kafka-protocol/tests/support/peak.rs"]
mod peak;
#[path = "../../kafka-protocol/tests/records_support/mod.rs"]
mod records_support;
mod seeds;
#[path = "../../kafka-protocol/tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use kafka_protocol::records::Compression;
pub use net_entry::broker_answers as net;
pub use seeds::seeds;
use support::codecs::{self, Codec};

static REQUESTS: LazyLock<Vec<Codec>> = LazyLock::new(|| side(0));
static RESPONSES: LazyLock<Vec<Codec>> = LazyLock::new(|| side(1));
static DATA: LazyLock<Vec<Codec>> =
    LazyLock::new(|| [codecs::data(), codecs::internal_topics(), codecs::headers()].concat());
static ALL: LazyLock<Vec<Codec>> = LazyLock::new(codecs::all);

fn side(which: usize) -> Vec<Codec> {
    codecs::requests_and_responses()
        .chunks_exact(2)
        .map(|pair| pair[which])
        .collect()
}

pub fn frame(bytes: &[u8]) {
    entry::request_stream(bytes);
}

pub fn request(bytes: &[u8]) {
    if let Some((codec, version, body)) = entry::chosen(&REQUESTS, bytes) {
        entry::message(&codec, version, body);
    }
}

pub fn response(bytes: &[u8]) {
    if let Some((codec, version, body)) = entry::chosen(&RESPONSES, bytes) {
        entry::message(&codec, version, body);
        if let Some(key) = codec.schema.key {
            entry::response_frame(key, version, body.to_vec().into());
        }
    }
}

pub fn data(bytes: &[u8]) {
    if let Some((codec, version, body)) = entry::chosen(&DATA, bytes) {
        entry::message(&codec, version, body);
    }
}

pub fn batch(bytes: &[u8]) {
    entry::batches(bytes);
}

/// What reads batches reads sets: only the corpus is another.
pub fn message_set(bytes: &[u8]) {
    entry::batches(bytes);
}

pub fn gzip(bytes: &[u8]) {
    entry::decompress(Compression::Gzip, bytes);
}

pub fn snappy(bytes: &[u8]) {
    entry::decompress(Compression::Snappy, bytes);
}

pub fn lz4(bytes: &[u8]) {
    entry::decompress(Compression::Lz4, bytes);
}

pub fn zstd(bytes: &[u8]) {
    entry::decompress(Compression::Zstd, bytes);
}

pub fn round_trip(bytes: &[u8]) {
    if let Some((codec, version, choices)) = entry::chosen(&ALL, bytes) {
        entry::round_trip(&codec, version, choices);
    }
}

pub fn router(bytes: &[u8]) {
    mutated::history(bytes);
}
