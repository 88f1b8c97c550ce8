//! Batches in another format or with another codec: the same records, and what
//! could not come along is told.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod records_support;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, BatchStamp, Compression, Compressor, Conversion, Converter, Magic,
    MessageSetBuilder, RecordBatch, RecordError, RecordView, TimestampType,
};
use records_support::{NOW, Owned, sealed, shapes, vectors};

const LIMITS: BatchLimits = BatchLimits::DEFAULT;
const OLD: [Magic; 2] = [Magic::V0, Magic::V1];

fn parsed(bytes: &Bytes) -> RecordBatch {
    let mut bytes = bytes.clone();
    let batch = RecordBatch::parse(&mut bytes, &LIMITS).unwrap().unwrap();
    assert!(bytes.is_empty());
    batch
}

fn compressor(codec: Compression) -> Compressor {
    Compressor::new(codec).unwrap()
}

/// Offset and contents of every record, read back from the bytes.
fn contents(batch: &RecordBatch) -> Vec<(i64, Owned)> {
    let mut bytes = batch.raw().clone();
    let mut all = Vec::new();
    while let Some(batch) = RecordBatch::parse(&mut bytes, &LIMITS).unwrap() {
        let records = batch.decompress(&LIMITS).unwrap();
        all.extend(
            records
                .iter()
                .map(|record| (record.offset(), Owned::of(&record))),
        );
    }
    all
}

fn batch(records: &[Owned], codec: Compression, stamp: &BatchStamp) -> RecordBatch {
    parsed(&sealed(records, codec).to_record_bytes(stamp).into_bytes())
}

fn message_set(builder: MessageSetBuilder, codec: Compression, offsets: &[i64]) -> RecordBatch {
    let mut builder = builder;
    for offset in offsets {
        let record = Owned {
            timestamp: NOW - offset,
            key: (offset % 2 == 0).then(|| b"k".to_vec()),
            ..Owned::value(format!("value {offset}"))
        };
        builder.append_at(*offset, &record.borrowed(&[])).unwrap();
    }
    builder.seal(&mut compressor(codec)).unwrap()
}

#[test]
fn down_from_any_batch() {
    for (name, records) in shapes() {
        for codec in Compression::ALL {
            let stamp = BatchStamp {
                base_offset: 1_000,
                producer_id: 5,
                producer_epoch: 0,
                base_sequence: 3,
                ..BatchStamp::default()
            };
            let batch = batch(&records, codec, &stamp);
            for to in OLD {
                println!("{name} with {codec} to {to}");
                let converted = Converter::new(to).convert(&batch);
                if codec == Compression::Zstd {
                    let error = converted.unwrap_err();
                    assert!(matches!(error, RecordError::NotInFormat { .. }), "{error}");
                    continue;
                }
                let converted = converted.unwrap();
                let set = converted.batch.unwrap();
                assert_eq!((set.magic(), set.compression()), (to, codec));
                assert_eq!(set.last_offset(), batch.last_offset());
                let headers: usize = records.iter().map(|record| record.headers.len()).sum();
                assert_eq!(converted.headers as usize, headers);
                assert!(converted.producer);
                let timestamps = if to == Magic::V0 { records.len() } else { 0 };
                assert_eq!(converted.timestamps as usize, timestamps);
                assert_eq!(
                    (converted.control_records, converted.earlier_records),
                    (0, 0)
                );
                let expected: Vec<_> = contents(&batch)
                    .into_iter()
                    .map(|(offset, mut record)| {
                        record.headers.clear();
                        if to == Magic::V0 {
                            record.timestamp = -1;
                        }
                        (offset, record)
                    })
                    .collect();
                assert_eq!(contents(&set), expected);
            }
        }
    }
}

#[test]
fn down_what_is_not_taken_along() {
    let records = [Owned::value("a"), Owned::value("b"), Owned::value("c")];
    let control = batch(
        &records[..1],
        Compression::None,
        &BatchStamp {
            control: true,
            ..BatchStamp::default()
        },
    );
    let mut converter = Converter::new(Magic::V1).with_first_offset(1);
    let dropped = converter.convert(&control).unwrap();
    assert_eq!((dropped.batch, dropped.control_records), (None, 1));

    // Uncompressed messages are no batch that may begin earlier.
    let plain = batch(&records, Compression::None, &BatchStamp::default());
    let converted = converter.convert(&plain).unwrap();
    assert_eq!(converted.earlier_records, 1);
    let offsets: Vec<_> = contents(&converted.batch.unwrap());
    assert_eq!(offsets.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2]);
    let packed = batch(&records, Compression::Gzip, &BatchStamp::default());
    let converted = converter.convert(&packed).unwrap();
    assert_eq!(converted.earlier_records, 0);
    assert_eq!(contents(&converted.batch.unwrap()).len(), 3);
    let mut late = Converter::new(Magic::V1).with_first_offset(100);
    let nothing = late.convert(&plain).unwrap();
    assert_eq!((nothing.batch, nothing.earlier_records), (None, 3));

    let zstd = batch(&records, Compression::Zstd, &BatchStamp::default());
    let mut converter = Converter::new(Magic::V0).with_zstd_as(Compression::Gzip);
    let set = converter.convert(&zstd).unwrap().batch.unwrap();
    assert_eq!(set.compression(), Compression::Gzip);
    assert_eq!(contents(&set).len(), 3);
}

/// The least record has 7 bytes, the least message 26.
#[test]
fn down_within_the_limits() {
    let records = vec![
        Owned {
            timestamp: NOW,
            ..Owned::default()
        };
        50_000
    ];
    let limits = LIMITS.with_max_decompressed(1 << 20);
    for codec in [Compression::Gzip, Compression::Lz4] {
        let batch = batch(&records, codec, &BatchStamp::default());
        assert_eq!(batch.decompress(&limits).unwrap().len(), 50_000);
        let mut converter = Converter::new(Magic::V0).with_limits(limits);
        let refused = converter.convert(&batch);
        assert!(matches!(refused, Err(RecordError::BatchFull { .. })));
        let enough = LIMITS.with_max_decompressed(50_000 * 26);
        let mut converter = Converter::new(Magic::V0).with_limits(enough);
        assert_eq!(
            contents(&converter.convert(&batch).unwrap().batch.unwrap()).len(),
            50_000
        );
    }
}

#[test]
fn what_has_the_format_is_not_touched() {
    for (to, batch) in [
        (
            Magic::V2,
            batch(
                &[Owned::value("v")],
                Compression::Zstd,
                &BatchStamp::default(),
            ),
        ),
        (
            Magic::V1,
            message_set(MessageSetBuilder::v1(), Compression::Lz4, &[4, 5]),
        ),
    ] {
        let mut same = Converter::new(to).convert(&batch).unwrap();
        let unchanged = same.batch.take().unwrap();
        assert_eq!(unchanged.raw().as_ptr(), batch.raw().as_ptr());
        assert_eq!(same, Conversion::default());
    }
}

#[test]
fn down_with_the_brokers_time() {
    let records = [Owned::value("a"), Owned::value("b")];
    for codec in [Compression::None, Compression::Snappy] {
        let batch = batch(&records, codec, &BatchStamp::default());
        let appended = batch.with_log_append_time(NOW + 77).unwrap();
        let set = Converter::new(Magic::V1)
            .convert(&appended)
            .unwrap()
            .batch
            .unwrap();
        let set = parsed(set.raw());
        assert_eq!(set.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!(set.max_timestamp(), NOW + 77);
        assert!(
            contents(&set)
                .iter()
                .all(|(_, record)| record.timestamp == NOW + 77)
        );

        let again = Converter::new(Magic::V2)
            .convert(&set)
            .unwrap()
            .batch
            .unwrap();
        let again = parsed(again.raw());
        assert_eq!(again.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!(contents(&again), contents(&set));
    }
}

#[test]
fn up_and_between_the_old_ones() {
    let offsets = [7, 8, 12, 500];
    for codec in Compression::ALL {
        if codec == Compression::Zstd {
            continue;
        }
        let old = message_set(MessageSetBuilder::v0(), codec, &offsets);
        let middle = message_set(MessageSetBuilder::v1(), codec, &offsets);
        for (from, to) in [
            (&old, Magic::V1),
            (&old, Magic::V2),
            (&middle, Magic::V0),
            (&middle, Magic::V2),
        ] {
            let converted = Converter::new(to).convert(from).unwrap();
            let batch = converted.batch.unwrap();
            let batch = parsed(batch.raw());
            assert_eq!((batch.magic(), batch.compression()), (to, codec));
            assert_eq!((batch.last_offset(), batch.producer_id()), (500, -1));
            let lost = if to == Magic::V0 { 4 } else { 0 };
            assert_eq!(converted.timestamps, lost);
            let mut expected = contents(from);
            if to == Magic::V0 {
                expected
                    .iter_mut()
                    .for_each(|(_, record)| record.timestamp = -1);
            }
            assert_eq!(contents(&batch), expected);
            if to == Magic::V2 {
                assert_eq!((batch.base_offset(), batch.record_count()), (7, 4));
                let max = expected.iter().map(|(_, record)| record.timestamp).max();
                assert_eq!(Some(batch.max_timestamp()), max);
            }
        }
    }
}

/// The first producers sent 0 for every offset.
#[test]
fn up_from_offsets_that_repeat() {
    for builder in [MessageSetBuilder::v0(), MessageSetBuilder::v1()] {
        for codec in [Compression::None, Compression::Gzip] {
            let sent = message_set(builder.clone(), codec, &[0, 0, 0, 2, 9]);
            let batch = Converter::new(Magic::V2)
                .convert(&sent)
                .unwrap()
                .batch
                .unwrap();
            let offsets: Vec<i64> = contents(&batch).iter().map(|row| row.0).collect();
            // A wrapper's offset is that of the last one in magic 1.
            assert_eq!(offsets, [0, 1, 2, 3, 9]);
            let moved = batch.with_base_offset_and_epoch(1 << 33, 4).unwrap();
            assert_eq!(contents(&moved)[4].0, (1 << 33) + 9);
        }
    }
}

#[test]
fn recompressed_all_but_the_codec_stays() {
    for row in vectors(include_str!("vectors/records_java.tsv")) {
        let (name, mut bytes, _) = row;
        while let Some(batch) = RecordBatch::parse(&mut bytes, &LIMITS).unwrap() {
            recompressed(name, &batch);
        }
    }
}

fn recompressed(name: &str, batch: &RecordBatch) {
    for codec in Compression::ALL {
        let other = batch.recompress(&mut compressor(codec), &LIMITS).unwrap();
        let other = parsed(other.raw());
        if batch.record_count() == 0 {
            assert_eq!(&other, batch);
            continue;
        }
        assert_eq!(other.compression(), codec, "{name}");
        assert_eq!(contents(&other), contents(batch));
        // The header: all but length, CRC and codec.
        for (range, mask) in [
            (0..8, 0xff),
            (12..17, 0xff),
            (21..22, 0xff),
            (22..23, 0xf8),
            (23..61, 0xff),
        ] {
            let masked = |batch: &RecordBatch| -> Vec<u8> {
                batch.raw()[range.clone()]
                    .iter()
                    .map(|byte| byte & mask)
                    .collect()
            };
            assert_eq!(masked(&other), masked(batch), "{name} {range:?}");
        }
        let back = other
            .recompress(&mut compressor(Compression::None), &LIMITS)
            .unwrap();
        let plain = batch
            .recompress(&mut compressor(Compression::None), &LIMITS)
            .unwrap();
        assert_eq!(back, plain);
    }
}

#[test]
fn message_sets_recompressed() {
    let codecs = &Compression::ALL[..4];
    for builder in [
        MessageSetBuilder::v0(),
        MessageSetBuilder::v1(),
        MessageSetBuilder::v1().with_log_append_time(NOW + 1),
    ] {
        for from in codecs {
            let set = message_set(builder.clone(), *from, &[3, 4, 90]);
            for to in codecs {
                let other = set.recompress(&mut compressor(*to), &LIMITS).unwrap();
                let other = parsed(other.raw());
                assert_eq!(
                    (other.magic(), other.compression(), other.last_offset()),
                    (set.magic(), *to, 90)
                );
                assert_eq!(other.timestamp_type(), set.timestamp_type());
                assert_eq!(other.max_timestamp(), set.max_timestamp());
                assert_eq!(contents(&other), contents(&set));
            }
            let error = set.recompress(&mut compressor(Compression::Zstd), &LIMITS);
            assert!(matches!(error, Err(RecordError::NotInFormat { .. })));
        }
    }
}

#[test]
fn message_sets_are_not_moved() {
    let set = message_set(MessageSetBuilder::v1(), Compression::None, &[0, 1]);
    let refused = RecordError::UnsupportedMagic {
        base_offset: 0,
        magic: 1,
    };
    assert_eq!(set.with_base_offset_and_epoch(5, 1), Err(refused.clone()));
    assert_eq!(set.record_bytes_at(5, 1), Err(refused.clone()));
    assert_eq!(set.with_log_append_time(5), Err(refused));
}

#[test]
fn a_sealed_batch_becomes_the_message_set_that_a_producer_of_its_time_would_send() {
    let records = [Owned::value("one"), Owned::value("two")];
    for codec in [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
    ] {
        let sealed = sealed(&records, codec);
        for magic in OLD {
            let set = sealed
                .to_message_set(magic, &mut compressor(codec))
                .unwrap();
            assert_eq!((set.magic(), set.compression()), (magic, codec));
            let directly = records_support::message_set(magic, &records, codec);
            assert_eq!(set.raw()[..], directly, "{magic} {codec}");
        }
        let refused = sealed.to_message_set(Magic::V2, &mut compressor(codec));
        assert!(matches!(refused, Err(RecordError::NotInFormat { .. })));
    }
    let zstd = sealed(&records, Compression::None)
        .to_message_set(Magic::V1, &mut compressor(Compression::Zstd));
    assert!(matches!(zstd, Err(RecordError::NotInFormat { .. })));
}

#[test]
fn a_sealed_batch_splits_where_an_answer_changes() {
    let records: Vec<_> = ["a", "b", "B", "C", "d"].map(Owned::value).into();
    let is_capital = |record: &RecordView<'_>| record.value().unwrap()[0].is_ascii_uppercase();
    let parts = sealed(&records, Compression::Gzip)
        .split_where(is_capital)
        .unwrap();
    let shape: Vec<_> = parts
        .into_iter()
        .map(|(capital, part)| {
            let part = part.seal(&mut compressor(Compression::None)).unwrap();
            let values = contents(&part.view()).into_iter().map(|(_, record)| record);
            (capital, values.collect::<Vec<_>>())
        })
        .collect();
    let owned = |values: &[&str]| values.iter().map(|v| Owned::value(*v)).collect::<Vec<_>>();
    assert_eq!(
        shape,
        [
            (false, owned(&["a", "b"])),
            (true, owned(&["B", "C"])),
            (false, owned(&["d"]))
        ]
    );
}
