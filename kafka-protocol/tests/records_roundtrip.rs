//! What is built is read back the same, with every codec, and every step between
//! keeps its word.

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
    BatchBuilder, BatchLimits, BatchStamp, Compression, CompressionError, Compressor, Header,
    NewRecord, RecordBatch, RecordError, RecordPosition, TimestampType,
};
use proptest::prelude::*;
use records_support::{NOW, Owned, built, encoded, read_all, sealed, shapes};

const LIMITS: BatchLimits = BatchLimits::DEFAULT;

fn parsed(mut bytes: Bytes) -> RecordBatch {
    let batch = RecordBatch::parse(&mut bytes, &LIMITS).unwrap().unwrap();
    assert!(bytes.is_empty());
    batch
}

/// All that can be read from a batch of `records`.
fn check(records: &[Owned], codec: Compression, stamp: &BatchStamp) {
    let batch = sealed(records, codec);
    let body: Vec<u8> = records
        .iter()
        .enumerate()
        .flat_map(|(index, record)| record.encoded(records[0].timestamp, index))
        .collect();
    assert_eq!(batch.uncompressed_len(), body.len());
    if codec == Compression::None {
        assert_eq!(batch.body(), &body, "the plainest encoder writes the same");
    }

    let view = batch.view();
    let stamped = batch.to_record_bytes(&BatchStamp::default());
    assert_eq!(view, parsed(stamped.into_bytes()));

    let bytes = batch.to_record_bytes(stamp);
    assert_eq!(bytes.len(), batch.encoded_len());
    assert_eq!(bytes.segments()[0], batch.header(stamp)[..]);
    assert_eq!(
        bytes.segments()[1].as_ptr(),
        batch.body().as_ptr(),
        "the body is not copied"
    );
    let bytes = bytes.into_bytes();
    assert_eq!(bytes[17..21], crc32c::crc32c(&bytes[21..]).to_be_bytes());

    let read = parsed(bytes.clone());
    assert_eq!(read.raw(), &bytes);
    assert_eq!(read.encoded_len(), bytes.len());
    assert_eq!(read.compression(), codec);
    assert_eq!(read.record_count() as usize, records.len());
    assert_eq!(read.base_offset(), stamp.base_offset);
    assert_eq!(
        read.last_offset(),
        stamp.base_offset + records.len() as i64 - 1
    );
    assert_eq!(read.next_offset(), read.last_offset() + 1);
    assert_eq!(read.partition_leader_epoch(), stamp.partition_leader_epoch);
    assert_eq!(read.producer_id(), stamp.producer_id);
    assert_eq!(read.producer_epoch(), stamp.producer_epoch);
    assert_eq!(read.base_sequence(), stamp.base_sequence);
    assert_eq!(read.is_transactional(), stamp.transactional);
    assert_eq!(read.is_control(), stamp.control);
    assert_eq!(read.delete_horizon(), None);
    let append_time = stamp.timestamp_type_log_append;
    assert_eq!(
        read.timestamp_type() == TimestampType::LogAppendTime,
        append_time
    );
    assert_eq!(read.base_timestamp(), records[0].timestamp);
    let max_timestamp = records.iter().map(|record| record.timestamp).max().unwrap();
    assert_eq!(read.max_timestamp(), max_timestamp);

    let inside = read.decompress(&LIMITS).unwrap();
    assert_eq!(inside.len(), records.len());
    assert_eq!(inside.memory_size(), body.len());
    assert_eq!(inside.iter().len(), records.len());
    let mut position = RecordPosition::default();
    let mut encoded_len = 0;
    for (index, (view, record)) in inside.iter().zip(records).enumerate() {
        let mut expected = record.clone();
        if append_time {
            expected.timestamp = max_timestamp;
        }
        assert_eq!(Owned::of(&view), expected);
        assert_eq!(view.offset(), stamp.base_offset + index as i64);
        encoded_len += view.encoded_len();
        assert_eq!(position.index(), index);
        let again = inside.next_at(&mut position).unwrap();
        assert_eq!(
            (again.offset(), Owned::of(&again)),
            (view.offset(), expected)
        );
        if let Some(value) = view.value().filter(|value| !value.is_empty()) {
            assert_eq!(inside.share(value).as_ptr(), value.as_ptr());
        }
    }
    assert_eq!(encoded_len, body.len());
    assert!(inside.next_at(&mut position).is_none());
    assert_eq!(position.index(), records.len());
    let last = inside.get(records.len() - 1).unwrap();
    assert_eq!(last.offset(), read.last_offset());
    assert!(inside.get(records.len()).is_none());
}

#[test]
fn every_shape_with_every_codec() {
    for (name, records) in shapes() {
        for codec in Compression::ALL {
            println!("{name} with {codec}");
            check(&records, codec, &BatchStamp::default());
        }
    }
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => proptest::collection::vec(any::<u8>(), 0..max),
        // Around the lengths where a varint grows.
        1 => (60..70_usize).prop_map(|len| vec![b'x'; len]),
        1 => (8_100..8_300_usize).prop_map(|len| vec![b'y'; len]),
    ]
}

fn timestamp() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => NOW..NOW + 100,
        2 => NOW - 10_000..NOW + 10_000,
        1 => -1_i64..i64::MAX / 2,
    ]
}

fn record() -> impl Strategy<Value = Owned> {
    let header = ("\\PC{0,12}", proptest::option::of(bytes(300)));
    let headers = prop_oneof![
        3 => Just(Vec::new()),
        1 => proptest::collection::vec(header, 0..4),
    ];
    (
        timestamp(),
        proptest::option::of(bytes(2_000)),
        proptest::option::of(bytes(20_000)),
        headers,
    )
        .prop_map(|(timestamp, key, value, headers)| Owned {
            timestamp,
            key,
            value,
            headers,
        })
}

fn stamp() -> impl Strategy<Value = BatchStamp> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (
        0..i64::MAX / 2,
        any::<i32>(),
        any::<i64>(),
        any::<i16>(),
        any::<i32>(),
        flags,
    )
        .prop_map(
            |(
                base_offset,
                partition_leader_epoch,
                producer_id,
                producer_epoch,
                base_sequence,
                flags,
            )| {
                BatchStamp {
                    base_offset,
                    partition_leader_epoch,
                    producer_id,
                    producer_epoch,
                    base_sequence,
                    transactional: flags.0,
                    control: flags.1,
                    timestamp_type_log_append: flags.2,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_records(
        records in proptest::collection::vec(record(), 1..40),
        codec in proptest::sample::select(&Compression::ALL[..]),
        stamp in stamp(),
    ) {
        check(&records, codec, &stamp);
    }

    #[test]
    fn the_size_is_exact(records in proptest::collection::vec(record(), 1..60), max in 61..40_000_usize) {
        let mut builder = BatchBuilder::new();
        let mut within = BatchBuilder::with_capacity(100);
        for record in &records {
            let headers = record.headers();
            let new = record.borrowed(&headers);
            let before = builder.batch_len();
            let size = builder.record_size(&new);
            builder.append(&new).unwrap();
            prop_assert_eq!(builder.batch_len() - before, size);

            let before = within.batch_len();
            let size = within.record_size(&new);
            let fits = within.is_empty() || before + size <= max;
            let count = within.record_count();
            let appended = within.append_within(&new, max).unwrap();
            prop_assert_eq!(appended, fits.then_some(count));
            prop_assert_eq!(within.batch_len() - before, if fits { size } else { 0 });
        }
        prop_assert_eq!(builder.body_len() + 61, builder.batch_len());
        prop_assert!(builder.capacity() >= builder.body_len());
    }

    #[test]
    fn a_split_keeps_every_record(
        records in proptest::collection::vec(record(), 1..60),
        codec in proptest::sample::select(&Compression::ALL[..]),
        max in 0..50_000_usize,
    ) {
        let batch = sealed(&records, codec);
        let parts = batch.split(max).unwrap();
        prop_assert_eq!(parts.len() > 1, records.len() > 1);
        let mut left = &records[..];
        for part in parts {
            prop_assert!(part.batch_len() <= max || part.record_count() == 1);
            let (these, rest) = left.split_at(part.record_count() as usize);
            left = rest;
            let bytes = part.seal(&mut Compressor::new(codec).unwrap()).unwrap();
            let bytes = bytes.to_record_bytes(&BatchStamp::default()).into_bytes();
            prop_assert_eq!(read_all(bytes, &LIMITS).unwrap(), these);
        }
        prop_assert!(left.is_empty());
    }
}

#[test]
fn batches_one_after_the_other_and_a_part() {
    let mut all = Vec::new();
    for codec in Compression::ALL {
        all.extend(encoded(&[Owned::value("v"), Owned::value("w")], codec));
    }
    let whole = all.len();
    all.extend(&encoded(&[Owned::value("cut")], Compression::None)[..40]);
    let mut bytes = Bytes::from(all);
    for codec in Compression::ALL {
        let batch = RecordBatch::parse(&mut bytes, &LIMITS).unwrap().unwrap();
        assert_eq!(batch.compression(), codec);
    }
    assert_eq!(RecordBatch::parse(&mut bytes, &LIMITS), Ok(None));
    assert_eq!(bytes.len(), 40);
    assert_eq!(RecordBatch::encoded_len_of_next(&bytes), Ok(Some(61 + 10)));
    assert!(whole > 40);
    assert_eq!(RecordBatch::parse(&mut Bytes::new(), &LIMITS), Ok(None));
}

#[test]
fn a_retry_sends_the_same_body_under_another_header() {
    let batch = sealed(&[Owned::value("v")], Compression::Lz4);
    let first = BatchStamp {
        producer_id: 7,
        base_sequence: 0,
        ..BatchStamp::default()
    };
    let second = BatchStamp {
        producer_epoch: 3,
        base_sequence: 9,
        ..first
    };
    for stamp in [first, second, first] {
        let read = parsed(batch.to_record_bytes(&stamp).into_bytes());
        assert_eq!(read.base_sequence(), stamp.base_sequence);
        assert_eq!(read.raw()[61..], batch.body()[..]);
    }
    assert_eq!(batch.header(&first), batch.header(&first));
    assert_eq!(batch.view().raw()[61..], batch.body()[..]);
}

#[test]
fn a_broker_moves_a_batch_without_touching_its_checksum() {
    for codec in Compression::ALL {
        let sent = parsed(encoded(&[Owned::value("a"), Owned::value("b")], codec));
        let moved = sent.with_base_offset_and_epoch(1 << 40, 17).unwrap();
        assert_eq!(moved.raw()[16..], sent.raw()[16..]);
        let in_pieces = sent.record_bytes_at(1 << 40, 17).unwrap();
        assert_eq!(in_pieces, RecordBytes::from(moved.raw().clone()));
        assert_eq!(in_pieces.segments()[1].as_ptr(), sent.raw()[61..].as_ptr());
        let again = parsed(moved.raw().clone());
        assert_eq!(again, moved);
        assert_eq!(
            (again.base_offset(), again.last_offset()),
            (1 << 40, (1 << 40) + 1)
        );
        assert_eq!(again.partition_leader_epoch(), 17);
        let offsets = again.decompress(&LIMITS).unwrap();
        let offsets: Vec<i64> = offsets.iter().map(|record| record.offset()).collect();
        assert_eq!(offsets, [1 << 40, (1 << 40) + 1]);
    }
}

#[test]
fn a_broker_sets_its_own_time() {
    for codec in Compression::ALL {
        let records = [
            Owned::value("a"),
            Owned {
                timestamp: NOW + 5,
                ..Owned::value("b")
            },
        ];
        let sent = parsed(encoded(&records, codec));
        let stored = sent.with_log_append_time(NOW + 1_000).unwrap();
        let again = parsed(stored.raw().clone());
        assert_eq!(again, stored);
        assert_eq!(again.timestamp_type(), TimestampType::LogAppendTime);
        assert_eq!(again.max_timestamp(), NOW + 1_000);
        assert_eq!(again.base_timestamp(), NOW);
        for record in &again.decompress(&LIMITS).unwrap() {
            assert_eq!(record.timestamp(), NOW + 1_000);
        }
    }
}

#[test]
fn records_not_compressed_are_not_copied() {
    let batch = parsed(encoded(&[Owned::value("value")], Compression::None));
    let records = batch.decompress(&LIMITS).unwrap();
    let value = records.get(0).unwrap().value().unwrap();
    assert!(batch.raw().as_ptr_range().contains(&value.as_ptr()));
    let elsewhere = b"value".to_vec();
    assert_eq!(records.share(&elsewhere), "value");
    assert_eq!(records.share(b""), "");
}

#[test]
fn a_timestamp_too_far_from_the_first_is_refused() {
    let mut builder = built(&[Owned {
        timestamp: -2,
        ..Owned::value("v")
    }]);
    let (len, count) = (builder.body_len(), builder.record_count());
    let far = NewRecord {
        timestamp: i64::MAX,
        ..NewRecord::default()
    };
    assert_eq!(
        builder.append(&far),
        Err(RecordError::TimestampOutOfRange {
            base: -2,
            timestamp: i64::MAX
        })
    );
    assert_eq!(builder.record_size(&far), usize::MAX);
    let furthest = NewRecord {
        timestamp: i64::MAX - 2,
        ..far
    };
    assert_eq!((builder.body_len(), builder.record_count()), (len, count));
    assert_eq!(builder.append(&furthest), Ok(1));
    let bytes = builder
        .seal(&mut Compressor::new(Compression::None).unwrap())
        .unwrap();
    let bytes = bytes.to_record_bytes(&BatchStamp::default()).into_bytes();
    assert_eq!(read_all(bytes, &LIMITS).unwrap()[1].timestamp, i64::MAX - 2);

    // The difference wraps to -1, which must not pass for a small one.
    let mut builder = built(&[Owned {
        timestamp: i64::MIN,
        ..Owned::value("v")
    }]);
    assert!(matches!(
        builder.append(&far),
        Err(RecordError::TimestampOutOfRange { .. })
    ));
}

#[test]
fn a_record_beyond_the_format_is_refused_before_anything_is_allocated() {
    // The same MiB many times, as no one has 2 GiB to spare for a test.
    let mib = vec![0; 1 << 20];
    let headers = vec![
        Header {
            key: "k",
            value: Some(&mib)
        };
        2_048
    ];
    let record = NewRecord {
        timestamp: NOW,
        headers: &headers,
        ..NewRecord::default()
    };
    let mut builder = BatchBuilder::new();
    let size = builder.record_size(&record);
    assert!(size > i32::MAX as usize);
    assert_eq!(
        builder.append(&record),
        Err(RecordError::RecordTooLarge { size: size as u64 })
    );
    assert_eq!((builder.record_count(), builder.capacity()), (0, 0));
    assert_eq!(
        builder.append_within(&record, 100).unwrap_err().to_string(),
        format!("a record of {size} bytes does not fit the record format, which ends at 2 GiB")
    );
    let fits = NewRecord {
        headers: &headers[..1],
        ..record
    };
    assert_eq!(builder.append(&fits), Ok(0));
}

#[test]
fn an_empty_batch_is_not_sealed() {
    for codec in Compression::ALL {
        let sealed = BatchBuilder::new().seal(&mut Compressor::new(codec).unwrap());
        assert_eq!(sealed.unwrap_err(), RecordError::EmptyBatch);
    }
    let empty = BatchBuilder::new();
    assert_eq!(
        (empty.first_timestamp(), empty.max_timestamp()),
        (None, None)
    );
    assert_eq!((empty.batch_len(), empty.capacity()), (61, 0));
}

#[test]
fn the_buffer_grows_geometrically_to_the_size_of_a_batch() {
    let value = [b'v'; 100];
    let mut builder = BatchBuilder::new();
    let mut capacities = Vec::new();
    let record = NewRecord {
        timestamp: NOW,
        value: Some(&value),
        ..NewRecord::default()
    };
    while builder.append_within(&record, 256 << 10).unwrap().is_some() {
        if capacities.last() != Some(&builder.capacity()) {
            capacities.push(builder.capacity());
        }
    }
    assert_eq!(
        capacities,
        [4, 8, 16, 32, 64, 128, 256].map(|kib| kib << 10)
    );
    assert!(builder.batch_len() + builder.record_size(&record) > 256 << 10);
}

#[test]
fn levels() {
    let records = &shapes()[5].1;
    for (codec, level) in [
        (Compression::Gzip, -1),
        (Compression::Gzip, 1),
        (Compression::Gzip, 9),
        (Compression::Lz4, 1),
        (Compression::Lz4, 9),
        (Compression::Zstd, -7),
        (Compression::Zstd, 0),
        (Compression::Zstd, 1),
        (Compression::Zstd, 4),
    ] {
        let mut compressor = Compressor::with_level(codec, level).unwrap();
        assert_eq!(
            (compressor.compression(), compressor.level()),
            (codec, Some(level))
        );
        let mut copy = compressor.clone();
        let batch = built(records).seal(&mut compressor).unwrap();
        let same = built(records).seal(&mut copy).unwrap();
        assert_eq!(batch.body(), same.body(), "{codec} {level}");
        assert!(batch.body().len() < batch.uncompressed_len());
        let bytes = batch.to_record_bytes(&BatchStamp::default()).into_bytes();
        assert_eq!(&read_all(bytes, &LIMITS).unwrap(), records);
    }
    for (codec, level) in [
        (Compression::None, 1),
        (Compression::Gzip, 0),
        (Compression::Gzip, 10),
        (Compression::Snappy, 1),
        (Compression::Lz4, 12),
        (Compression::Zstd, 23),
    ] {
        match Compressor::with_level(codec, level).unwrap_err() {
            CompressionError::UnsupportedLevel {
                codec: named,
                level: given,
                ..
            } => {
                assert_eq!((named, given), (codec, level));
            }
            other => panic!("{other}"),
        }
    }
    let refused = Compressor::with_level(Compression::Zstd, 40)
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("zstd has no compression level 40: "),
        "{refused}"
    );
}

/// One batch leaves nothing in the compressor that breaks the next.
#[test]
fn a_compressor_is_used_again() {
    for codec in Compression::ALL {
        let mut used = Compressor::new(codec).unwrap();
        for round in 0..3 {
            for (name, records) in shapes() {
                let batch = built(&records).seal(&mut used).unwrap();
                let bytes = batch.to_record_bytes(&BatchStamp::default()).into_bytes();
                let read = read_all(bytes, &LIMITS).unwrap();
                assert!(read == records, "{name} with {codec}, round {round}");
            }
        }
    }
}

#[test]
fn names_of_codecs() {
    for codec in Compression::ALL {
        assert!(codec.is_available());
        assert_eq!(codec.to_string().parse(), Ok(codec));
        assert_eq!(codec.name().to_uppercase().parse(), Ok(codec));
        assert_eq!(Compression::from_id(codec.id()), Some(codec));
    }
    assert_eq!(Compression::from_id(5), None);
    let error = "brotli".parse::<Compression>().unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no compression `brotli`: it is none, gzip, snappy, lz4 or zstd"
    );
}

#[test]
fn all_may_go_to_another_thread() {
    fn moves<T: Send + Sync + 'static>() {}
    moves::<BatchBuilder>();
    moves::<Compressor>();
    moves::<kafka_protocol::records::SealedBatch>();
    moves::<RecordBatch>();
    moves::<kafka_protocol::records::Records>();
    moves::<RecordError>();
}

#[test]
fn contents_do_not_show_in_debug_output() {
    let headers = vec![("secret-name".to_owned(), Some(b"SECRET".to_vec()))];
    let records = [Owned {
        headers,
        ..Owned::value("SECRET")
    }];
    let batch = sealed(&records, Compression::None);
    let read = batch.view();
    let inside = read.decompress(&LIMITS).unwrap();
    let record = inside.get(0).unwrap();
    let shown = format!(
        "{:?} {batch:?} {read:?} {inside:?} {record:?} {:?} {:?}",
        built(&records),
        record.headers(),
        inside.iter(),
    );
    assert!(
        !shown.contains("SECRET") && !shown.contains("83, 69"),
        "{shown}"
    );
}
