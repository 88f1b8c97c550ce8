//! Batches that Kafka's own classes wrote, and batches of ours that they read.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod records_support;

use bytes::Bytes;
use kafka_protocol::RecordBytes;
use kafka_protocol::records::{
    BatchLimits, BatchStamp, Compression, Compressor, Converter, Magic, RecordBatch,
};
use records_support::{Owned, built, rendered, unhex, vectors};

const JAVA: &str = include_str!("vectors/records_java.tsv");
const OWN: &str = include_str!("vectors/records_own.tsv");
const OLD: &str = include_str!("vectors/records_old_java.tsv");

#[test]
fn batches_of_kafkas_own_writer() {
    let mut codecs = [0; 5];
    for (name, bytes, expected) in vectors(JAVA) {
        assert_eq!(rendered(bytes.clone()), expected, "{name}");
        let batch = RecordBatch::parse(&mut bytes.clone(), &BatchLimits::default());
        codecs[usize::from(batch.unwrap().unwrap().compression().id())] += 1;
    }
    assert!(codecs.iter().all(|count| *count >= 9), "{codecs:?}");
}

#[test]
fn batches_that_kafkas_own_reader_took() {
    let mut count = 0;
    for (name, bytes, expected) in vectors(OWN) {
        assert_eq!(rendered(bytes), expected, "{name}");
        count += 1;
    }
    assert_eq!(count, 39);
}

/// The records alone: to Kafka each message that is not compressed is a batch.
fn rendered_records(bytes: Bytes) -> String {
    let batches = rendered(bytes);
    let records = batches
        .split('|')
        .flat_map(|batch| batch.split(';').skip(1));
    records.collect::<Vec<_>>().join(";")
}

#[test]
fn message_sets_of_kafkas_own_writer() {
    let mut count = 0;
    for (name, bytes, expected) in vectors(OLD) {
        assert_eq!(rendered_records(bytes), expected, "{name}");
        count += 1;
    }
    assert_eq!(count, 122);
}

#[test]
fn batches_converted_down_as_kafka_does() {
    let mut count = 0;
    for line in OLD.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, expected, records, from] = fields[..] else {
            continue;
        };
        let to = match name.split('/').next() {
            Some("0") => Magic::V0,
            _ => Magic::V1,
        };
        let mut from = Bytes::from(unhex(from));
        let mut converter = Converter::new(to).with_first_offset(510);
        let mut converted = Vec::new();
        while let Some(batch) = RecordBatch::parse(&mut from, &BatchLimits::default()).unwrap() {
            let batch = converter.convert(&batch).unwrap().batch;
            converted.extend(batch.iter().flat_map(RecordBatch::raw));
        }
        assert_eq!(
            rendered_records(converted.clone().into()),
            records,
            "{name}"
        );
        // What is not compressed has one form only.
        if name.contains("/none/") {
            assert_eq!(converted, unhex(expected), "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 20);
}

/// What is not compressed has one form only.
#[test]
fn the_same_records_give_the_same_bytes() {
    let mut count = 0;
    for (name, bytes, _) in vectors(JAVA) {
        // Where compaction has been, no producer can have.
        if !name.starts_with("none/") || name.ends_with("/gaps") {
            continue;
        }
        let limits = BatchLimits::default();
        let batch = RecordBatch::parse(&mut bytes.clone(), &limits)
            .unwrap()
            .unwrap();
        let mut records: Vec<Owned> = batch
            .decompress(&limits)
            .unwrap()
            .iter()
            .map(|record| Owned::of(&record))
            .collect();
        if name.ends_with("/append-time") {
            // The broker's clock hides the producer's.
            for (index, record) in records.iter_mut().enumerate() {
                record.timestamp = batch.base_timestamp() + index as i64;
            }
        }
        let sealed = built(&records)
            .seal(&mut Compressor::new(Compression::None).unwrap())
            .unwrap();
        let stamp = BatchStamp {
            base_offset: 0,
            producer_id: batch.producer_id(),
            producer_epoch: batch.producer_epoch(),
            base_sequence: batch.base_sequence(),
            transactional: batch.is_transactional(),
            ..BatchStamp::default()
        };
        let mut ours = sealed.to_record_bytes(&stamp).into_bytes();
        let mut ours = RecordBatch::parse(&mut ours, &limits)
            .unwrap()
            .unwrap()
            .with_base_offset_and_epoch(batch.base_offset(), batch.partition_leader_epoch())
            .unwrap();
        if name.ends_with("/append-time") {
            ours = ours.with_log_append_time(batch.max_timestamp()).unwrap();
        }
        assert_eq!(ours.raw(), &bytes, "{name}");
        assert_eq!(RecordBytes::from(ours), RecordBytes::from(bytes));
        count += 1;
    }
    assert_eq!(count, 8);
}

/// Brokers cut what they send anywhere.
#[test]
fn a_batch_cut_anywhere_is_partial() {
    let limits = BatchLimits::default();
    for (name, bytes, _) in vectors(JAVA) {
        let whole = RecordBatch::encoded_len_of_next(&bytes).unwrap().unwrap();
        for len in 0..whole {
            let mut cut = bytes.slice(..len);
            let parsed = RecordBatch::parse(&mut cut, &limits);
            assert_eq!(parsed, Ok(None), "{name} cut to {len}");
            assert_eq!(cut.len(), len, "a partial batch stays");
        }
    }
}
