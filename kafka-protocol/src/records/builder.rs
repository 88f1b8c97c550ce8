use std::fmt;

use bytes::Bytes;

use crate::wire::Body;

use super::compression::{Compression, Compressor};
use super::error::RecordError;
use super::header::{HEADER_LEN, LOG_OVERHEAD};
use super::record::NewRecord;
use super::rewrite::timestamp_delta;
use super::sealed::SealedBatch;
use super::varint::{Word, put_varint, varint_len, zigzag};

/// The growing body of one record batch.
///
/// Each record is encoded straight into one buffer, which grows geometrically;
/// appending allocates nothing else. Compression and checksum come with
/// [`seal`](Self::seal), the header with each
/// [`stamp`](SealedBatch::to_record_bytes).
#[derive(Default)]
pub struct BatchBuilder {
    body: Body,
    record_count: u32,
    /// The first record's timestamp, which all others are relative to.
    base_timestamp: i64,
    max_timestamp: i64,
}

/// The most bytes that a batch's length field allows the body.
const MAX_BODY_LEN: usize = i32::MAX as usize - (HEADER_LEN - LOG_OVERHEAD);

impl BatchBuilder {
    /// What a batch without a stated capacity starts with.
    const FIRST_CAPACITY: usize = 4 << 10;

    /// An empty batch, with no memory allocated before the first record.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty batch with room for `body_bytes` bytes of encoded records.
    pub fn with_capacity(body_bytes: usize) -> Self {
        Self {
            body: Body::with_capacity(body_bytes),
            ..Self::default()
        }
    }

    /// Encodes `record` into the batch and returns its index there, from 0.
    ///
    /// Refused, with the batch unchanged, if the record or the batch would reach
    /// 2 GiB, or if the timestamp can't be told relative to the first one's. For
    /// a smaller limit: [`append_within`](Self::append_within).
    #[inline]
    pub fn append(&mut self, record: &NewRecord<'_>) -> Result<u32, RecordError> {
        if let Some(index) = self.append_within(record, usize::MAX)? {
            return Ok(index);
        }
        // Not reached: no batch is larger than all that can be counted.
        Err(self.full())
    }

    /// The same as [`append`](Self::append), unless the batch would then be longer
    /// than `max_batch_len` bytes, header included and uncompressed: `Ok(None)`,
    /// with the batch unchanged. An empty batch takes a record of any size.
    ///
    /// Cheaper than to ask for [`record_size`](Self::record_size) beforehand.
    #[inline]
    pub fn append_within(
        &mut self,
        record: &NewRecord<'_>,
        max_batch_len: usize,
    ) -> Result<Option<u32>, RecordError> {
        let index = self.record_count;
        if index == 0 {
            self.base_timestamp = record.timestamp;
            self.max_timestamp = record.timestamp;
        }
        let max_body_len = max_batch_len.saturating_sub(HEADER_LEN);
        match Short::of(record, index, self.base_timestamp) {
            Some(short) => {
                if self.body.len() + short.size > max_body_len && index != 0 {
                    return Ok(None);
                }
                if !self.encode_short(record, &short) {
                    self.append_long(record)?;
                }
            }
            None => {
                let size = Layout::of(record, index, self.base_timestamp)?.size;
                if self.body.len().saturating_add(size) > max_body_len && index != 0 {
                    return Ok(None);
                }
                self.append_long(record)?;
            }
        }
        self.max_timestamp = self.max_timestamp.max(record.timestamp);
        self.record_count = index + 1;
        Ok(Some(index))
    }

    /// The exact number of bytes that [`append`](Self::append) would add for this
    /// record now. It depends on what the batch holds already, because offset and
    /// timestamp are relative. For a record that `append` would refuse, a number
    /// that fits no batch.
    pub fn record_size(&self, record: &NewRecord<'_>) -> usize {
        let base = if self.is_empty() {
            record.timestamp
        } else {
            self.base_timestamp
        };
        match Layout::of(record, self.record_count, base) {
            Ok(layout) => layout.size,
            Err(RecordError::RecordTooLarge { size }) => {
                usize::try_from(size).unwrap_or(usize::MAX)
            }
            Err(_) => usize::MAX,
        }
    }

    /// How many records were appended.
    pub fn record_count(&self) -> u32 {
        self.record_count
    }

    /// Whether no record was appended.
    pub fn is_empty(&self) -> bool {
        self.record_count == 0
    }

    /// Bytes of the encoded records, uncompressed.
    pub fn body_len(&self) -> usize {
        self.body.len()
    }

    /// Bytes of the batch, header included, uncompressed.
    pub fn batch_len(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// Bytes of memory that the batch holds for its records. When a record does not
    /// fit, they become what it needs, twice as many, or 4 KiB, whichever is most;
    /// for a moment, both the old and the new are held.
    pub fn capacity(&self) -> usize {
        self.body.capacity()
    }

    /// The first record's timestamp in milliseconds; `None` without records.
    pub fn first_timestamp(&self) -> Option<i64> {
        (!self.is_empty()).then_some(self.base_timestamp)
    }

    /// The largest timestamp of the records in milliseconds; `None` without
    /// records.
    pub fn max_timestamp(&self) -> Option<i64> {
        (!self.is_empty()).then_some(self.max_timestamp)
    }

    /// Compresses the records with `compressor` and takes their checksum, both
    /// once for all times that the batch is sent.
    ///
    /// Refused if there is no record, or if compression fails.
    pub fn seal(self, compressor: &mut Compressor) -> Result<SealedBatch, RecordError> {
        if self.is_empty() {
            return Err(RecordError::EmptyBatch);
        }
        let uncompressed_len = self.body.len();
        let compression = compressor.compression();
        let body = match compression {
            Compression::None => Bytes::from(self.body.into_bytes()),
            _ => compressor.compress(self.body.filled())?,
        };
        if body.len() > MAX_BODY_LEN {
            return Err(RecordError::BatchFull {
                records: self.record_count,
                bytes: HEADER_LEN.saturating_add(body.len()),
            });
        }
        Ok(SealedBatch::new(
            body,
            compression,
            self.record_count,
            self.base_timestamp,
            self.max_timestamp,
            uncompressed_len,
        ))
    }

    /// Encodes a short record, if the buffer has room ahead for it.
    #[inline(always)]
    fn encode_short(&mut self, record: &NewRecord<'_>, short: &Short) -> bool {
        let Some(room) = self.body.ahead(short.size + Short::EXCESS) else {
            return false;
        };
        let key_len_at = short.front.write(room, 0);
        let value_at = match record.key {
            None => Word::MINUS_ONE
                .then(short.value_len)
                .write(room, key_len_at),
            Some(key) => {
                let key_at = short.key_len.write(room, key_len_at);
                let key_end = key_at + key.len();
                room[key_at..key_end].copy_from_slice(key);
                short.value_len.write(room, key_end)
            }
        };
        let mut end = value_at;
        if let Some(value) = record.value {
            end += value.len();
            room[value_at..end].copy_from_slice(value);
        }
        // No headers.
        room[end] = 0;
        self.body.advance(short.size);
        true
    }

    /// Encodes any record; here the buffer grows.
    #[inline(never)]
    fn append_long(&mut self, record: &NewRecord<'_>) -> Result<(), RecordError> {
        let layout = Layout::of(record, self.record_count, self.base_timestamp)?;
        if layout.size > MAX_BODY_LEN - self.body.len() || self.record_count == i32::MAX as u32 {
            return Err(self.full());
        }
        let room = self
            .body
            .make_room(layout.size, Self::FIRST_CAPACITY, MAX_BODY_LEN);
        let mut fields = Fields { room, at: 0 };
        fields.varint(layout.len.into());
        // The attributes, of which no bit has a meaning yet.
        fields.bytes(&[0]);
        fields.varint(layout.timestamp_delta);
        fields.varint(self.record_count.into());
        fields.nullable(record.key);
        fields.nullable(record.value);
        fields.varint(record.headers.len() as i64);
        for header in record.headers {
            fields.nullable(Some(header.key.as_bytes()));
            fields.nullable(header.value);
        }
        debug_assert_eq!(fields.at, layout.size);
        self.body.advance(layout.size);
        Ok(())
    }

    #[cold]
    fn full(&self) -> RecordError {
        RecordError::BatchFull {
            records: self.record_count,
            bytes: self.batch_len(),
        }
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for BatchBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchBuilder")
            .field("records", &self.record_count)
            .field("body_len", &self.body.len())
            .field("capacity", &self.body.capacity())
            .finish()
    }
}

/// The fields around key and value of a record without headers, of less than
/// 8 KiB and within 8 seconds of the first: nearly every record.
struct Short {
    /// Length (2 bytes at most), attributes (1), timestamp delta (2) and offset
    /// delta (3).
    front: Word,
    /// 2 bytes, or 1 for null.
    key_len: Word,
    /// 2 bytes, or 1 for null.
    value_len: Word,
    /// Bytes of the whole record.
    size: usize,
}

impl Short {
    /// Key and value together are shorter than this, which leaves the record's
    /// length at two bytes.
    const MAX_LEN: usize = (8 << 10) - 16;
    const MAX_INDEX: u32 = 1 << 20;
    /// Bytes that are written beyond the record's end for a moment.
    const EXCESS: usize = Word::CAPACITY;

    #[inline(always)]
    fn of(record: &NewRecord<'_>, index: u32, base_timestamp: i64) -> Option<Self> {
        let key_len = record.key.map_or(0, <[u8]>::len);
        let value_len = record.value.map_or(0, <[u8]>::len);
        let parts_len = key_len.saturating_add(value_len);
        let (timestamp_delta, overflows) = record.timestamp.overflowing_sub(base_timestamp);
        let timestamp_delta = zigzag(timestamp_delta);
        if parts_len >= Self::MAX_LEN
            || !record.headers.is_empty()
            || index >= Self::MAX_INDEX
            || timestamp_delta >= 1 << 14
            || overflows
        {
            return None;
        }
        let length_of = |part: Option<&[u8]>| match part {
            Some(part) => Word::two((part.len() as u32) << 1),
            None => Word::MINUS_ONE,
        };
        let (key, value) = (length_of(record.key), length_of(record.value));
        // The attributes, of which no bit has a meaning yet, are 0.
        let fields = Word::ZERO
            .then(Word::two(timestamp_delta as u32))
            .then(Word::three(index << 1));
        // The last byte is the number of headers.
        let len = fields.len() + key.len() + value.len() + parts_len + 1;
        let length = Word::two((len as u32) << 1);
        Some(Self {
            front: length.then(fields),
            key_len: key,
            value_len: value,
            size: length.len() + len,
        })
    }
}

/// What any record takes.
struct Layout {
    /// Bytes of the record, its length field included.
    size: usize,
    /// What the length field says.
    len: i32,
    timestamp_delta: i64,
}

impl Layout {
    fn of(record: &NewRecord<'_>, index: u32, base_timestamp: i64) -> Result<Self, RecordError> {
        let timestamp_delta = timestamp_delta(record.timestamp, base_timestamp)?;
        let len = 1_u64
            .saturating_add(varint_len(timestamp_delta) as u64)
            .saturating_add(varint_len(index.into()) as u64)
            .saturating_add(nullable_len(record.key))
            .saturating_add(nullable_len(record.value))
            .saturating_add(headers_len(record));
        match i32::try_from(len) {
            Ok(len) => Ok(Self {
                size: varint_len(len.into()) + len as usize,
                len,
                timestamp_delta,
            }),
            Err(_) => Err(RecordError::RecordTooLarge {
                size: len.saturating_add(5),
            }),
        }
    }
}

/// Bytes of a key or value with its length, or more than any that fits.
fn nullable_len(bytes: Option<&[u8]>) -> u64 {
    let Some(bytes) = bytes else { return 1 };
    match i32::try_from(bytes.len()) {
        Ok(len) => varint_len(len.into()) as u64 + len as u64,
        Err(_) => bytes.len() as u64,
    }
}

fn headers_len(record: &NewRecord<'_>) -> u64 {
    let headers = record.headers;
    let Ok(count) = i32::try_from(headers.len()) else {
        return headers.len() as u64;
    };
    headers
        .iter()
        .fold(varint_len(count.into()) as u64, |len, header| {
            len.saturating_add(nullable_len(Some(header.key.as_bytes())))
                .saturating_add(nullable_len(header.value))
        })
}

/// Writes a record's fields one after the other.
struct Fields<'a> {
    /// As long as all of them.
    room: &'a mut [u8],
    at: usize,
}

impl Fields<'_> {
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        self.room[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }

    #[inline]
    fn varint(&mut self, value: i64) {
        self.at += put_varint(&mut self.room[self.at..], value);
    }

    #[inline]
    fn nullable(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => {
                self.varint(bytes.len() as i64);
                self.bytes(bytes);
            }
            None => self.varint(-1),
        }
    }
}
