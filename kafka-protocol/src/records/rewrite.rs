//! Batches written anew from batches that were read.

use bytes::BytesMut;

use super::batch::{RecordBatch, TimestampType};
use super::compression::{Compression, Compressor};
use super::crc::BodyCrc;
use super::error::RecordError;
use super::header::{BatchHeader, HEADER_LEN, LOG_OVERHEAD};
use super::limits::BatchLimits;
use super::magic::Magic;
use super::message_set_builder::{MessageSetBuilder, Wrapper};
use super::record::{NewRecord, RecordView};
use super::varint::{put_varint, varint_len};
use super::view::Records;

/// The most bytes that a batch's length field allows the body.
const MAX_BODY_LEN: usize = i32::MAX as usize - (HEADER_LEN - LOG_OVERHEAD);

impl RecordBatch {
    /// The same batch with its records compressed by `compressor`: all else that it
    /// says stays, offsets, times, producer, sequence, epochs and flags, and so do
    /// the records, byte by byte in magic 2.
    ///
    /// Every record is checked on the way, within `limits`. What compaction left
    /// empty stays as it is. Refused for magic 0 and 1 if the codec is zstd.
    pub fn recompress(
        &self,
        compressor: &mut Compressor,
        limits: &BatchLimits,
    ) -> Result<Self, RecordError> {
        let records = self.decompress(limits)?;
        if records.is_empty() {
            return Ok(self.clone());
        }
        if self.magic() == Magic::V2 {
            return in_batch(*self.header(), records.body(), compressor);
        }
        let is_append_time = self.timestamp_type() == TimestampType::LogAppendTime;
        if self.compression() != Compression::None && compressor.compression() != Compression::None
        {
            let wrapper = Wrapper {
                magic: self.magic(),
                offset: self.last_offset(),
                timestamp: self.max_timestamp(),
                log_append_time: is_append_time,
            };
            return wrapper.around(records.body(), compressor);
        }
        let mut builder = MessageSetBuilder::new(self.magic());
        if is_append_time {
            builder = builder.with_log_append_time(self.max_timestamp());
        }
        for record in &records {
            builder.append_at(record.offset(), &without_headers(&record))?;
        }
        builder.seal(compressor)
    }
}

/// What magic 0 and 1 keep of a record.
pub(super) fn without_headers<'a>(record: &RecordView<'a>) -> NewRecord<'a> {
    NewRecord {
        timestamp: record.timestamp(),
        key: record.key(),
        value: record.value(),
        headers: &[],
    }
}

/// A batch of magic 2 with these fields, but for the codec, which is
/// `compressor`'s, as `body`'s is to be.
pub(super) fn in_batch(
    header: BatchHeader,
    body: &[u8],
    compressor: &mut Compressor,
) -> Result<RecordBatch, RecordError> {
    let compression = compressor.compression();
    let packed;
    let body = match compression {
        Compression::None => body,
        _ => {
            packed = compressor.compress(body)?;
            &packed[..]
        }
    };
    if body.len() > MAX_BODY_LEN {
        return Err(RecordError::BatchFull {
            records: header.record_count.unsigned_abs(),
            bytes: HEADER_LEN.saturating_add(body.len()),
        });
    }
    let header = BatchHeader {
        attributes: header.attributes.with_codec(compression),
        ..header
    };
    let written = header.write(body.len(), |checked| BodyCrc::of(body).after(checked));
    let mut raw = BytesMut::with_capacity(HEADER_LEN + body.len());
    raw.extend_from_slice(&written);
    raw.extend_from_slice(body);
    Ok(RecordBatch::of(
        Magic::V2,
        raw.freeze(),
        header,
        compression,
    ))
}

/// Messages of magic 0 or 1 as a batch of magic 2, `header` saying what is not the
/// records' own. Where offsets repeat, as only producers' do, they count up.
pub(super) fn batch_of_messages(
    records: &Records,
    header: BatchHeader,
    compressor: &mut Compressor,
) -> Result<RecordBatch, RecordError> {
    let mut messages = records.iter().peekable();
    let Some(first) = messages.peek() else {
        return Err(RecordError::EmptyBatch);
    };
    let (base_offset, base_timestamp) = (first.offset(), first.timestamp());
    let mut max_timestamp = base_timestamp;
    let mut next_delta = 0_i64;
    let mut body = Vec::with_capacity(records.memory_size());
    for message in messages {
        let delta = (message.offset() - base_offset).max(next_delta);
        if delta > i64::from(i32::MAX) || base_offset.checked_add(delta + 1).is_none() {
            return Err(RecordError::NotInFormat {
                magic: Magic::V2.id(),
                reason: "offsets of one batch are 2^31 or more apart",
            });
        }
        next_delta = delta + 1;
        let timestamp = message.timestamp();
        let timestamp_delta = timestamp_delta(timestamp, base_timestamp)?;
        max_timestamp = max_timestamp.max(timestamp);
        let parts = [message.key(), message.value()];
        push_record(&mut body, timestamp_delta, delta, parts);
    }
    let header = BatchHeader {
        base_offset,
        // The checks above keep it in range.
        last_offset_delta: (next_delta - 1) as i32,
        base_timestamp,
        max_timestamp,
        record_count: records.len() as i32,
        ..header
    };
    in_batch(header, &body, compressor)
}

/// Appends a record of magic 2 without headers.
fn push_record(
    body: &mut Vec<u8>,
    timestamp_delta: i64,
    offset_delta: i64,
    parts: [Option<&[u8]>; 2],
) {
    let nullable_len = |part: Option<&[u8]>| match part {
        None => varint_len(-1),
        Some(part) => varint_len(part.len() as i64) + part.len(),
    };
    let fields_len = varint_len(timestamp_delta) + varint_len(offset_delta);
    let parts_len: usize = parts.into_iter().map(nullable_len).sum();
    // Attributes in front, the number of headers behind.
    push_varint(body, (1 + fields_len + parts_len + 1) as i64);
    body.push(0);
    push_varint(body, timestamp_delta);
    push_varint(body, offset_delta);
    for part in parts {
        push_nullable(body, part);
    }
    push_varint(body, 0);
}

pub(super) fn push_nullable(body: &mut Vec<u8>, part: Option<&[u8]>) {
    push_varint(body, part.map_or(-1, |part| part.len() as i64));
    body.extend_from_slice(part.unwrap_or_default());
}

/// How far a record's timestamp is from its batch's base.
#[inline]
pub(super) fn timestamp_delta(timestamp: i64, base: i64) -> Result<i64, RecordError> {
    timestamp
        .checked_sub(base)
        .ok_or(RecordError::TimestampOutOfRange { base, timestamp })
}

pub(super) fn push_varint(body: &mut Vec<u8>, value: i64) {
    let mut room = [0; 10];
    let len = put_varint(&mut room, value);
    body.extend_from_slice(&room[..len]);
}
