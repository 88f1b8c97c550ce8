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

mod records_support;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, Compression, CompressionError, Compressor, RecordBatch, RecordError, RecordFault,
};
use peak_alloc::PeakAlloc;
use records_support::{
    NOW, Numbers, Owned, batch_of, encoded, fix_crc, read_all, shapes, varint, vectors,
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
    bombs();
    zstd_frames_that_lie();
    lz4_frames_that_lie();
    snappy_blocks_that_lie();
    gzip_members_that_lie();
}

/// The most memory held above what was held before.
fn peak_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = run();
    (result, ALLOCATOR.peak_usage().saturating_sub(before))
}

/// Decompresses a body that claims `count` records, and keeps to the budget:
/// growing a buffer holds the old and the new one, and codecs have tables and
/// windows of their own.
fn decompress(codec: Compression, count: i32, body: &[u8]) -> Result<(), RecordError> {
    let mut bytes = Bytes::from(batch_of(codec, count, body));
    let len = bytes.len();
    let (result, peak) = peak_of(|| {
        let batch = RecordBatch::parse(&mut bytes, &TIGHT)?.unwrap();
        batch
            .decompress(&TIGHT)
            .map(|records| assert_eq!(records.iter().count(), count as usize))
    });
    let budget = (len * TIGHT.max_ratio as usize).clamp(FREE, 4 * FREE);
    assert!(
        peak <= 4 * budget + (1 << 20),
        "{codec}: {peak} bytes for {len}, at most {budget}"
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
    for magic in [0, 1, 3, 9, -1, i8::MIN, i8::MAX] {
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
                assert!(peak < 16 << 20, "{peak}");
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
        let java = include_str!("vectors/records_java.tsv");
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
                // The records themselves are copied here, so that counts too.
                let limits = TIGHT.with_check_crc(round % 4 != 0);
                let (result, peak) = peak_of(|| read_all(bytes.clone(), &limits));
                let bound = 4 * TIGHT.budget_for(bytes.len()) + (6 << 20);
                assert!(peak <= bound, "{codec}: {peak} bytes for {}", bytes.len());
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

/// What decompresses to far more than it is.
fn bombs() {
    let zeros = vec![0; 16 << 20];
    for codec in Compression::ALL.into_iter().skip(1) {
        let bomb = compressed(codec, &zeros);
        assert!(bomb.len() < 1 << 20, "{codec}");
        refused_as_too_large(codec, &bomb);
        // Nor does it help to say that there are no more bytes than allowed.
        let edge = compressed(codec, &zeros[..FREE + 1]);
        let limits = TIGHT.with_max_decompressed(FREE);
        let batch = batch_of(codec, 1, &edge);
        let error = read_all(Bytes::from(batch), &limits)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("decompress to more than the 1048576 bytes that the limits allow"),
            "{error}"
        );
        // Just within, it is only not a record.
        let batch = batch_of(codec, 1, &compressed(codec, &zeros[..FREE]));
        let error = read_all(Bytes::from(batch), &limits).unwrap_err();
        assert!(
            matches!(error, RecordError::InvalidRecord { .. }),
            "{codec}: {error}"
        );
    }
    // What is ordinary, however large, is read.
    let large = Owned::value(Numbers::new(1).bytes(3 << 20));
    for codec in Compression::ALL {
        let bytes = encoded(std::slice::from_ref(&large), codec);
        let read = read_all(bytes, &LIMITS).unwrap();
        assert!(read[0] == large, "{codec}");
    }
}

fn zstd_frames_that_lie() {
    const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
    let codec = Compression::Zstd;
    let frame = |descriptor: &[u8], blocks: &[u8]| [&MAGIC, descriptor, blocks].concat();
    // A block of `len` equal bytes, in four.
    let run = |len: u32, last: bool| {
        let header = u32::from(last) | 1 << 1 | len << 3;
        [&header.to_le_bytes()[..3], b"z"].concat()
    };
    // Claims 64 GiB in a single segment, and as content of a smaller window.
    let size = (64_u64 << 30).to_le_bytes();
    refused_as_too_large(
        codec,
        &frame(&[&[0b1110_0000], &size[..]].concat(), &run(1, true)),
    );
    refused_as_too_large(
        codec,
        &frame(&[&[0b1100_0000, 0], &size[..]].concat(), &run(1, true)),
    );
    // The largest window that is accepted, and then all that four bytes give.
    let many = run(128 << 10, false).repeat(4_096);
    refused_as_too_large(codec, &frame(&[0, 17 << 3], &many));
    // Larger windows are refused though they hold little.
    for window in [17 << 3 | 1, 18 << 3, 31 << 3 | 7] {
        refused_as_malformed(codec, &frame(&[0, window], &run(1, true)), "");
    }
    // Many frames, each with its own claim.
    let frames = frame(&[0, 17 << 3], &run(100_000, true)).repeat(100);
    refused_as_too_large(codec, &frames);
    // A dictionary that nobody has, a reserved block, wrong sums.
    refused_as_malformed(codec, &frame(&[0b0000_0001, 0, 9], &run(1, true)), "");
    refused_as_malformed(codec, &frame(&[0, 0], &[0b111, 0, 0]), "");
    refused_as_malformed(codec, &frame(&[0b0010_0000, 5], &run(4, true)), "");
    let mut sum = frame(&[0b0000_0100, 0], &run(9, true));
    sum.extend([0; 4]);
    refused_as_malformed(codec, &sum, "");
    refused_as_malformed(codec, b"not zstd at all", "");
    // Frames to skip are skipped, if they are there.
    let body = Owned::value("v").encoded(NOW, 0);
    let skip = |len: u32| {
        [
            &0x184d_2a53_u32.to_le_bytes(),
            &len.to_le_bytes()[..],
            b"abc",
        ]
        .concat()
    };
    let good = [skip(3), compressed(codec, &body), skip(3)].concat();
    assert_eq!(decompress(codec, 1, &good), Ok(()));
    refused_as_malformed(
        codec,
        &[skip(u32::MAX), compressed(codec, &body)].concat(),
        "",
    );
    // One body in two frames is one body.
    let (a, b) = body.split_at(3);
    let two = [compressed(codec, a), compressed(codec, b)].concat();
    assert_eq!(decompress(codec, 1, &two), Ok(()));
}

fn lz4_frames_that_lie() {
    let codec = Compression::Lz4;
    let xxh = |bytes: &[u8]| twox_hash_32(bytes);
    let frame = |flags: u8, size: u8, more: &[u8], blocks: &[u8]| {
        let descriptor = [&[flags, size], more].concat();
        let sum = (xxh(&descriptor) >> 8) as u8;
        [
            &0x184d_2204_u32.to_le_bytes(),
            &descriptor[..],
            &[sum],
            blocks,
        ]
        .concat()
    };
    let block = |bytes: &[u8], stored: bool| {
        let len = bytes.len() as u32 | u32::from(stored) << 31;
        [&len.to_le_bytes(), bytes].concat()
    };
    const END: [u8; 4] = [0; 4];
    let body = Owned::value("v").encoded(NOW, 0);
    let blocks = [block(&body, true), END.to_vec()].concat();
    assert_eq!(
        decompress(codec, 1, &frame(0x60, 0x40, &[], &blocks)),
        Ok(())
    );
    let mut good = frame(0x60, 0x40, &[], &blocks);
    good[6] ^= 1;
    refused_as_malformed(codec, &good, "header's checksum");
    refused_as_malformed(codec, &frame(0x20, 0x40, &[], &blocks), "version");
    refused_as_malformed(codec, &frame(0x62, 0x40, &[], &blocks), "version");
    refused_as_malformed(codec, &frame(0x60, 0x41, &[], &blocks), "version");
    refused_as_malformed(codec, &frame(0x60, 0x30, &[], &blocks), "block size");
    refused_as_malformed(codec, &frame(0x61, 0x40, &[0; 4], &blocks), "dictionary");
    refused_as_malformed(
        codec,
        &frame(0x60, 0x40, &[], &blocks[..blocks.len() - 1]),
        "too early",
    );
    refused_as_malformed(codec, &[&good[..0], b"LZ4!"].concat(), "magic");
    // A length beyond what is there, and beyond what a block may have.
    let beyond = [&u32::MAX.to_le_bytes()[..], &body].concat();
    refused_as_malformed(codec, &frame(0x60, 0x40, &[], &beyond), "too early");
    let long = block(&vec![7; (64 << 10) + 1], true);
    refused_as_malformed(codec, &frame(0x60, 0x40, &[], &long), "longer");
    // Content sizes.
    let size = |size: u64| frame(0x68, 0x40, &size.to_le_bytes(), &blocks);
    assert_eq!(decompress(codec, 1, &size(body.len() as u64)), Ok(()));
    refused_as_malformed(codec, &size(body.len() as u64 + 1), "content size");
    refused_as_malformed(codec, &size(u64::MAX), "content size");
    // Checksums of blocks and content.
    let sums = |block_sum: u32, content_sum: u32| {
        let blocks = [
            block(&body, true),
            block_sum.to_le_bytes().into(),
            END.into(),
        ]
        .concat();
        frame(
            0x74,
            0x40,
            &[],
            &[blocks, content_sum.to_le_bytes().into()].concat(),
        )
    };
    assert_eq!(decompress(codec, 1, &sums(xxh(&body), xxh(&body))), Ok(()));
    refused_as_malformed(codec, &sums(1, xxh(&body)), "block's checksum");
    refused_as_malformed(codec, &sums(xxh(&body), 1), "content's checksum");
    // Blocks that depend on those before: the second repeats bytes of the first.
    let value = b"some text of more than a few bytes, to be repeated";
    let record = Owned::value(&[&value[..], &value[..]].concat()[..]).encoded(NOW, 0);
    let (first, second) = record.split_at(record.len() - 1 - value.len());
    // No literals, a match of the value's length, then one literal.
    let repeat = [
        &[0x0f][..],
        &(value.len() as u16).to_le_bytes(),
        &[(value.len() - 19) as u8],
    ];
    let repeat = [repeat.concat(), vec![0x10, second[second.len() - 1]]].concat();
    let linked = [block(first, true), block(&repeat, false), END.to_vec()].concat();
    assert_eq!(
        decompress(codec, 1, &frame(0x40, 0x40, &[], &linked)),
        Ok(())
    );
    // The same, said to be independent, reaches before its block.
    refused_as_malformed(codec, &frame(0x60, 0x40, &[], &linked), "");
    // Four MiB claimed for each block, of which a few bytes come.
    let small = [block(&[0x10, b'a'], false).repeat(1_000), END.to_vec()].concat();
    assert!(decompress(codec, 1, &frame(0x60, 0x70, &[], &small)).is_err());
    // Two frames of one body, with a frame to skip between.
    let (a, b) = body.split_at(2);
    let skip = [
        &0x184d_2a5f_u32.to_le_bytes(),
        &2_u32.to_le_bytes()[..],
        b"xx",
    ]
    .concat();
    let two = [compressed(codec, a), skip, compressed(codec, b)].concat();
    assert_eq!(decompress(codec, 1, &two), Ok(()));
}

fn snappy_blocks_that_lie() {
    let codec = Compression::Snappy;
    let body = Owned::value("v").encoded(NOW, 0);
    let framed = compressed(codec, &body);
    let (header, block) = framed.split_at(16);
    let raw = &block[4..];
    // Other clients write it raw.
    assert_eq!(decompress(codec, 1, raw), Ok(()));
    // Streams one after the other, each with its header.
    let (a, b) = body.split_at(3);
    let two = [compressed(codec, a), compressed(codec, b)].concat();
    assert_eq!(decompress(codec, 1, &two), Ok(()));
    // A block that claims 4 GiB, raw and framed; it can't have them.
    let claim = [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &raw[1..]].concat();
    refused_as_malformed(codec, &claim, "can't have");
    let length = (claim.len() as u32).to_be_bytes();
    refused_as_malformed(codec, &[header, &length, &claim].concat(), "can't have");
    // Blocks that are each in order, and too much together.
    let zeros = compressed(codec, &vec![0; 32 << 10]);
    let many = [&zeros[..16], &zeros[16..].repeat(200)].concat();
    refused_as_too_large(codec, &many);
    // Lengths.
    for length in [-1_i32, i32::MIN, i32::MAX, raw.len() as i32 + 1] {
        let lies = [header, &length.to_be_bytes(), raw].concat();
        refused_as_malformed(codec, &lies, "longer than what is left");
    }
    refused_as_malformed(codec, &[header, &[0; 4]].concat(), "empty");
    refused_as_malformed(codec, &[header, &[0; 3]].concat(), "length is cut");
    refused_as_malformed(codec, &framed[..12], "header is cut");
    refused_as_malformed(codec, &[0x80], "");
}

fn gzip_members_that_lie() {
    let codec = Compression::Gzip;
    let body = Owned::value("v").encoded(NOW, 0);
    let good = compressed(codec, &body);
    assert_eq!(decompress(codec, 1, &good), Ok(()));
    // One body in two members is one body.
    let (a, b) = body.split_at(3);
    assert_eq!(
        decompress(
            codec,
            1,
            &[compressed(codec, a), compressed(codec, b)].concat()
        ),
        Ok(())
    );
    // The sum and the length at the end.
    for back in 1..=8 {
        let mut lies = good.clone();
        let at = lies.len() - back;
        lies[at] ^= 0x40;
        refused_as_malformed(codec, &lies, "");
    }
    for end in 0..good.len() {
        let result = decompress(codec, 1, &good[..end]);
        assert!(result.is_err(), "cut to {end}");
    }
    refused_as_malformed(codec, &[&good[..], b"more"].concat(), "");
    refused_as_malformed(codec, b"not gzip at all, but longer", "");
}

trait BudgetFor {
    fn budget_for(&self, len: usize) -> usize;
}

impl BudgetFor for BatchLimits {
    fn budget_for(&self, len: usize) -> usize {
        len.saturating_mul(self.max_ratio as usize)
            .clamp(self.free_decompressed, self.max_decompressed)
    }
}

/// XXH32 with seed 0, of less than 16 bytes or any number.
fn twox_hash_32(bytes: &[u8]) -> u32 {
    const P: [u32; 5] = [
        0x9e37_79b1,
        0x85eb_ca77,
        0xc2b2_ae3d,
        0x27d4_eb2f,
        0x1656_67b1,
    ];
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut rest = bytes;
    let mut hash = P[4];
    if bytes.len() >= 16 {
        let mut lanes = [P[0].wrapping_add(P[1]), P[1], 0, 0_u32.wrapping_sub(P[0])];
        while rest.len() >= 16 {
            for (index, lane) in lanes.iter_mut().enumerate() {
                let input = word(&rest[4 * index..4 * index + 4]).wrapping_mul(P[1]);
                *lane = lane.wrapping_add(input).rotate_left(13).wrapping_mul(P[0]);
            }
            rest = &rest[16..];
        }
        let rotations = [1, 7, 12, 18];
        hash = lanes
            .iter()
            .zip(rotations)
            .fold(0, |sum: u32, (lane, rotation)| {
                sum.wrapping_add(lane.rotate_left(rotation))
            });
    }
    hash = hash.wrapping_add(bytes.len() as u32);
    while rest.len() >= 4 {
        hash = hash.wrapping_add(word(&rest[..4]).wrapping_mul(P[2]));
        hash = hash.rotate_left(17).wrapping_mul(P[3]);
        rest = &rest[4..];
    }
    for byte in rest {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(P[4]));
        hash = hash.rotate_left(11).wrapping_mul(P[0]);
    }
    hash = (hash ^ hash >> 15).wrapping_mul(P[1]);
    hash = (hash ^ hash >> 13).wrapping_mul(P[2]);
    hash ^ hash >> 16
}
