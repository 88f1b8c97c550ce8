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
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::ApiKey;
use kafka_protocol::records::{Compression, Compressor};
use kafka_protocol::wire::Limits;
use records_support::{Owned, encoded, shapes};
use support::codecs::{self, Codec};
use support::generator::{self, Choices};
use support::mutate::{LIES, Numbers, mutated};
use support::wide::{self, FILLINGS, Filling};

#[test]
fn changed_bytes() {
    let count = env::var("MUTATIONS").map_or(1_000, |count| count.parse().unwrap());
    let mut numbers = Numbers::new(count as u64);
    timed("messages", || messages(count, &mut numbers));
    timed("wide messages", || wide_messages(count > 1_000));
    timed("frames", || frames(count, &mut numbers));
    timed("batches", || batches(count, &mut numbers));
}

/// Shown with `--nocapture`.
fn timed(what: &str, run: impl FnOnce()) {
    let start = Instant::now();
    run();
    eprintln!("{what}: {:.1} s", start.elapsed().as_secs_f64());
}

/// How many changes one message goes through before another is made.
const CHANGES: usize = 100;

fn messages(count: usize, numbers: &mut Numbers) {
    let mut other = Vec::new();
    let (mut read, mut all) = (0, 0);
    for codec in codecs::all() {
        for version in codec.versions() {
            for round in 0..count.div_ceil(CHANGES) {
                let valid = drawn(&codec, version, numbers);
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

fn drawn(codec: &Codec, version: i16, numbers: &mut Numbers) -> Vec<u8> {
    let len = numbers.below(400);
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

fn frames(count: usize, numbers: &mut Numbers) {
    let requests = codecs::requests_and_responses();
    let (requests, responses): (Vec<_>, Vec<_>) = requests
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .unzip();
    let mut other = Vec::new();
    let (mut read, mut all) = (0, 0);
    for _ in 0..count / 10 {
        let mut stream = Vec::new();
        for _ in 0..1 + numbers.below(4) {
            let codec = &requests[numbers.below(requests.len())];
            let frame = request(codec, numbers);
            stream.extend((frame.len() as u32).to_be_bytes());
            stream.extend(&frame);
            for _ in 0..CHANGES {
                let changed = mutated(&frame, &other, numbers);
                read += usize::from(entry::request_frame(changed.into()));
                all += 1;
            }
            other = frame;
        }
        for _ in 0..10 {
            let mut changed = mutated(&stream, &other, numbers);
            changed.insert(0, numbers.next() as u8);
            entry::request_stream(&changed);
        }
        let codec = &responses[numbers.below(responses.len())];
        let (key, version, frame) = response(codec, numbers);
        assert!(entry::response_frame(key, version, frame.clone().into()));
        for _ in 0..CHANGES {
            let changed = mutated(&frame, &other, numbers);
            entry::response_frame(key, version, changed.into());
        }
    }
    assert!(
        (all / 20..all * 9 / 10).contains(&read),
        "{read} of {all} were read"
    );
}

fn request(codec: &Codec, numbers: &mut Numbers) -> Vec<u8> {
    let (key, version) = key_and_version(codec, numbers);
    let head_version = kafka_protocol::header::request_header_version(key.code(), version);
    let mut frame = drawn(&codecs::headers()[0], head_version, numbers);
    frame[..2].copy_from_slice(&key.code().to_be_bytes());
    frame[2..4].copy_from_slice(&version.to_be_bytes());
    frame.extend(drawn(codec, version, numbers));
    assert!(entry::request_frame(Bytes::copy_from_slice(&frame)));
    frame
}

fn response(codec: &Codec, numbers: &mut Numbers) -> (ApiKey, i16, Vec<u8>) {
    let (key, version) = key_and_version(codec, numbers);
    let head_version = kafka_protocol::header::response_header_version(key.code(), version);
    let mut frame = drawn(&codecs::headers()[1], head_version, numbers);
    frame.extend(drawn(codec, version, numbers));
    (key, version, frame)
}

fn key_and_version(codec: &Codec, numbers: &mut Numbers) -> (ApiKey, i16) {
    let versions: Vec<i16> = codec.versions().collect();
    (
        codec.schema.key.unwrap(),
        versions[numbers.below(versions.len())],
    )
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

fn size(records: &[Owned]) -> usize {
    records
        .iter()
        .map(|record| record.encoded(record.timestamp, 0).len())
        .sum()
}
