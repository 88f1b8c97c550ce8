//! Message sets that the clients of Kafka 0.8 to 0.10 wrote.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod records_support;

use std::collections::BTreeSet;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, Compression, Compressor, Magic, MessageSetBuilder, RecordBatch, TimestampType,
};
use records_support::{Owned, part, vectors};

const OLD: &str = include_str!("vectors/records_old_clients.tsv");
const LIMITS: BatchLimits = BatchLimits::DEFAULT;

/// What a name says: `0.9.0.1/0/lz4/nulls`.
fn named(name: &str) -> (Magic, &str, &str) {
    let mut words = name.split('/').skip(1);
    let mut word = || words.next().unwrap();
    let magic = Magic::from_id(word().parse().unwrap()).unwrap();
    (magic, word(), word())
}

fn batches(mut bytes: Bytes) -> Vec<RecordBatch> {
    let next = || RecordBatch::parse(&mut bytes, &LIMITS).unwrap();
    let batches = std::iter::from_fn(next).collect();
    assert!(bytes.is_empty(), "whole batches only");
    batches
}

#[test]
fn what_they_wrote_is_read() {
    let mut kinds = BTreeSet::new();
    for (name, bytes, expected) in vectors(OLD) {
        let (magic, codec, shape) = named(name);
        let mut found = Vec::new();
        for batch in batches(bytes) {
            assert_eq!(batch.magic(), magic, "{name}");
            assert_eq!(batch.compression().name(), codec, "{name}");
            let is_append_time = batch.timestamp_type() == TimestampType::LogAppendTime;
            assert_eq!(is_append_time, shape == "append-time", "{name}");
            for record in &batch.decompress(&LIMITS).unwrap() {
                let (offset, time) = (record.offset(), record.timestamp());
                let (key, value) = (part(record.key()), part(record.value()));
                found.push(format!("{offset} {time} {key} {value}"));
            }
        }
        assert_eq!(found.join(";"), expected, "{name}");
        kinds.insert((magic, codec, shape));
    }
    // Four codecs in three shapes of magic 0 and five of magic 1.
    assert_eq!(kinds.len(), 4 * (3 + 5));
}

/// Byte by byte where nothing is compressed; else as far as the codec, and the
/// wrapper around what it gave.
#[test]
fn the_same_records_are_written_the_same() {
    for (name, bytes, _) in vectors(OLD) {
        let mut again = Vec::new();
        let theirs = batches(bytes.clone());
        for batch in &theirs {
            let mut builder = match batch.magic() {
                Magic::V0 => MessageSetBuilder::v0(),
                _ => MessageSetBuilder::v1(),
            };
            if batch.timestamp_type() == TimestampType::LogAppendTime {
                builder = builder.with_log_append_time(batch.max_timestamp());
            }
            for record in &batch.decompress(&LIMITS).unwrap() {
                let owned = Owned::of(&record);
                builder
                    .append_at(record.offset(), &owned.borrowed(&[]))
                    .unwrap();
            }
            let ours = builder
                .seal(&mut Compressor::new(batch.compression()).unwrap())
                .unwrap();
            if batch.compression() != Compression::None {
                let frame = |batch: &RecordBatch| {
                    let raw = batch.raw();
                    let value_at = if batch.magic() == Magic::V0 { 26 } else { 34 };
                    // Offset; magic, attributes, timestamp and the null key.
                    (raw.slice(..8), raw.slice(16..value_at - 4))
                };
                assert_eq!(frame(&ours), frame(batch), "{name}");
            }
            again.extend_from_slice(ours.raw());
        }
        if theirs[0].compression() == Compression::None {
            assert_eq!(again, bytes, "{name}");
        }
    }
}

/// The clients of magic 0 took the frame's magic number into its header's checksum,
/// and refuse one that is right (KIP-57).
#[test]
fn lz4_frames_of_magic_0_have_the_wrong_checksum() {
    const FRAME: [u8; 6] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40];
    let checksum = |bytes: &[u8]| {
        let at = bytes.windows(6).position(|head| head == FRAME).unwrap();
        bytes[at + 6]
    };
    let mut count = 0;
    for (name, bytes, _) in vectors(OLD) {
        let (magic, codec, _) = named(name);
        if codec != "lz4" {
            continue;
        }
        let expected = if magic == Magic::V0 { 0x1a } else { 0x82 };
        assert_eq!(checksum(&bytes), expected, "{name}");
        count += 1;
    }
    assert_eq!(count, 3 * 3 + 5);
}

/// The block format of snappy-java, which the C library does not know.
#[test]
fn snappy_is_framed() {
    let mut count = 0;
    for (name, bytes, _) in vectors(OLD) {
        if named(name).1 == "snappy" {
            let head = b"\x82SNAPPY\x00";
            assert!(bytes.windows(head.len()).any(|part| part == head), "{name}");
            count += 1;
        }
    }
    assert_eq!(count, 3 * 3 + 5);
}
