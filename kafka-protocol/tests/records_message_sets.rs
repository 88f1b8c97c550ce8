//! Message sets, magic 0 and 1: what is built is read back the same, in any mix
//! with each other and with batches.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod records_support;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, Compression, Compressor, Magic, MessageSetBuilder, RecordBatch, RecordError,
    RecordPosition, TimestampType,
};
use proptest::prelude::*;
use records_support::{NOW, Owned, encoded, shapes};

const LIMITS: BatchLimits = BatchLimits::DEFAULT;
const CODECS: [Compression; 4] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
];

fn builder(magic: Magic) -> MessageSetBuilder {
    match magic {
        Magic::V0 => MessageSetBuilder::v0(),
        _ => MessageSetBuilder::v1(),
    }
}

/// Records as that format keeps them.
fn kept(magic: Magic, records: &[Owned]) -> Vec<Owned> {
    let keep = |record: &Owned| Owned {
        timestamp: if magic == Magic::V0 {
            -1
        } else {
            record.timestamp
        },
        headers: Vec::new(),
        ..record.clone()
    };
    records.iter().map(keep).collect()
}

fn set_of(
    mut builder: MessageSetBuilder,
    codec: Compression,
    records: &[Owned],
    offsets: &[i64],
) -> RecordBatch {
    for (record, offset) in records.iter().zip(offsets) {
        let size = builder.record_size(&record.borrowed(&[]));
        let before = builder.encoded_len();
        builder.append_at(*offset, &record.borrowed(&[])).unwrap();
        assert_eq!(builder.encoded_len() - before, size);
    }
    builder.seal(&mut Compressor::new(codec).unwrap()).unwrap()
}

/// Offsets and records of all batches.
fn read(mut bytes: Bytes) -> Result<Vec<(i64, Owned)>, RecordError> {
    let mut all = Vec::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, &LIMITS)? {
        let records = batch.decompress(&LIMITS)?;
        let mut position = RecordPosition::default();
        for record in &records {
            let again = records.next_at(&mut position).unwrap();
            assert_eq!(again.offset(), record.offset());
            assert_eq!(again.value(), record.value());
            all.push((record.offset(), Owned::of(&record)));
        }
        assert!(records.next_at(&mut position).is_none());
        assert_eq!(position.index(), records.len());
        if batch.record_count() >= 0 {
            assert_eq!(batch.record_count() as usize, records.len());
        }
    }
    assert!(bytes.is_empty());
    Ok(all)
}

fn check(magic: Magic, codec: Compression, records: &[Owned], offsets: &[i64]) {
    let set = set_of(builder(magic), codec, records, offsets);
    let records = kept(magic, records);
    assert_eq!((set.magic(), set.compression()), (magic, codec));
    assert_eq!(set.last_offset(), *offsets.last().unwrap());
    assert_eq!(set.next_offset(), set.last_offset() + 1);
    assert_eq!(set.timestamp_type(), TimestampType::CreateTime);
    let max_timestamp = records.iter().map(|record| record.timestamp).max().unwrap();
    assert_eq!(set.max_timestamp(), max_timestamp);
    assert_eq!((set.producer_id(), set.base_sequence()), (-1, -1));
    assert!(!set.is_control() && !set.is_transactional());

    let parsed = RecordBatch::parse(&mut set.raw().clone(), &LIMITS).unwrap();
    let parsed = parsed.unwrap();
    if parsed.encoded_len() == set.encoded_len() {
        assert_eq!(parsed, set);
    } else {
        assert!(codec == Compression::None && parsed.encoded_len() > 1 << 20);
    }
    let expected: Vec<_> = offsets.iter().copied().zip(records).collect();
    assert_eq!(read(set.raw().clone()).unwrap(), expected);
}

#[test]
fn every_shape_in_every_format_with_every_codec() {
    for (name, records) in shapes() {
        for magic in [Magic::V0, Magic::V1] {
            for codec in CODECS {
                println!("{name} in {magic} with {codec}");
                let from_0: Vec<i64> = (0..records.len() as i64).collect();
                check(magic, codec, &records, &from_0);
                let gaps: Vec<i64> = from_0.iter().map(|n| (1 << 40) + n * n).collect();
                check(magic, codec, &records, &gaps);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_records(
        records in proptest::collection::vec(
            (NOW - 5..NOW + 5, any::<Option<Vec<u8>>>(), any::<Option<Vec<u8>>>(), 0..3_i64),
            1..50,
        ),
        base in 0..i64::MAX / 2,
        magic in proptest::sample::select(&[Magic::V0, Magic::V1][..]),
        codec in proptest::sample::select(&CODECS[..]),
    ) {
        let mut offset = base;
        let (records, offsets): (Vec<Owned>, Vec<i64>) = records
            .into_iter()
            .map(|(timestamp, key, value, gap)| {
                offset += gap;
                (Owned { timestamp, key, value, headers: Vec::new() }, offset)
            })
            .unzip();
        // A wrapper at offset 0 is taken for one of librdkafka's.
        check(magic, codec, &records, &offsets);
    }
}

#[test]
fn any_mix_in_one_buffer_and_a_part_at_the_end() {
    let records = [Owned::value("a"), Owned::value("b"), Owned::value("c")];
    let mut all = Vec::new();
    let mut expected = Vec::new();
    let mut offset = 0;
    for magic in Magic::ALL {
        for codec in Compression::ALL {
            if magic == Magic::V2 {
                let batch = RecordBatch::parse(&mut encoded(&records, codec), &LIMITS);
                let batch = batch.unwrap().unwrap();
                all.extend(batch.with_base_offset_and_epoch(offset, 1).unwrap().raw());
                expected.extend((offset..).zip(records.clone()));
            } else if codec != Compression::Zstd {
                let offsets = [offset, offset + 1, offset + 2];
                all.extend(set_of(builder(magic), codec, &records, &offsets).raw());
                expected.extend((offset..).zip(kept(magic, &records)));
            } else {
                continue;
            }
            offset += 3;
        }
    }
    assert_eq!(read(Bytes::from(all.clone())).unwrap(), expected);

    // Cut anywhere: what is whole is read, the rest stays.
    for cut in 0..all.len() {
        let mut bytes = Bytes::copy_from_slice(&all[..cut]);
        let mut count = 0;
        while let Some(batch) = RecordBatch::parse(&mut bytes, &LIMITS).unwrap() {
            count += batch.decompress(&LIMITS).unwrap().len();
        }
        assert!(count <= expected.len());
        if let Some(len) = RecordBatch::encoded_len_of_next(&bytes).unwrap() {
            assert!(len > bytes.len());
        } else {
            assert!(bytes.len() < 17);
        }
    }
}
