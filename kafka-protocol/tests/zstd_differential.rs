//! The Zstandard of a build without C against another implementation, ruzstd: what
//! ours writes it reads, what it writes ours reads, and of damaged frames none is
//! read in two ways.

#![cfg(all(feature = "zstd", not(feature = "zstd-c")))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/mutate.rs"]
mod mutate;
mod records_support;

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, Compression, CompressionError, Compressor, RecordBatch, RecordError,
};
use mutate::{Numbers, mutated};
use records_support::{Owned, batch_of, read_all};
use ruzstd::decoding::FrameDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zrip::DecompressContext;

/// The largest block, which is where encoders start anew.
const BLOCK: usize = 128 << 10;

fn by_ruzstd(frames: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut output = Vec::with_capacity(limit);
    FrameDecoder::new()
        .decode_all_to_vec(frames, &mut output)
        .ok()
        .map(|()| output)
}

/// Bytes of some kind: runs, noise, words, JSON, few symbols, repeats of some distance,
/// or all of it in turn.
fn input(kind: usize, len: usize, numbers: &mut Numbers) -> Vec<u8> {
    const WORDS: [&str; 6] = ["offset", "leader", "epoch", "of", "the", "partition"];
    let mut bytes = Vec::with_capacity(len + 64);
    let period = 1 + numbers.below(len / 2 + 1);
    let period = numbers.bytes(period);
    let symbols = 2 + numbers.below(14);
    while bytes.len() < len {
        let kind = if kind == 6 { numbers.below(6) } else { kind };
        match kind {
            0 => bytes.resize(bytes.len() + 1 + numbers.below(len), 7),
            1 => bytes.extend(numbers.next().to_le_bytes()),
            2 => bytes.extend(WORDS[numbers.below(WORDS.len())].bytes()),
            3 => bytes
                .extend(format!("{{\"id\":{},\"state\":\"paid\"}},", numbers.below(9_999)).bytes()),
            4 => bytes.push(b'a' + numbers.below(symbols) as u8),
            _ => bytes.extend(&period),
        }
    }
    bytes.truncate(len);
    bytes
}

#[test]
fn what_a_reused_compressor_writes_another_decoder_reads() {
    const LENS: [usize; 14] = [
        300_000,
        0,
        1,
        BLOCK,
        2,
        7,
        BLOCK - 1,
        40,
        BLOCK + 1,
        600,
        5_000,
        2 * BLOCK + 1,
        16 << 10,
        70_000,
    ];
    let mut numbers = Numbers::new(1);
    for level in -7..=4 {
        let mut compressor = Compressor::with_level(Compression::Zstd, level).unwrap();
        for (round, len) in LENS.into_iter().enumerate() {
            let kind = (round + level.unsigned_abs() as usize) % 7;
            let input = input(kind, len, &mut numbers);
            let frame = compressor.compress(&input).unwrap();
            let read = by_ruzstd(&frame, len);
            assert!(
                read == Some(input),
                "level {level}, kind {kind}, {len} bytes"
            );
        }
    }
}

#[test]
fn a_level_of_the_c_library_alone_is_refused_with_the_feature_that_has_it() {
    for level in [i32::MIN, -8, 5, 22, i32::MAX] {
        let error = Compressor::with_level(Compression::Zstd, level).unwrap_err();
        assert!(
            matches!(error, CompressionError::UnsupportedLevel { level: named, .. } if named == level)
        );
        let text = error.to_string();
        assert!(text.contains("-7 to 4"), "{text}");
        assert!(text.contains("`zstd-c` of kafka-protocol"), "{text}");
    }
}

/// Records and their encoding.
fn records(count: usize, numbers: &mut Numbers) -> (Vec<Owned>, Vec<u8>) {
    let records: Vec<_> = (0..count)
        .map(|_| {
            let (kind, len) = (numbers.below(7), numbers.below(3_000));
            Owned::value(input(kind, len, numbers))
        })
        .collect();
    let body = records
        .iter()
        .enumerate()
        .flat_map(|(index, record)| record.encoded(records[0].timestamp, index))
        .collect();
    (records, body)
}

#[test]
fn what_another_encoder_writes_is_read() {
    let mut numbers = Numbers::new(2);
    let skippable = [
        &0x184d_2a57_u32.to_le_bytes()[..],
        &3_u32.to_le_bytes(),
        b"abc",
    ]
    .concat();
    for count in [1, 3, 20, 150] {
        let (records, body) = records(count, &mut numbers);
        for level in [CompressionLevel::Fastest, CompressionLevel::Uncompressed] {
            let (left, right) = body.split_at(numbers.below(body.len()));
            let whole = compress_to_vec(&body[..], level);
            let parts = [
                &skippable[..],
                &compress_to_vec(left, level),
                &skippable,
                &compress_to_vec(right, level),
                &skippable,
            ]
            .concat();
            for frames in [whole, parts] {
                let batch = Bytes::from(batch_of(Compression::Zstd, count as i32, &frames));
                assert!(read_all(batch, &BatchLimits::DEFAULT).unwrap() == records);
            }
        }
    }
}

/// Java's producer writes frames that state no size: only their blocks tell.
#[test]
fn frames_without_a_size_are_refused_as_too_large_when_they_are() {
    let mut numbers = Numbers::new(3);
    let mut compressor = Compressor::new(Compression::Zstd).unwrap();
    for kind in [0, 2, 3, 4, 6] {
        for len in [1_000, 50_000, BLOCK + 50, 400_000] {
            let frame = compressor
                .compress(&input(kind, len, &mut numbers))
                .unwrap();
            let frame = without_size(&frame);
            assert!(by_ruzstd(&frame, len).is_some());
            for short in [1, 10, len / 2] {
                let limits = BatchLimits::DEFAULT
                    .with_free_decompressed(len - short)
                    .with_max_decompressed(len - short);
                let mut batch = Bytes::from(batch_of(Compression::Zstd, 1, &frame));
                let batch = RecordBatch::parse(&mut batch, &limits).unwrap().unwrap();
                let error = batch.decompress(&limits).unwrap_err();
                assert!(
                    matches!(
                        error,
                        RecordError::Decompress {
                            error: CompressionError::TooLarge { .. },
                            ..
                        }
                    ),
                    "kind {kind}, {short} less than {len}: {error:?}"
                );
            }
        }
    }
}

/// The same frame with a window of 8 MiB in place of its stated size.
fn without_size(frame: &[u8]) -> Vec<u8> {
    let descriptor = frame[4];
    let window = usize::from(descriptor & 1 << 5 == 0);
    let size = match descriptor >> 6 {
        0 => 1 - window,
        exponent => 1 << exponent,
    };
    let blocks = &frame[5 + window + size..];
    [&frame[..4], &[descriptor & 0b100, 13 << 3], blocks].concat()
}

#[test]
fn a_damaged_frame_is_not_read_in_two_ways() {
    const FRAMES: usize = 20_000;
    const LIMIT: usize = 1 << 20;
    let mut numbers = Numbers::new(4);
    let good: Vec<Vec<u8>> = (0..60)
        .map(|index| {
            let len = numbers.below(1_500);
            let input = input(index % 7, len, &mut numbers);
            match index % 3 {
                0 => compress_to_vec(&input[..], CompressionLevel::Fastest),
                _ => {
                    let level = index as i32 % 12 - 7;
                    let mut compressor = Compressor::with_level(Compression::Zstd, level).unwrap();
                    compressor.compress(&input).unwrap().to_vec()
                }
            }
        })
        .collect();
    let mut reused = DecompressContext::new();
    let mut read = 0;
    for _ in 0..FRAMES {
        let frame = &good[numbers.below(good.len())];
        // The magic stays, so that what follows is looked at; half of the time the
        // blocks' first bytes are changed, where the headers and tables are.
        let from = 4 + numbers.below(2) * numbers.below(9);
        let (kept, changed) = frame.split_at(from.min(frame.len()));
        let cut = if numbers.below(2) == 0 {
            40
        } else {
            frame.len()
        };
        let (changed, end) = changed.split_at(cut.min(changed.len()));
        let other = &good[numbers.below(good.len())];
        let frame = [kept, &mutated(changed, other, &mut numbers), end].concat();

        let mut output = Vec::new();
        let result =
            DecompressContext::new().decompress_into_with_limit(&frame, &mut output, LIMIT);
        let mut again = Vec::new();
        let second = reused.decompress_into_with_limit(&frame, &mut again, LIMIT);
        assert_eq!(result, second, "what came before matters: {frame:02x?}");
        if result.is_ok() {
            assert!(output == again, "{frame:02x?}");
            if let Some(other) = by_ruzstd(&frame, LIMIT) {
                assert!(output == other, "{frame:02x?}");
                read += 1;
            }
        }
    }
    assert!(read > FRAMES / 100, "{read} frames were still frames");
}
