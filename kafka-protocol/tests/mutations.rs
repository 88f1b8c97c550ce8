//! Every entry point with valid bytes that were changed: never a panic, never more
//! memory than allowed, and what is still read is written and read as the same.
//!
//! One test only: the peak of memory is the process's. `MUTATIONS` in the
//! environment says how many of each message version and entry point there are
//! (default 1,000).

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

#[path = "support/entry.rs"]
mod entry;
#[path = "support/peak.rs"]
mod peak;
mod records_support;
mod support;

use std::env;

use bytes::Bytes;
use kafka_protocol::records::{Compression, Compressor, Magic};
use kafka_protocol::wire::Limits;
use records_support::{OLD_CODECS, Owned, encoded, message_set, shapes};
use support::codecs::{self, Codec};
use support::generator::{self, Choices};
use support::mutate::{LIES, Numbers, mutated};
use support::wide::{self, FILLINGS, Filling};

#[test]
fn changed_bytes() {
    let count = env::var("MUTATIONS").map_or(1_000, |count| count.parse().unwrap());
    let mut numbers = Numbers::new(count as u64);
    messages(count, &mut numbers);
    wide_messages(count > 1_000);
    request_frames(count, &mut numbers);
    response_frames(count, &mut numbers);
    streams(count, &mut numbers);
    batches(count, &mut numbers);
    message_sets(count, &mut numbers);
}

/// How many changes one message goes through before another is made.
const CHANGES: usize = 100;

fn messages(count: usize, numbers: &mut Numbers) {
    let mut other = Vec::new();
    let (mut read, mut all) = (0, 0);
    for codec in codecs::all() {
        for version in codec.versions() {
            for round in 0..count.div_ceil(CHANGES) {
                let valid = drawn(&codec, version, 400, numbers);
                if let Err(error) = codec.read(Bytes::copy_from_slice(&valid), version) {
                    panic!("{error} (version {version}) in {valid:x?}");
                }
                for _ in 0..CHANGES {
                    let changed = mutated(&valid, &other, numbers);
                    read += usize::from(entry::message(&codec, version, &changed));
                    all += 1;
                }
                if round == 0 {
                    lies_at_every_place(&codec, version, &valid);
                }
                other = valid;
            }
        }
    }
    // If nearly all were refused, or nearly none, the changes were poor ones.
    eprintln!("{all} messages, {read} of them still messages");
    assert!(
        (all / 10..all * 9 / 10).contains(&read),
        "{read} of {all} were read"
    );
}

/// A message that up to `max` choices make: the more, the larger it is.
fn drawn(codec: &Codec, version: i16, max: usize, numbers: &mut Numbers) -> Vec<u8> {
    let len = numbers.below(max);
    let choices = numbers.bytes(len);
    generator::message(codec.schema, version, &mut Choices(&choices))
}

fn lies_at_every_place(codec: &Codec, version: i16, valid: &[u8]) {
    for at in 0..valid.len().min(300) {
        let lie = LIES[(at * 7 + version as usize) % LIES.len()];
        let mut changed = valid.to_vec();
        let end = (at + lie.len()).min(changed.len());
        changed.splice(at..end, lie.iter().copied());
        entry::message(codec, version, &changed);
    }
}

/// Arrays of the smallest elements, which take the most memory for their bytes:
/// small ones in every version; in the last version, which has the most fields,
/// large ones; and the costliest of these larger still.
fn wide_messages(thorough: bool) {
    let mut costs: Vec<Cost> = Vec::new();
    for codec in codecs::all() {
        let last = codec.versions().last().unwrap();
        for version in codec.versions() {
            let len = if thorough || version == last {
                100 << 10
            } else {
                2 << 10
            };
            for filling in FILLINGS {
                for (path, bytes) in wide::messages(codec.schema, version, filling, len) {
                    let (read, peak) = entry::read(&codec, version, &bytes);
                    // An error with all that was read before it still there.
                    if read.is_ok() && version == last {
                        let cut = &bytes[..bytes.len() - 1];
                        assert!(entry::read(&codec, version, cut).0.is_err());
                    }
                    costs.push(Cost {
                        ratio: peak as f64 / bytes.len() as f64,
                        codec,
                        version,
                        filling,
                        path,
                    });
                }
            }
        }
    }
    // What takes more is refused when it is larger, before it takes anything.
    costs.retain(|cost| {
        cost.ratio < Limits::EXPANSION as f64
            && (thorough || Some(cost.version) == cost.codec.versions().last())
    });
    costs.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    costs.truncate(if thorough { 300 } else { 10 });
    let mut most = 0.0;
    for cost in &costs {
        let (codec, version) = (&cost.codec, cost.version);
        let all = wide::messages(codec.schema, version, cost.filling, 1 << 20);
        let (_, bytes) = all.iter().find(|(path, _)| *path == cost.path).unwrap();
        let (_, peak) = entry::read(codec, version, bytes);
        most = f64::max(most, peak as f64 / bytes.len() as f64);
    }
    eprintln!("{most:.1} bytes a byte for 1 MiB");
    assert!(most > 20.0, "the bound was hardly tried");
}

struct Cost {
    ratio: f64,
    codec: Codec,
    version: i16,
    filling: Filling,
    path: String,
}

/// Bodies have been changed; here it is what precedes them, and how they begin.
const BODY_START: usize = 8;

fn request_frames(count: usize, numbers: &mut Numbers) {
    let mut other = Vec::new();
    let (mut read, mut all) = (0, 0);
    for codec in requests_or_responses(0) {
        for version in codec.versions() {
            for _ in 0..count.div_ceil(CHANGES) {
                let (header_len, frame) = request(&codec, version, numbers);
                for _ in 0..CHANGES {
                    let changed = changed_at_start(&frame, header_len, &other, numbers);
                    read += usize::from(entry::request_frame(changed.into()));
                    all += 1;
                }
                other = frame;
            }
        }
    }
    eprintln!("{all} request frames, {read} of them still requests");
    assert!(
        (all / 20..all * 9 / 10).contains(&read),
        "{read} of {all} were read"
    );
}

fn response_frames(count: usize, numbers: &mut Numbers) {
    let mut other = Vec::new();
    let (mut read, mut all) = (0, 0);
    for codec in requests_or_responses(1) {
        let key = codec.schema.key.unwrap();
        for version in codec.versions() {
            for _ in 0..count.div_ceil(CHANGES) {
                let (header_len, frame) = response(&codec, version, numbers);
                for _ in 0..CHANGES {
                    let changed = changed_at_start(&frame, header_len, &other, numbers);
                    let frame = changed.into();
                    read += usize::from(entry::response_frame(key, version, frame));
                    all += 1;
                }
                other = frame;
            }
        }
    }
    eprintln!("{all} response frames, {read} of them still responses");
    assert!(
        (all / 20..all * 9 / 10).contains(&read),
        "{read} of {all} were read"
    );
}

fn requests_or_responses(which: usize) -> Vec<Codec> {
    codecs::requests_and_responses()
        .chunks_exact(2)
        .map(|pair| pair[which])
        .collect()
}

fn changed_at_start(
    frame: &[u8],
    header_len: usize,
    other: &[u8],
    numbers: &mut Numbers,
) -> Vec<u8> {
    let (start, rest) = frame.split_at((header_len + BODY_START).min(frame.len()));
    let mut changed = mutated(start, other, numbers);
    changed.extend(rest);
    changed
}

/// Streams of several requests, changed anywhere: also where they say their length.
fn streams(count: usize, numbers: &mut Numbers) {
    let requests = requests_or_responses(0);
    let mut other = Vec::new();
    for _ in 0..count {
        let mut stream = Vec::new();
        for _ in 0..1 + numbers.below(4) {
            let codec = &requests[numbers.below(requests.len())];
            let versions: Vec<i16> = codec.versions().collect();
            let version = versions[numbers.below(versions.len())];
            let (_, frame) = request(codec, version, numbers);
            stream.extend((frame.len() as u32).to_be_bytes());
            stream.extend(frame);
        }
        let mut changed = mutated(&stream, &other, numbers);
        changed.insert(0, numbers.next() as u8);
        entry::request_stream(&changed);
        other = stream;
    }
}

/// A request with its header, and the length of the header.
fn request(codec: &Codec, version: i16, numbers: &mut Numbers) -> (usize, Vec<u8>) {
    let key = codec.schema.key.unwrap().code();
    let header_version = kafka_protocol::header::request_header_version(key, version);
    let mut frame = drawn(&codecs::headers()[0], header_version, 40, numbers);
    frame[..2].copy_from_slice(&key.to_be_bytes());
    frame[2..4].copy_from_slice(&version.to_be_bytes());
    let header_len = frame.len();
    frame.extend(drawn(codec, version, 40, numbers));
    assert!(entry::request_frame(Bytes::copy_from_slice(&frame)));
    (header_len, frame)
}

fn response(codec: &Codec, version: i16, numbers: &mut Numbers) -> (usize, Vec<u8>) {
    let key = codec.schema.key.unwrap();
    let header_version = kafka_protocol::header::response_header_version(key.code(), version);
    let mut frame = drawn(&codecs::headers()[1], header_version, 40, numbers);
    let header_len = frame.len();
    frame.extend(drawn(codec, version, 40, numbers));
    let whole = Bytes::copy_from_slice(&frame);
    assert!(entry::response_frame(key, version, whole));
    (header_len, frame)
}

fn batches(count: usize, numbers: &mut Numbers) {
    let shapes = shapes();
    let mut other = Vec::new();
    for codec in Compression::ALL {
        let mut compressor = Compressor::new(codec).unwrap();
        let (mut read, mut all) = (0, 0);
        // Large ones take their time, and hold no more to change.
        for (name, records) in shapes.iter().filter(|(_, records)| size(records) < 50_000) {
            let valid = encoded(records, codec);
            assert_eq!(entry::batches(&valid), 1, "{name}");
            let body: Vec<u8> = (0..)
                .zip(records)
                .flat_map(|(index, record)| record.encoded(records[0].timestamp, index))
                .collect();
            let body = compressor.compress(&body).unwrap();
            for _ in 0..count.div_ceil(shapes.len()) * 2 {
                let changed = mutated(&valid, &other, numbers);
                read += entry::batches(&changed);
                all += 1;
                if codec != Compression::None {
                    let changed = mutated(&body, &other, numbers);
                    entry::decompress(codec, &changed);
                }
            }
            other = valid.to_vec();
        }
        eprintln!("{codec}: {all} batches, {read} of them still batches");
        assert!(read > 0);
    }
}

/// Sets of the old formats, one by one and with batches of other formats around them.
fn message_sets(count: usize, numbers: &mut Numbers) {
    let shapes = shapes();
    let small: Vec<_> = shapes
        .iter()
        .filter(|(_, records)| size(records) < 50_000)
        .collect();
    let mut other = encoded(&small[0].1, Compression::None).to_vec();
    for magic in [Magic::V0, Magic::V1] {
        for codec in OLD_CODECS {
            let (mut read, mut all) = (0, 0);
            for (name, records) in &small {
                let valid = message_set(magic, records, codec);
                assert!(entry::batches(&valid) > 0, "{name}");
                let mixed = [&other[..], &valid, &other].concat();
                for _ in 0..count.div_ceil(small.len()) {
                    read += entry::batches(&mutated_set(&valid, codec, &other, numbers));
                    entry::batches(&mutated(&mixed, &valid, numbers));
                    all += 1;
                }
                if valid.len() < 2_000 {
                    other = valid;
                }
            }
            eprintln!("{magic} {codec}: {all} sets, {read} sets read of what they became");
            assert!(read > 0 && all >= count);
        }
    }
}

/// A wrapper is mostly made to say its length rightly, or there is nothing to read.
fn mutated_set(valid: &[u8], codec: Compression, other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut changed = mutated(valid, other, numbers);
    if codec != Compression::None && changed.len() > 12 && numbers.below(4) != 0 {
        let len = changed.len() as i32 - 12;
        changed[8..12].copy_from_slice(&len.to_be_bytes());
    }
    changed
}

fn size(records: &[Owned]) -> usize {
    records
        .iter()
        .map(|record| record.encoded(record.timestamp, 0).len())
        .sum()
}
