//! Where each target starts from: the committed vectors, which Kafka's own classes
//! wrote, and for what these do not have, a message by its schema.

use kafka_protocol::records::{Compression, Compressor, Magic};

use crate::records_support::{OLD_CODECS, encoded, message_set, shapes, unhex};
use crate::support::codecs::Codec;
use crate::support::generator::{self, Choices};
use crate::support::mutate::Numbers;
use crate::support::vectors;
use crate::{ALL, DATA, REQUESTS, RESPONSES};

/// A corpus for `target`; `None` if there is no such target.
pub fn seeds(target: &str) -> Option<Vec<Vec<u8>>> {
    Some(match target {
        "frame" => frames(),
        "request" => [of_vectors(&REQUESTS, true), by_schema(&REQUESTS)].concat(),
        "response" => [of_vectors(&RESPONSES, false), by_schema(&RESPONSES)].concat(),
        "data" => by_schema(&DATA),
        "batch" => batches(),
        "message_set" => message_sets(),
        "gzip" => bodies(Compression::Gzip),
        "snappy" => bodies(Compression::Snappy),
        "lz4" => bodies(Compression::Lz4),
        "zstd" => bodies(Compression::Zstd),
        "round_trip" => choices(),
        "net" => plans(),
        "router" => crate::mutated::seeds(),
        _ => return None,
    })
}

/// One thing done to one of the first answers.
fn plans() -> Vec<Vec<u8>> {
    let all = (0..14).flat_map(|what| (0..4).map(move |answer| (what, answer)));
    all.map(|(what, answer)| [vec![0; 2 * answer], vec![what, 100]].concat())
        .collect()
}

/// The two bytes by which `entry::chosen` finds them.
fn choice(codecs: &[Codec], found: impl Fn(&Codec) -> bool, version: i16) -> Option<[u8; 2]> {
    let which = codecs.iter().position(found)?;
    let version = codecs[which]
        .versions()
        .position(|other| other == version)?;
    Some([which as u8, version as u8])
}

fn of_vectors(codecs: &[Codec], is_request: bool) -> Vec<Vec<u8>> {
    vectors::all()
        .into_iter()
        .filter(|vector| vector.is_request == is_request && vector.bytes.len() < 4096)
        .filter_map(|vector| {
            let key = Some(vector.key);
            let choice = choice(codecs, |codec| codec.schema.key == key, vector.version)?;
            Some([&choice[..], &vector.bytes].concat())
        })
        .collect()
}

fn by_schema(codecs: &[Codec]) -> Vec<Vec<u8>> {
    let mut numbers = Numbers::new(1);
    let mut seeds = Vec::new();
    for (which, codec) in codecs.iter().enumerate() {
        for (index, version) in codec.versions().enumerate() {
            let choices = numbers.bytes(200);
            let body = generator::message(codec.schema, version, &mut Choices(&choices));
            seeds.push([&[which as u8, index as u8][..], &body].concat());
        }
    }
    seeds
}

fn frames() -> Vec<Vec<u8>> {
    let all = vectors::all();
    let requests = all
        .iter()
        .filter(|vector| vector.is_request && vector.bytes.len() < 1000);
    requests
        .map(|vector| {
            let key = vector.key.code();
            let header = kafka_protocol::header::request_header_version(key, vector.version);
            let mut frame = [key.to_be_bytes(), vector.version.to_be_bytes()].concat();
            frame.extend([0, 0, 0, 9]);
            if header >= 1 {
                frame.extend(b"\0\x02me");
            }
            if header >= 2 {
                frame.push(0);
            }
            frame.extend(&vector.bytes);
            // Pieces of some length; twice the same frame.
            let framed = [&(frame.len() as u32).to_be_bytes()[..], &frame].concat();
            [&[7][..], &framed, &framed].concat()
        })
        .collect()
}

fn batches() -> Vec<Vec<u8>> {
    let files = [
        include_str!("../../kafka-protocol/tests/vectors/records_java.tsv"),
        include_str!("../../kafka-protocol/tests/vectors/records_own.tsv"),
    ];
    let lines = files.iter().flat_map(|file| file.lines());
    let mut seeds: Vec<_> = lines
        .filter_map(|line| line.split('\t').nth(1).map(unhex))
        .filter(|batch| batch.len() < 4096)
        .collect();
    for codec in Compression::ALL {
        let small = shapes()
            .into_iter()
            .map(|(_, records)| encoded(&records, codec));
        seeds.extend(
            small
                .filter(|batch| batch.len() < 4096)
                .map(|batch| batch.to_vec()),
        );
    }
    seeds
}

fn message_sets() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (_, records) in shapes() {
        for codec in OLD_CODECS {
            let sets = [Magic::V0, Magic::V1].map(|magic| message_set(magic, &records, codec));
            let mixed = [&sets[0][..], &encoded(&records, codec), &sets[1]].concat();
            seeds.extend(sets);
            seeds.push(mixed);
        }
    }
    seeds.retain(|seed| seed.len() < 4096);
    seeds
}

fn bodies(codec: Compression) -> Vec<Vec<u8>> {
    const HEADER_LEN: usize = 61;
    let mut seeds: Vec<_> = shapes()
        .into_iter()
        .map(|(_, records)| encoded(&records, codec)[HEADER_LEN..].to_vec())
        .filter(|body| body.len() < 4096)
        .collect();
    // What comes to more than it may.
    if let Ok(mut compressor) = Compressor::new(codec) {
        let bomb = compressor.compress(&vec![0; 5 << 20]).unwrap_or_default();
        seeds.push(bomb.to_vec());
    }
    seeds
}

fn choices() -> Vec<Vec<u8>> {
    let mut numbers = Numbers::new(2);
    (0..ALL.len() * 2)
        .map(|which| {
            let mut seed = vec![which as u8, numbers.next() as u8];
            seed.extend(numbers.bytes(300));
            seed
        })
        .collect()
}
