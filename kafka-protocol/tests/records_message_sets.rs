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
    BatchLimits, Compression, Compressor, Header, Magic, MessageSetBuilder, RecordBatch,
    RecordError, RecordPosition, TimestampType,
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

/// A message by hand.
struct Raw {
    magic: i8,
    offset: i64,
    attributes: u8,
    timestamp: i64,
    key: Option<&'static [u8]>,
    value: Vec<u8>,
}

impl Raw {
    fn new(magic: i8, offset: i64) -> Self {
        Self {
            magic,
            offset,
            attributes: 0,
            timestamp: NOW + offset,
            key: None,
            value: offset.to_string().into_bytes(),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut checked = vec![self.magic as u8, self.attributes];
        if self.magic == 1 {
            checked.extend(self.timestamp.to_be_bytes());
        }
        for part in [self.key, Some(&self.value[..])] {
            checked.extend(part.map_or(-1, |part| part.len() as i32).to_be_bytes());
            checked.extend(part.unwrap_or_default());
        }
        let mut message = self.offset.to_be_bytes().to_vec();
        message.extend((checked.len() as i32 + 4).to_be_bytes());
        message.extend(crc32fast::hash(&checked).to_be_bytes());
        message.extend(checked);
        message
    }

    /// A wrapper around `inner`, by gzip.
    fn around(self, inner: &[Raw]) -> Self {
        let messages: Vec<u8> = inner.iter().flat_map(Raw::encode).collect();
        let mut gzip = Compressor::new(Compression::Gzip).unwrap();
        Self {
            attributes: self.attributes | Compression::Gzip.id(),
            value: gzip.compress(&messages).unwrap().to_vec(),
            ..self
        }
    }

    fn read(&self) -> Vec<(i64, i64)> {
        let all = read(Bytes::from(self.encode())).unwrap();
        all.into_iter()
            .map(|(offset, record)| (offset, record.timestamp))
            .collect()
    }
}

#[test]
fn offsets_inside_a_wrapper() {
    let inner = |magic| [0, 4, 7].map(|offset| Raw::new(magic, offset));
    let offsets =
        |wrapper: Raw| -> Vec<i64> { wrapper.read().into_iter().map(|row| row.0).collect() };
    // Relative to the last one in magic 1, as they are in magic 0.
    assert_eq!(offsets(Raw::new(1, 100).around(&inner(1))), [93, 97, 100]);
    assert_eq!(offsets(Raw::new(1, 7).around(&inner(1))), [0, 4, 7]);
    assert_eq!(offsets(Raw::new(0, 100).around(&inner(0))), [0, 4, 7]);
    // As old versions of librdkafka produce it.
    assert_eq!(offsets(Raw::new(1, 0).around(&inner(1))), [0, 4, 7]);
    // As old versions of others do.
    let zeros = [0, 0, 0].map(|offset| Raw::new(1, offset));
    assert_eq!(offsets(Raw::new(1, 2).around(&zeros)), [2, 2, 2]);
    // A key means nothing there.
    let mut keyed = Raw::new(1, 9).around(&inner(1));
    keyed.key = Some(b"key");
    assert_eq!(offsets(keyed), [2, 6, 9]);
}

#[test]
fn timestamps_inside_a_wrapper() {
    let inner = |magic| [0, 1].map(|offset| Raw::new(magic, offset));
    let mut wrapper = Raw::new(1, 1).around(&inner(1));
    assert_eq!(wrapper.read(), [(0, NOW), (1, NOW + 1)]);
    // The broker sets its time in the wrapper alone.
    wrapper.attributes |= 8;
    wrapper.timestamp = NOW + 500;
    assert_eq!(wrapper.read(), [(0, NOW + 500), (1, NOW + 500)]);
    let batch = RecordBatch::parse(&mut Bytes::from(wrapper.encode()), &LIMITS);
    let batch = batch.unwrap().unwrap();
    assert_eq!(batch.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(batch.max_timestamp(), NOW + 500);

    // Each message has what its own format has, as in Kafka's reader.
    assert_eq!(Raw::new(1, 6).around(&inner(0)).read(), [(5, -1), (6, -1)]);
    let mut appended = Raw::new(1, 6).around(&inner(0));
    appended.attributes |= 8;
    assert_eq!(appended.read(), [(5, -1), (6, -1)]);
    assert_eq!(
        Raw::new(0, 6).around(&inner(1)).read(),
        [(0, NOW), (1, NOW + 1)]
    );
    // The bit has no meaning in magic 0.
    let mut old = Raw::new(0, 1).around(&inner(0));
    old.attributes |= 8;
    let batch = RecordBatch::parse(&mut Bytes::from(old.encode()), &LIMITS);
    assert_eq!(
        batch.unwrap().unwrap().timestamp_type(),
        TimestampType::CreateTime
    );
}

#[test]
fn a_run_has_one_time_of_appending() {
    let mut bytes = Vec::new();
    for (offset, time) in [(0, NOW), (1, NOW), (2, NOW + 1), (3, NOW + 1)] {
        let mut message = Raw::new(1, offset);
        message.attributes = 8;
        message.timestamp = time;
        bytes.extend(message.encode());
    }
    bytes.extend(Raw::new(1, 4).encode());
    bytes.extend(Raw::new(0, 5).encode());
    let mut bytes = Bytes::from(bytes);
    let mut counts = Vec::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, &LIMITS).unwrap() {
        counts.push((batch.record_count(), batch.max_timestamp()));
    }
    assert_eq!(counts, [(2, NOW), (2, NOW + 1), (1, NOW + 4), (1, -1)]);
}

/// Clients other than Java's write no framing around snappy.
#[test]
fn snappy_without_a_framing() {
    for magic in [0, 1] {
        let inner = Raw::new(magic, 0).encode();
        let framed = Compressor::new(Compression::Snappy)
            .unwrap()
            .compress(&inner);
        // Behind the header and the length of the only block.
        let raw = framed.unwrap()[20..].to_vec();
        let wrapper = Raw {
            attributes: Compression::Snappy.id(),
            value: raw,
            ..Raw::new(magic, 0)
        };
        assert_eq!(wrapper.read().len(), 1);
    }
}

#[test]
fn what_a_builder_refuses() {
    let empty = MessageSetBuilder::v1();
    let mut plain = Compressor::new(Compression::None).unwrap();
    assert_eq!(empty.seal(&mut plain), Err(RecordError::EmptyBatch));

    let mut builder = MessageSetBuilder::v1().with_base_offset(5);
    let record = Owned::value("v");
    let refused = |result: Result<u32, RecordError>, why: &str| match result {
        Err(RecordError::NotInFormat { magic: 1, reason }) => {
            assert!(reason.contains(why), "{reason}")
        }
        other => panic!("{why}: {other:?}"),
    };
    let headers = [Header {
        key: "h",
        value: None,
    }];
    refused(builder.append(&record.borrowed(&headers)), "headers");
    refused(builder.append_at(-1, &record.borrowed(&[])), "out of range");
    refused(
        builder.append_at(i64::MAX, &record.borrowed(&[])),
        "out of range",
    );
    assert_eq!(builder.append(&record.borrowed(&[])), Ok(0));
    refused(builder.append_at(4, &record.borrowed(&[])), "go down");
    refused(
        builder.append_at(6 + (1 << 31), &record.borrowed(&[])),
        "2^31",
    );
    assert_eq!(builder.append(&record.borrowed(&[])), Ok(1));
    let mut zstd = Compressor::new(Compression::Zstd).unwrap();
    let error = builder.clone().seal(&mut zstd).unwrap_err();
    assert!(matches!(error, RecordError::NotInFormat { .. }), "{error}");
    let set = builder.seal(&mut plain).unwrap();
    assert_eq!((set.base_offset(), set.last_offset()), (5, 6));
    assert!(!format!("{set:?}").contains("value"));
}
