//! Message sets of magic 0 and 1 that lie.

use bytes::Bytes;
use kafka_protocol::records::{
    BatchLimits, Compression, CompressionError, Compressor, Converter, Magic, RecordBatch,
    RecordError, RecordFault,
};

use crate::records_support::{
    NOW, Numbers, OLD_CODECS, Owned, message_set, most_memory, read_all, shapes,
};
use crate::{LIMITS, TIGHT, compressed, decompressed, peak_of};

const OLD: [Magic; 2] = [Magic::V0, Magic::V1];

fn set(magic: Magic, codec: Compression, records: &[Owned]) -> Vec<u8> {
    message_set(magic, records, codec)
}

/// A message by hand, its checksum right.
fn message(magic: i8, offset: i64, attributes: u8, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    message.extend(offset.to_be_bytes());
    message.extend([0; 8]);
    message.push(magic as u8);
    message.push(attributes);
    if magic != 0 {
        message.extend(NOW.to_be_bytes());
    }
    message.extend(key);
    message.extend(value);
    let length = (message.len() - 12) as i32;
    message[8..12].copy_from_slice(&length.to_be_bytes());
    fix_crc(&mut message);
    message
}

fn part(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as i32).to_be_bytes(), bytes].concat()
}

const NULL: [u8; 4] = [0xff; 4];

fn fix_crc(message: &mut [u8]) {
    if message.len() > 16 {
        let crc = crc32fast::hash(&message[16..]);
        message[12..16].copy_from_slice(&crc.to_be_bytes());
    }
}

fn read(bytes: &[u8], limits: &BatchLimits) -> Result<usize, RecordError> {
    read_all(Bytes::copy_from_slice(bytes), limits).map(|records| records.len())
}

pub(crate) fn messages_that_lie() {
    for magic in OLD {
        let id = magic.id();
        let good = message(id, 5, 0, &NULL, &part(b"v"));
        assert_eq!(read(&good, &LIMITS), Ok(1));
        let lie = |at: usize, value: &[u8]| {
            let mut bytes = good.clone();
            bytes[at..at + value.len()].copy_from_slice(value);
            fix_crc(&mut bytes);
            read(&bytes, &LIMITS)
        };
        let least = if id == 0 { 14 } else { 22 };
        for length in [i32::MIN, -1, 0, 13, least - 1] {
            assert_eq!(
                lie(8, &length.to_be_bytes()),
                Err(RecordError::InvalidLength {
                    base_offset: 5,
                    length
                })
            );
        }
        // More than there is: a partial message, of whatever length.
        for length in [good.len() as i32, i32::MAX] {
            assert_eq!(lie(8, &length.to_be_bytes()), Ok(0));
        }
        for (offset, why) in [
            (-1, "negative"),
            (i64::MIN, "negative"),
            (i64::MAX, "overflows"),
        ] {
            let error = lie(0, &offset.to_be_bytes()).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        assert_eq!(lie(0, &(i64::MAX - 1).to_be_bytes()), Ok(1));
        for codec in 4..8 {
            assert_eq!(
                lie(17, &[codec]),
                Err(RecordError::UnknownCompression {
                    base_offset: 5,
                    id: codec
                })
            );
        }
        // Bits without a meaning.
        assert_eq!(lie(17, &[0xf0]), Ok(1));

        let fault = |key: &[u8], value: &[u8]| match read(&message(id, 5, 0, key, value), &LIMITS) {
            Err(RecordError::InvalidRecord {
                base_offset: 5,
                index: 0,
                reason,
            }) => reason,
            other => panic!("{other:?}"),
        };
        let len = |len: i32| len.to_be_bytes();
        for negative in [-2, i32::MIN] {
            assert_eq!(fault(&len(negative), &NULL), RecordFault::NegativeLength);
            assert_eq!(fault(&NULL, &len(negative)), RecordFault::NegativeLength);
        }
        for long in [1, 5, i32::MAX] {
            assert_eq!(fault(&len(long), &NULL), RecordFault::Length);
            assert_eq!(fault(&NULL, &len(long)), RecordFault::Length);
        }
        let behind = [&NULL[..], &[0]].concat();
        assert_eq!(fault(&NULL, &behind), RecordFault::Length);

        // One bit anywhere that the checksum covers.
        for at in 12..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                assert!(read(&bytes, &LIMITS).is_err(), "{at}");
                let _ = read(&bytes, &LIMITS.with_check_crc(false));
            }
        }
    }
    a_run_ends_before_what_is_wrong();
}

fn a_run_ends_before_what_is_wrong() {
    for magic in OLD {
        let whole = set(magic, Compression::None, &vec![Owned::value("value"); 9]);
        let one = whole.len() / 9;
        for bad in 1..9 {
            let mut bytes = whole.clone();
            bytes[bad * one + one - 1] ^= 1;
            let mut bytes = Bytes::from(bytes);
            let run = RecordBatch::parse(&mut bytes, &LIMITS).unwrap().unwrap();
            assert_eq!(run.record_count(), bad as i32);
            assert_eq!(run.next_offset(), bad as i64);
            let before = bytes.clone();
            let error = RecordBatch::parse(&mut bytes, &LIMITS).unwrap_err();
            assert!(
                matches!(error, RecordError::CrcMismatch { base_offset, .. } if base_offset == bad as i64)
            );
            assert_eq!(bytes, before, "an error consumes nothing");
        }
        // Offsets that go down, or too far up, are another batch's.
        for second in [0, 4, 5 + (1 << 31), i64::MAX - 1] {
            let first = message(magic.id(), 5, 0, &NULL, &NULL);
            let second = message(magic.id(), second, 0, &NULL, &NULL);
            let mut bytes = Bytes::from([first, second].concat());
            for _ in 0..2 {
                let run = RecordBatch::parse(&mut bytes, &LIMITS).unwrap().unwrap();
                assert_eq!(run.record_count(), 1);
            }
        }
    }
    // A run is bounded, so that what is wrong costs no more than that.
    let long = set(
        Magic::V1,
        Compression::None,
        &vec![Owned::value(vec![7; 1000]); 5_000],
    );
    let mut bytes = Bytes::from(long);
    let run = RecordBatch::parse(&mut bytes, &LIMITS).unwrap().unwrap();
    assert!((1 << 20..(1 << 20) + 2_000).contains(&run.encoded_len()));
    assert!(!bytes.is_empty());
}

/// A wrapper around these messages, as they are.
fn wrapper(magic: Magic, offset: i64, codec: Compression, messages: &[u8]) -> Vec<u8> {
    let packed = compressed(codec, messages);
    message(magic.id(), offset, codec.id(), &NULL, &part(&packed))
}

pub(crate) fn wrappers_that_lie() {
    for magic in OLD {
        let id = magic.id();
        for codec in &OLD_CODECS[1..] {
            let inside =
                |messages: &[u8]| match read(&wrapper(magic, 90, *codec, messages), &LIMITS) {
                    Err(RecordError::InvalidRecord {
                        base_offset: 90,
                        index,
                        reason,
                    }) => (index, reason),
                    other => panic!("{magic} {codec}: {other:?}"),
                };
            let good = |offset| message(id, offset, 0, &NULL, &part(b"inside"));
            let two = [good(3), good(4)].concat();
            assert_eq!(read(&wrapper(magic, 90, *codec, &two), &LIMITS), Ok(2));

            // Sets inside sets, of each codec.
            for inner in 1..8 {
                let nested = message(id, 4, inner, &NULL, &part(&compressed(*codec, &two)));
                assert_eq!(
                    inside(&[good(3), nested].concat()),
                    (1, RecordFault::Nested)
                );
            }
            assert_eq!(
                inside(&wrapper(magic, 4, *codec, &two)).1,
                RecordFault::Nested
            );
            // Batches inside sets, and what does not exist.
            for magic in [2, 3, 9, -1] {
                let other = message(magic, 4, 0, &NULL, &NULL);
                assert_eq!(inside(&other), (0, RecordFault::Magic));
            }
            // Lengths, negative, too short and too long.
            for (length, reason) in [
                (-1, RecordFault::NegativeLength),
                (i32::MIN, RecordFault::NegativeLength),
                (0, RecordFault::Length),
                (13, RecordFault::Length),
                (1_000, RecordFault::Truncated),
                (i32::MAX, RecordFault::Truncated),
            ] {
                let mut lying = good(3);
                lying[8..12].copy_from_slice(&i32::to_be_bytes(length));
                fix_crc(&mut lying);
                assert_eq!(inside(&lying), (0, reason), "{length}");
            }
            for cut in 1..good(4).len() {
                let cut = [&good(3)[..], &good(4)[..cut]].concat();
                assert_eq!(inside(&cut), (1, RecordFault::Truncated));
            }
            let mut damaged = two.clone();
            *damaged.last_mut().unwrap() ^= 1;
            assert_eq!(inside(&damaged), (1, RecordFault::Checksum));
            let unchecked = LIMITS.with_check_crc(false);
            assert_eq!(
                read(&wrapper(magic, 90, *codec, &damaged), &unchecked),
                Ok(2)
            );

            for offsets in [[4, 3], [-1, 3], [i64::MIN, 0], [3, i64::MAX]] {
                let messages = offsets.map(good).concat();
                assert_eq!(inside(&messages).1, RecordFault::Offset);
            }
            let invalid = |bytes: &[u8], why: &str| match read(bytes, &LIMITS) {
                Err(RecordError::InvalidHeader { reason, .. }) => {
                    assert!(reason.contains(why), "{reason}");
                }
                other => panic!("{other:?}"),
            };
            invalid(&wrapper(magic, 90, *codec, &[]), "no messages");
            invalid(&message(id, 90, codec.id(), &NULL, &NULL), "is null");
            if magic == Magic::V1 {
                let far = [good(3), good(91)].concat();
                invalid(&wrapper(magic, 90, *codec, &far), "below that of its last");
                let far = [good(3), good(i64::MAX - 1)].concat();
                invalid(&wrapper(magic, 90, *codec, &far), "below that of its last");
            }
            // As large as offsets get.
            let last = i64::MAX - 1;
            assert_eq!(read(&wrapper(magic, last, *codec, &two), &LIMITS), Ok(2));
            let empty = message(id, 90, codec.id(), &NULL, &part(&[]));
            assert!(read(&empty, &LIMITS).is_err());
        }
    }
}

/// Small wrappers around much: refused within the budget, at once.
pub(crate) fn bombs() {
    for magic in OLD {
        for codec in &OLD_CODECS[1..] {
            let value = vec![0; 6 * crate::FREE];
            let inner = message(magic.id(), 0, 0, &NULL, &part(&value));
            let bomb = wrapper(magic, 0, *codec, &inner);
            let mut bytes = Bytes::from(bomb);
            let len = bytes.len();
            let batch = RecordBatch::parse(&mut bytes, &TIGHT).unwrap().unwrap();
            let (result, peak) = peak_of(|| batch.decompress(&TIGHT).map(|_| ()));
            assert!(
                matches!(
                    result,
                    Err(RecordError::Decompress {
                        error: CompressionError::TooLarge { .. },
                        ..
                    })
                ),
                "{result:?}"
            );
            let bound = most_memory(&TIGHT, *codec, len);
            assert!(peak <= bound, "{magic} {codec}: {peak}, at most {bound}");
            // Neither does rewriting it get around the limits.
            let to = Converter::new(Magic::V2).with_limits(TIGHT).convert(&batch);
            assert!(matches!(to, Err(RecordError::Decompress { .. })));
            let mut plain = Compressor::new(Compression::None).unwrap();
            assert!(batch.recompress(&mut plain, &TIGHT).is_err());
            assert_eq!(
                batch.decompress(&LIMITS).map(|records| records.len()),
                Ok(1)
            );
        }
    }
}

/// At least 1,000 sets for each format and codec with a few bytes changed, lost or
/// added, checksums mostly right: whatever comes out, nothing breaks, and it can be
/// converted.
pub(crate) fn mutations() {
    let mut numbers = Numbers::new(810);
    for magic in OLD {
        for codec in OLD_CODECS {
            let (mut read_well, mut refused) = (0, 0);
            let seeds = shapes()
                .into_iter()
                .map(|(_, records)| set(magic, codec, &records));
            for seed in seeds {
                let rounds = if seed.len() > 20_000 { 30 } else { 170 };
                for round in 0..rounds {
                    let mut bytes = seed.clone();
                    for _ in 0..=numbers.below(3) {
                        let span = if round % 3 == 0 { 60 } else { bytes.len() };
                        let at = numbers.below(span.min(bytes.len()));
                        match numbers.below(5) {
                            0 => bytes[at] ^= 1 << numbers.below(8),
                            1 => bytes[at] = [0, 0xff, 0x7f, 0x80][numbers.below(4)],
                            2 => drop(bytes.remove(at)),
                            3 => bytes.insert(at, numbers.next() as u8),
                            _ => {
                                let end = (at + 4).min(bytes.len());
                                bytes[at..end].fill([0xff, 0][numbers.below(2)]);
                            }
                        }
                    }
                    if codec != Compression::None {
                        let length = (bytes.len() - 12) as i32;
                        bytes[8..12].copy_from_slice(&length.to_be_bytes());
                        fix_crc(&mut bytes);
                    }
                    let bytes = Bytes::from(bytes);
                    let limits = TIGHT.with_check_crc(round % 4 == 0);
                    let (result, peak) = peak_of(|| decompressed(bytes.clone(), &limits));
                    let bound = most_memory(&TIGHT, codec, bytes.len());
                    assert!(peak <= bound, "{magic} {codec}: {peak} for {}", bytes.len());
                    *(if result.is_ok() {
                        &mut read_well
                    } else {
                        &mut refused
                    }) += 1;
                    assert_eq!(result, read_all(bytes.clone(), &limits).map(drop));
                    convert_all(bytes, &limits);
                }
            }
            println!("{magic} {codec}: {read_well} read, {refused} refused");
            assert!(read_well + refused >= 1_000 && refused > read_well / 10);
        }
    }
}

/// What can be read can be converted, or is refused for a reason.
fn convert_all(mut bytes: Bytes, limits: &BatchLimits) {
    while let Ok(Some(batch)) = RecordBatch::parse(&mut bytes, limits) {
        for to in Magic::ALL {
            let mut converter = Converter::new(to).with_limits(*limits);
            if let Ok(conversion) = converter.convert(&batch)
                && let Some(converted) = conversion.batch
                && batch.magic() != to
            {
                let count = |batch: &RecordBatch| {
                    read_all(batch.raw().clone(), &limits.with_check_crc(true)).map(|all| all.len())
                };
                let records = batch.decompress(limits).unwrap().len();
                assert_eq!(count(&converted), Ok(records), "{batch:?} to {to}");
            }
        }
    }
}

/// The header checksum of LZ4 frames that Kafka 0.8 gets wrong: taken right or
/// wrong in magic 0, right only from magic 1 on.
pub(crate) fn lz4_checksums() {
    for magic in OLD {
        let bytes = set(magic, Compression::Lz4, &[Owned::value("v")]);
        let frame_at = bytes
            .windows(4)
            .position(|at| at == [0x04, 0x22, 0x4d, 0x18]);
        let checksum_at = frame_at.unwrap() + 6;
        let mut taken = Vec::new();
        for checksum in 0..=255 {
            let mut bytes = bytes.clone();
            bytes[checksum_at] = checksum;
            fix_crc(&mut bytes);
            if read(&bytes, &LIMITS) == Ok(1) {
                taken.push(checksum);
            }
        }
        assert!(taken.contains(&bytes[checksum_at]));
        assert_eq!(taken.len(), if magic == Magic::V0 { 2 } else { 1 });
    }
}
