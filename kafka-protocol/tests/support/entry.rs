//! The entry points: each takes bytes as a peer sends them and checks all that must
//! hold of them. The mutation tests and the fuzz targets call the same ones.
//!
//! Whatever the bytes: no panic, no end of time, and no more memory than the limits
//! say. Whatever is read can be written, and is then read as the same.

#![allow(dead_code, reason = "the tests and the fuzz targets each use a part")]

use bytes::Bytes;
use kafka_protocol::frame::{self, FrameDecoder};
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Converter, Magic, RecordBatch,
    RecordError, Records,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, DecodeError, DecodeErrorKind};

use crate::peak::peak_of;
use crate::records_support::{Owned, batch_of, most_memory, read_all};
use crate::support::codecs::{Codec, Value};
use crate::support::generator::{self, Choices};

/// The most memory that reading a message of `len` bytes may take.
pub(crate) const fn bound(len: usize) -> usize {
    Limits::EXPANSION * len + 64 * 1024
}

/// Some message, in some version, as the first two bytes say; then its body.
pub(crate) fn chosen<'a>(codecs: &[Codec], bytes: &'a [u8]) -> Option<(Codec, i16, &'a [u8])> {
    let ([which, version], body) = bytes.split_first_chunk()?;
    let codec = codecs.get(usize::from(*which) % codecs.len().max(1))?;
    let versions: Vec<i16> = codec.versions().collect();
    let version = versions.get(usize::from(*version) % versions.len().max(1))?;
    Some((*codec, *version, body))
}

/// A body, within its bound, and the most memory that it took.
pub(crate) fn read(
    codec: &Codec,
    version: i16,
    bytes: &[u8],
) -> (Result<Box<dyn Value>, DecodeError>, usize) {
    let frame = Bytes::copy_from_slice(bytes);
    let (found, peak) = peak_of(|| codec.read(frame, version));
    assert!(
        peak <= bound(bytes.len()),
        "{} version {version}: {peak} bytes for {}",
        codec.schema.name,
        bytes.len()
    );
    (found, peak)
}

/// A body. Says whether it is one.
pub(crate) fn message(codec: &Codec, version: i16, bytes: &[u8]) -> bool {
    let Ok(message) = read(codec, version, bytes).0 else {
        return false;
    };
    let written = written(&*message, version);
    match codec.read(written.clone(), version) {
        Ok(again) => same(&*message, &*again, version),
        // It was written shorter than it came, and the budget is by the length.
        Err(error) => assert!(
            matches!(error.kind(), DecodeErrorKind::OverBudget { .. })
                && written.len() < bytes.len(),
            "{error}: {message:?}"
        ),
    }
    true
}

/// A message that `choices` make by its schema: read, written in its own version
/// byte for byte, and in the other versions so that it can be read again.
pub(crate) fn round_trip(codec: &Codec, version: i16, choices: &[u8]) {
    let bytes = Bytes::from(generator::message(
        codec.schema,
        version,
        &mut Choices(choices),
    ));
    let message = codec
        .read(bytes.clone(), version)
        .unwrap_or_else(|error| panic!("{error} (version {version}) in {bytes:x?}"));
    let name = codec.schema.name;
    assert_eq!(
        written(&*message, version),
        bytes,
        "{name} version {version}"
    );
    for other in codec.versions() {
        // It need not be possible: not every version has every field.
        if let Ok(bytes) = message.encode(other) {
            let read = codec
                .read(bytes.clone(), other)
                .unwrap_or_else(|error| panic!("{error} (version {other}): {message:?}"));
            assert_eq!(written(&*read, other), bytes, "{name} version {other}");
        }
    }
}

fn written(message: &dyn Value, version: i16) -> Bytes {
    let bytes = message
        .encode(version)
        .unwrap_or_else(|error| panic!("{error}: {message:?}"));
    assert_eq!(
        message.encoded_len(version).ok(),
        Some(bytes.len()),
        "{message:?}"
    );
    bytes
}

fn same(message: &dyn Value, again: &dyn Value, version: i16) {
    // What is not equal to itself holds a number that is none.
    let comparable = message.equals(message);
    assert!(
        again.equals(message) || !comparable,
        "{message:?} read as {again:?}"
    );
    assert_eq!(
        again.encode(version).ok(),
        message.encode(version).ok(),
        "{message:?}"
    );
}

/// A stream of request frames, which arrives in pieces as the first byte says.
pub(crate) fn request_stream(bytes: &[u8]) {
    let Some((piece, stream)) = bytes.split_first() else {
        return;
    };
    let (frames, peak) = peak_of(|| split(stream, usize::from(*piece) * 8 + 1));
    // What is read ahead, and frames that keep their part of a buffer alive.
    assert!(
        peak <= bound(stream.len()),
        "{peak} bytes for {}",
        stream.len()
    );
    for frame in frames {
        request_frame(frame);
    }
}

fn split(stream: &[u8], piece: usize) -> Vec<Bytes> {
    let mut decoder = FrameDecoder::new(1 << 30);
    let mut frames: Vec<Bytes> = Vec::new();
    let mut sent = 0;
    for piece in stream.chunks(piece) {
        decoder.buffer().extend_from_slice(piece);
        sent += piece.len();
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return frames,
            }
        }
    }
    let framed: usize = frames.iter().map(|frame| frame.len() + 4).sum();
    assert_eq!(framed + decoder.pending(), sent);
    frames
}

/// A request with its header, without length. Says whether it is one.
pub(crate) fn request_frame(frame: Bytes) -> bool {
    let limits = Limits::default();
    let len = frame.len();
    let (found, peak) = peak_of(|| frame::decode_request(frame, limits));
    assert!(peak <= bound(len), "{peak} bytes for {len}");
    let Ok((header, request)) = found else {
        return false;
    };
    let written = frame::encode_any_request(&header, &request)
        .unwrap_or_else(|error| panic!("{error}: {header:?} {request:?}"))
        .into_bytes();
    let again = frame::decode_request(written.slice(4..), limits);
    let written_again = again.map(|(header, request)| frame::encode_any_request(&header, &request));
    let written_again = written_again
        .unwrap_or_else(|error| panic!("{error}: {header:?} {request:?}"))
        .unwrap_or_else(|error| panic!("{error}: {header:?} {request:?}"));
    assert_eq!(written_again.into_bytes(), written);
    true
}

/// A response with its header, without length, to a request of `key` and `version`.
/// Says whether it is one.
pub(crate) fn response_frame(key: ApiKey, version: i16, frame: Bytes) -> bool {
    let limits = Limits::default();
    let len = frame.len();
    let (found, peak) = peak_of(|| frame::decode_response(key, version, frame, limits));
    assert!(peak <= bound(len), "{peak} bytes for {len}");
    let Ok((header, response)) = found else {
        return false;
    };
    let written = frame::encode_any_response(&header, version, &response)
        .unwrap_or_else(|error| panic!("{error}: {header:?} {response:?}"))
        .into_bytes();
    let (header, response) = frame::decode_response(key, version, written.slice(4..), limits)
        .unwrap_or_else(|error| panic!("{error}: {header:?} {response:?}"));
    let again = frame::encode_any_response(&header, version, &response)
        .unwrap_or_else(|error| panic!("{error}: {header:?} {response:?}"));
    assert_eq!(again.into_bytes(), written);
    true
}

/// Small enough that a bomb is noticed within the memory of a test.
pub(crate) const TIGHT: BatchLimits = BatchLimits::DEFAULT
    .with_check_crc(false)
    .with_free_decompressed(256 << 10)
    .with_max_decompressed(4 << 20);

/// Batches of any magic, one after the other, as `records` fields hold them: read,
/// converted to each magic and recompressed. Says how many were read.
pub(crate) fn batches(bytes: &[u8]) -> usize {
    let mut rest = Bytes::copy_from_slice(bytes);
    let mut count = 0;
    loop {
        let before = rest.len();
        let (found, peak) = peak_of(|| RecordBatch::parse(&mut rest, &TIGHT));
        // The buffer becomes a shared one.
        assert!(peak < 1024, "{peak} bytes to parse {before}");
        let Ok(Some(batch)) = found else {
            assert_eq!(rest.len(), before, "nothing is consumed");
            return count;
        };
        assert!(rest.len() < before);
        if let Ok(records) = unpacked(&batch) {
            if batch.magic() == Magic::V2 {
                check_records(&batch, &records);
            }
            check_rewritten(&batch, records.len());
            count += 1;
        }
    }
}

/// A body compressed with `codec`. Says whether it held what it should.
pub(crate) fn decompress(codec: Compression, bytes: &[u8]) -> bool {
    let mut batch = Bytes::from(batch_of(codec, 1, bytes));
    match RecordBatch::parse(&mut batch, &TIGHT) {
        Ok(Some(batch)) => unpacked(&batch).is_ok(),
        other => panic!("{other:?}"),
    }
}

fn unpacked(batch: &RecordBatch) -> Result<Records, RecordError> {
    let (records, peak) = peak_of(|| batch.decompress(&TIGHT));
    let len = batch.encoded_len();
    let bound = most_memory(&TIGHT, batch.compression(), len);
    assert!(
        peak <= bound,
        "{}: {peak} bytes for {len}, at most {bound}",
        batch.compression()
    );
    records
}

/// What a batch can be made into has as many records.
fn check_rewritten(batch: &RecordBatch, count: usize) {
    for to in Magic::ALL {
        let converted = Converter::new(to).with_limits(TIGHT).convert(batch);
        if let Ok(conversion) = converted
            && let Some(converted) = conversion.batch
            && batch.magic() != to
        {
            let read = read_all(converted.raw().clone(), &BatchLimits::DEFAULT);
            assert_eq!(
                read.map(|records| records.len() + conversion.control_records as usize),
                Ok(count),
                "{batch:?} to {to}"
            );
        }
    }
    let mut lz4 = Compressor::new(Compression::Lz4).unwrap_or_else(|error| panic!("{error}"));
    if let Ok(packed) = batch.recompress(&mut lz4, &TIGHT) {
        // It may have come with checksums inside that were wrong.
        let limits = BatchLimits::DEFAULT.with_check_crc(false);
        let read = packed.decompress(&limits).map(|records| records.len());
        assert_eq!(read, Ok(count), "{batch:?}");
    }
}

/// All there is of the records, and the same records in a batch of our own.
fn check_records(batch: &RecordBatch, records: &Records) {
    assert_eq!(records.len(), batch.record_count() as usize);
    let mut last = None;
    let mut builder = BatchBuilder::new();
    let mut complete = true;
    let mut owned = Vec::new();
    for record in records {
        assert!(last < Some(record.offset()), "offsets go up");
        last = Some(record.offset());
        assert!((batch.base_offset()..=batch.last_offset()).contains(&record.offset()));
        let copy = Owned::of(&record);
        // Timestamps can be further apart than a batch of our own can say.
        complete &= builder.append(&copy.borrowed(&copy.headers())).is_ok();
        owned.push(copy);
    }
    assert_eq!(owned.len(), records.len());
    if !complete || owned.is_empty() {
        return;
    }
    let mut plain = Compressor::new(Compression::None).unwrap_or_else(|error| panic!("{error}"));
    let mut bytes = builder
        .seal(&mut plain)
        .unwrap_or_else(|error| panic!("{error}"))
        .to_record_bytes(&BatchStamp::default())
        .into_bytes();
    let again = RecordBatch::parse(&mut bytes, &BatchLimits::DEFAULT)
        .unwrap_or_else(|error| panic!("{error}"))
        .and_then(|batch| batch.decompress(&BatchLimits::DEFAULT).ok());
    let again: Vec<Owned> = again
        .iter()
        .flatten()
        .map(|record| Owned::of(&record))
        .collect();
    assert_eq!(again, owned);
}
