//! Batches from a peer that means harm, or from a broken disk: an error, never a
//! panic, and no more memory than the limits say.
//!
//! One test only: the peak of memory is the process's.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

mod codecs;
mod control;
mod message_sets;
#[path = "../records_support/mod.rs"]
mod records_support;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, Compression, CompressionError, Compressor, RecordBatch, RecordError, RecordFault,
};
use peak_alloc::PeakAlloc;
use records_support::{
    NOW, Numbers, Owned, batch_of, encoded, fix_crc, most_memory, read_all, shapes, varint, vectors,
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const LIMITS: BatchLimits = BatchLimits::DEFAULT;
/// What small batches may grow to below.
const FREE: usize = 1 << 20;
const TIGHT: BatchLimits = LIMITS
    .with_free_decompressed(FREE)
    .with_max_decompressed(4 * FREE);

#[test]
fn hostile_batches() {
    headers_that_lie();
    records_that_lie();
    cut_bodies();
    mutations();
    garbage();
    codecs::bombs();
    codecs::zstd_frames_that_lie();
    codecs::lz4_frames_that_lie();
    codecs::snappy_blocks_that_lie();
    codecs::gzip_members_that_lie();
    codecs::nothing_of_one_batch_is_in_the_next();
    control::markers_that_come_twice();
    control::kinds_that_nobody_knows();
    message_sets::messages_that_lie();
    message_sets::wrappers_that_lie();
    message_sets::bombs();
    message_sets::mutations();
    message_sets::lz4_checksums();
}

/// The most memory held above what was held before.
fn peak_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = run();
    (result, ALLOCATOR.peak_usage().saturating_sub(before))
}

/// Decompresses a body that claims `count` records, and keeps to the budget.
fn decompress(codec: Compression, count: i32, body: &[u8]) -> Result<(), RecordError> {
    let mut bytes = Bytes::from(batch_of(codec, count, body));
    let len = bytes.len();
    let (result, peak) = peak_of(|| {
        let batch = RecordBatch::parse(&mut bytes, &TIGHT)?.unwrap();
        batch
            .decompress(&TIGHT)
            .map(|records| assert_eq!(records.iter().count(), count as usize))
    });
    let bound = most_memory(&TIGHT, codec, len);
    assert!(
        peak <= bound,
        "{codec}: {peak} bytes for {len}, at most {bound}"
    );
    result
}

fn refused_as_too_large(codec: Compression, body: &[u8]) {
    match decompress(codec, 1, body) {
        Err(RecordError::Decompress {
            error: CompressionError::TooLarge { .. },
            ..
        }) => {}
        other => panic!("{codec}: {other:?}"),
    }
}

fn refused_as_malformed(codec: Compression, body: &[u8], why: &str) {
    match decompress(codec, 1, body) {
        Err(RecordError::Decompress {
            error: CompressionError::Malformed { reason, .. },
            ..
        }) => {
            assert!(reason.contains(why), "{codec}: {reason}");
        }
        other => panic!("{codec}, {why}: {other:?}"),
    }
}

fn compressed(codec: Compression, body: &[u8]) -> Vec<u8> {
    Compressor::new(codec)
        .unwrap()
        .compress(body)
        .unwrap()
        .to_vec()
}

fn headers_that_lie() {
    let good = encoded(&[Owned::value("a"), Owned::value("b")], Compression::None);
    let parse = |bytes: &[u8]| {
        RecordBatch::parse(&mut Bytes::copy_from_slice(bytes), &LIMITS).map(|batch| batch.is_some())
    };
    // With a checksum that fits the lie.
    let lie = |at: usize, value: &[u8]| {
        let mut bytes = good.to_vec();
        bytes[at..at + value.len()].copy_from_slice(value);
        fix_crc(&mut bytes);
        parse(&bytes)
    };
    assert_eq!(parse(&good), Ok(true));

    for length in [i32::MIN, -1, 0, 14, 48] {
        let error = lie(8, &length.to_be_bytes()).unwrap_err();
        assert_eq!(
            error,
            RecordError::InvalidLength {
                base_offset: 0,
                length
            }
        );
    }
    // The most there can be, which is not there.
    assert_eq!(lie(8, &i32::MAX.to_be_bytes()), Ok(false));
    // Shorter than it is: the checksum is of other bytes.
    let shorter = lie(8, &49_i32.to_be_bytes());
    assert!(
        matches!(shorter, Err(RecordError::CrcMismatch { .. })),
        "{shorter:?}"
    );
    for magic in [3, 9, -1, i8::MIN, i8::MAX] {
        let error = lie(16, &magic.to_be_bytes()).unwrap_err();
        assert_eq!(
            error,
            RecordError::UnsupportedMagic {
                base_offset: 0,
                magic
            }
        );
    }
    let invalid = |result: Result<bool, RecordError>, why: &str| match result {
        Err(RecordError::InvalidHeader { reason, .. }) => assert!(reason.contains(why), "{reason}"),
        other => panic!("{why}: {other:?}"),
    };
    for offset in [-1, i64::MIN] {
        invalid(lie(0, &offset.to_be_bytes()), "base offset is negative");
    }
    for offset in [i64::MAX, i64::MAX - 1] {
        invalid(lie(0, &offset.to_be_bytes()), "overflows");
    }
    assert_eq!(lie(0, &(i64::MAX - 2).to_be_bytes()), Ok(true));
    for delta in [-1, i32::MIN] {
        invalid(lie(23, &delta.to_be_bytes()), "before the base offset");
    }
    invalid(lie(23, &0_i32.to_be_bytes()), "more records than offsets");
    for count in [-1, i32::MIN] {
        invalid(lie(57, &count.to_be_bytes()), "negative");
    }
    for count in [3, i32::MAX] {
        invalid(lie(57, &count.to_be_bytes()), "more records than offsets");
    }
    let mut many = good.to_vec();
    many[23..27].copy_from_slice(&(i32::MAX - 1).to_be_bytes());
    many[57..61].copy_from_slice(&i32::MAX.to_be_bytes());
    fix_crc(&mut many);
    invalid(parse(&many), "than the bytes could hold");
    for id in 5..8_i16 {
        let error = lie(21, &id.to_be_bytes()).unwrap_err();
        assert_eq!(
            error,
            RecordError::UnknownCompression {
                base_offset: 0,
                id: id as u8
            }
        );
    }

    // One bit anywhere that the checksum covers.
    for at in 17..good.len() {
        for bit in 0..8 {
            let mut bytes = good.to_vec();
            bytes[at] ^= 1 << bit;
            let error = parse(&bytes).unwrap_err();
            assert!(
                matches!(error, RecordError::CrcMismatch { base_offset: 0, .. }),
                "{error}"
            );
            let unchecked = LIMITS.with_check_crc(false);
            let _ = read_all(Bytes::from(bytes), &unchecked);
        }
    }
    let mut bytes = Bytes::from([&good[..good.len() - 1], b"!"].concat());
    let before = bytes.clone();
    assert!(RecordBatch::parse(&mut bytes, &LIMITS).is_err());
    assert_eq!(bytes, before, "an error consumes nothing");
}

/// What the record, encoded by hand, is found to be, in a batch with a good
/// checksum that says it has `count` records.
fn fault_in(body: &[u8], count: i32) -> RecordError {
    let bytes = Bytes::from(batch_of(Compression::None, count, body));
    let error = read_all(bytes, &LIMITS).unwrap_err();
    // Compressed, the same.
    let packed = batch_of(Compression::Lz4, count, &compressed(Compression::Lz4, body));
    let same = read_all(Bytes::from(packed), &LIMITS).unwrap_err();
    assert_eq!(
        std::mem::discriminant(&error),
        std::mem::discriminant(&same)
    );
    error
}

fn records_that_lie() {
    let record = |fields: &[i64], rest: &[u8]| {
        let mut body = vec![0];
        fields.iter().for_each(|field| varint(&mut body, *field));
        body.extend(rest);
        let mut record = Vec::new();
        varint(&mut record, body.len() as i64);
        record.extend(body);
        record
    };
    let fault = |body: &[u8]| match fault_in(body, 1) {
        RecordError::InvalidRecord {
            base_offset: 0,
            index: 0,
            reason,
        } => reason,
        other => panic!("{other}"),
    };
    // Timestamp, offset, key, value, number of headers.
    let good = record(&[0, 0, -1, -1, 0], &[]);
    let read = read_all(Bytes::from(batch_of(Compression::None, 1, &good)), &LIMITS).unwrap();
    assert_eq!(
        read,
        [Owned {
            timestamp: NOW,
            ..Owned::default()
        }]
    );

    use RecordFault as F;
    assert_eq!(fault(&record(&[0, 0, -2, -1, 0], &[])), F::NegativeLength);
    assert_eq!(
        fault(&record(&[0, 0, i32::MIN.into(), -1, 0], &[])),
        F::NegativeLength
    );
    assert_eq!(fault(&record(&[0, 0, -1, -7, 0], &[])), F::NegativeLength);
    assert_eq!(fault(&record(&[0, 0, 5, -1, 0], &[])), F::Length);
    assert_eq!(
        fault(&record(&[0, 0, i32::MAX.into(), -1, 0], &[])),
        F::Length
    );
    assert_eq!(fault(&record(&[0, 0, -1, 1 << 20, 0], &[0; 40])), F::Length);
    assert_eq!(fault(&record(&[0, 0, -1, -1, 0], &[0])), F::Length);
    assert_eq!(fault(&record(&[0, 0, -1, -1, -1], &[])), F::HeaderCount);
    assert_eq!(
        fault(&record(&[0, 0, -1, -1, i32::MAX.into()], &[0; 100])),
        F::HeaderCount
    );
    assert_eq!(
        fault(&record(&[0, 0, -1, -1, 51], &[0; 100])),
        F::HeaderCount
    );
    assert_eq!(fault(&record(&[0, 0, -1, -1, 49], &[0; 100])), F::Length);
    assert_eq!(
        fault(&record(&[0, 0, -1, -1, 1], &[1, 1])),
        F::NegativeLength
    );
    assert_eq!(
        fault(&record(&[0, 0, -1, -1, 1], &[2, 0xff, 1])),
        F::HeaderKey
    );
    assert_eq!(
        fault(&record(&[0, 0, -1, -1, 1], &[0, 3])),
        F::NegativeLength
    );
    assert_eq!(fault(&record(&[0, 0, -1, -1, 1], &[0, 8, 0])), F::Length);
    assert_eq!(fault(&record(&[0, 1, -1, -1, 0], &[])), F::Offset);
    assert_eq!(fault(&record(&[0, -1, -1, -1, 0], &[])), F::Offset);
    assert_eq!(
        fault(&record(&[0, i32::MIN.into(), -1, -1, 0], &[])),
        F::Offset
    );
    assert_eq!(
        fault(&record(&[i64::MAX - NOW + 1, 0, -1, -1, 0], &[])),
        F::Timestamp
    );
    assert_eq!(fault(&record(&[0, 1 << 40, -1, -1, 0], &[])), F::Varint);
    assert_eq!(fault(&[0x80; 20]), F::Varint);
    assert_eq!(
        fault(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]),
        F::NegativeLength
    );
    assert_eq!(fault(&[1, 0, 0, 0, 1, 1, 0]), F::NegativeLength);
    assert_eq!(
        fault(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]),
        F::Truncated
    );
    assert_eq!(fault(&[10, 0, 0, 0, 1, 1, 0]), F::Length);
    assert_eq!(fault(&[12 + 2, 0, 0, 0, 1, 1, 0]), F::Truncated);
    assert_eq!(fault(&[0, 0, 0, 0, 1, 1, 0]), F::Length);

    // Offsets that do not go up, in a batch with room for them.
    for second in [0, -1] {
        let body = [
            record(&[0, 0, -1, -1, 0], &[]),
            record(&[0, second, -1, -1, 0], &[]),
        ]
        .concat();
        let error = fault_in(&body, 2);
        let RecordError::InvalidRecord {
            index: 1,
            reason: F::Offset,
            ..
        } = error
        else {
            panic!("{error}");
        };
    }
    // The number of records is exact, either way.
    let trailing = [good.clone(), good.clone()].concat();
    let error = fault_in(&trailing, 1);
    assert_eq!(
        error,
        RecordError::TrailingBytes {
            base_offset: 0,
            count: 1,
            bytes: 7
        }
    );
    let missing = record(&[0, 0, -1, 20, 0], &[0; 20]);
    let error = fault_in(&missing, 2);
    assert!(
        matches!(
            error,
            RecordError::InvalidRecord {
                index: 1,
                reason: F::Truncated,
                ..
            }
        ) || matches!(error, RecordError::InvalidRecord { index: 0, .. }),
        "{error}"
    );
    // Nothing in it.
    for codec in Compression::ALL {
        let error = read_all(Bytes::from(batch_of(codec, 1, &[])), &LIMITS).unwrap_err();
        assert!(
            matches!(error, RecordError::InvalidHeader { .. }),
            "{codec}: {error}"
        );
    }
}

/// A body that ends too early, with all the rest in order.
fn cut_bodies() {
    for codec in Compression::ALL {
        for (name, records) in shapes() {
            let whole = encoded(&records, codec);
            let body = &whole[61..];
            let step = (body.len() / 150).max(1);
            for len in (0..body.len()).step_by(step) {
                let batch = batch_of(codec, records.len() as i32, &body[..len]);
                let (result, peak) = peak_of(|| read_all(Bytes::from(batch), &LIMITS));
                assert!(result.is_err(), "{name} with {codec} cut to {len}");
                assert!(peak <= most_memory(&LIMITS, codec, len), "{codec}: {peak}");
            }
        }
    }
}

/// At least 1,000 batches for each codec with a few bytes changed, lost or added,
/// half of them with a checksum that fits: whatever comes out, nothing breaks.
fn mutations() {
    let mut numbers = Numbers::new(2026);
    for codec in Compression::ALL {
        let (mut read, mut refused) = (0, 0);
        let mut seeds: Vec<Bytes> = shapes()
            .iter()
            .map(|(_, records)| encoded(records, codec))
            .collect();
        let java = include_str!("../vectors/records_java.tsv");
        let same_codec = |name: &str| name.starts_with(codec.name());
        seeds.extend(
            vectors(java)
                .filter(|row| same_codec(row.0))
                .map(|row| row.1),
        );
        for seed in &seeds {
            // Large ones take long and hold no more ways to go wrong.
            let rounds = if seed.len() > 20_000 { 30 } else { 150 };
            for round in 0..rounds {
                let mut bytes = seed.to_vec();
                // The first ones of a body are where the codecs' headers are.
                let from = if round % 2 == 0 { 61 } else { 12 };
                for _ in 0..=numbers.below(3) {
                    let span = if round % 3 == 0 {
                        30
                    } else {
                        bytes.len() - from
                    };
                    let at = (from + numbers.below(span)).min(bytes.len() - 1);
                    match numbers.below(6) {
                        0 => bytes[at] ^= 1 << numbers.below(8),
                        1 => bytes[at] = numbers.next() as u8,
                        2 => bytes[at] = [0, 0xff, 0x7f, 0x80][numbers.below(4)],
                        3 => drop(bytes.remove(at)),
                        4 => bytes.insert(at, numbers.next() as u8),
                        _ => {
                            let end = (at + 4).min(bytes.len());
                            bytes[at..end].fill([0xff, 0][numbers.below(2)]);
                        }
                    }
                }
                let length = (bytes.len() - 12) as i32;
                bytes[8..12].copy_from_slice(&length.to_be_bytes());
                fix_crc(&mut bytes);
                let bytes = Bytes::from(bytes);
                let limits = TIGHT.with_check_crc(round % 4 != 0);
                let (result, peak) = peak_of(|| decompressed(bytes.clone(), &limits));
                let bound = most_memory(&TIGHT, codec, bytes.len());
                assert!(peak <= bound, "{codec}: {peak} bytes for {}", bytes.len());
                assert_eq!(result, read_all(bytes, &limits).map(drop));
                *(if result.is_ok() {
                    &mut read
                } else {
                    &mut refused
                }) += 1;
            }
        }
        println!("{codec}: {read} read, {refused} refused");
        assert!(
            read + refused >= 1_000 && refused > read / 4,
            "{codec}: {read}, {refused}"
        );
    }
}

/// Bytes that never were a body.
fn garbage() {
    let mut numbers = Numbers::new(7);
    for codec in Compression::ALL.into_iter().skip(1) {
        for round in 0..400 {
            let len = numbers.below(300);
            let mut body = numbers.bytes(len);
            // Behind a header that is right, so as not to stop there.
            if round % 2 == 0 {
                let real = compressed(codec, b"some data to have a header for");
                body.splice(0..0, real[..real.len().min(4 + round % 12)].iter().copied());
            }
            let _ = decompress(codec, 1, &body);
        }
    }
}

/// Decompresses all that is in `bytes`, one after the other, and keeps none.
fn decompressed(mut bytes: Bytes, limits: &BatchLimits) -> Result<(), RecordError> {
    while let Some(batch) = RecordBatch::parse(&mut bytes, limits)? {
        batch.decompress(limits)?;
    }
    Ok(())
}
