use std::fmt;

use bytes::Bytes;

use super::compression::{Compression, Compressor};
use super::error::RecordError;
use super::header::{HEADER_LEN, LOG_OVERHEAD};
use super::record::NewRecord;
use super::sealed::SealedBatch;
use super::varint::{Front, varint_len, varlong_len};

/// The growing body of one record batch.
///
/// Each record is encoded straight into one buffer, which grows geometrically;
/// appending allocates nothing else. Compression and checksum come with
/// [`seal`](Self::seal), the header with each
/// [`stamp`](SealedBatch::to_record_bytes).
#[derive(Default)]
pub struct BatchBuilder {
    body: Vec<u8>,
    record_count: u32,
    /// The first record's timestamp, which all others are relative to.
    base_timestamp: i64,
    max_timestamp: i64,
}

/// The most bytes that a batch's length field allows the body.
const MAX_BODY_LEN: usize = i32::MAX as usize - (HEADER_LEN - LOG_OVERHEAD);
/// What a buffer without a stated capacity starts with.
const FIRST_CAPACITY: usize = 4 << 10;

impl BatchBuilder {
    /// An empty batch, with no memory allocated before the first record.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty batch with room for `body_bytes` bytes of encoded records.
    pub fn with_capacity(body_bytes: usize) -> Self {
        Self {
            body: Vec::with_capacity(body_bytes),
            ..Self::default()
        }
    }

    /// Encodes `record` into the batch and returns its index there, from 0.
    ///
    /// Refused, with the batch unchanged, if the record or the batch would reach
    /// 2 GiB, or if the timestamp can't be told relative to the first one's.
    /// Whether a *size limit* of the caller's is kept is the caller's to ask
    /// beforehand: [`record_size`](Self::record_size).
    #[inline]
    pub fn append(&mut self, record: &NewRecord<'_>) -> Result<u32, RecordError> {
        let index = self.record_count;
        let layout = self.layout(record)?;
        let size = layout.size;
        if size > MAX_BODY_LEN - self.body.len() || index == i32::MAX as u32 {
            return Err(self.full());
        }
        if self.body.capacity() - self.body.len() < size {
            self.grow(size);
        }
        let roomy = self.body.capacity() - self.body.len() >= size + Front::CAPACITY;
        if roomy && record.headers.is_empty() {
            self.encode_fast(record, &layout);
        } else {
            self.encode(record, &layout);
        }
        if index == 0 {
            self.base_timestamp = record.timestamp;
            self.max_timestamp = record.timestamp;
        } else if record.timestamp > self.max_timestamp {
            self.max_timestamp = record.timestamp;
        }
        self.record_count = index + 1;
        Ok(index)
    }

    /// The exact number of bytes that [`append`](Self::append) would add for this
    /// record now. It depends on what the batch holds already, because offset and
    /// timestamp are relative. For a record that `append` would refuse, the
    /// number is at least as large as what is wrong with it.
    pub fn record_size(&self, record: &NewRecord<'_>) -> usize {
        match self.layout(record) {
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

    /// Bytes of memory that the batch holds for its records.
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
            Compression::None => Bytes::from(self.body),
            _ => compressor.compress(&self.body)?,
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

    /// Sizes of the record's parts in front of and around its key, value and
    /// headers.
    #[inline(always)]
    fn layout(&self, record: &NewRecord<'_>) -> Result<Layout, RecordError> {
        let timestamp_delta = if self.record_count == 0 {
            0
        } else {
            let (base, timestamp) = (self.base_timestamp, record.timestamp);
            timestamp
                .checked_sub(base)
                .ok_or(RecordError::TimestampOutOfRange { base, timestamp })?
        };
        let key_len = nullable_len(record.key);
        let value_len = nullable_len(record.value);
        let headers_len = if record.headers.is_empty() {
            1
        } else {
            encoded_headers_len(record)?
        };
        let len = 1_u64
            .saturating_add(varlong_len(timestamp_delta) as u64)
            .saturating_add(varint_len(self.record_count as i32) as u64)
            .saturating_add(key_len)
            .saturating_add(value_len)
            .saturating_add(headers_len);
        match i32::try_from(len) {
            Ok(len) => Ok(Layout {
                size: varint_len(len) + len as usize,
                len,
                timestamp_delta,
            }),
            Err(_) => Err(RecordError::RecordTooLarge {
                size: len.saturating_add(5),
            }),
        }
    }

    /// Encodes a record without headers into a buffer with room for it and for
    /// [`Front::CAPACITY`] bytes more.
    #[inline(always)]
    fn encode_fast(&mut self, record: &NewRecord<'_>, layout: &Layout) {
        let mut front = layout.front(self.record_count);
        if let Some(key) = record.key {
            front.varint(key.len() as i32);
            front.append_to(&mut self.body);
            self.body.extend_from_slice(key);
            front = Front::new();
        } else {
            front.varint(-1);
        }
        if let Some(value) = record.value {
            front.varint(value.len() as i32);
            front.append_to(&mut self.body);
            self.body.extend_from_slice(value);
            self.body.push(0);
        } else {
            front.varint(-1);
            front.byte(0);
            front.append_to(&mut self.body);
        }
    }

    /// Encodes a record into a buffer with just enough room for it.
    fn encode(&mut self, record: &NewRecord<'_>, layout: &Layout) {
        let end = self.body.len() + layout.size;
        layout
            .front(self.record_count)
            .append_exactly_to(&mut self.body);
        put_nullable(&mut self.body, record.key);
        put_nullable(&mut self.body, record.value);
        put_varint(&mut self.body, record.headers.len() as i32);
        for header in record.headers {
            put_nullable(&mut self.body, Some(header.key.as_bytes()));
            put_nullable(&mut self.body, header.value);
        }
        debug_assert_eq!(self.body.len(), end);
    }

    /// Makes room for `size` bytes, at least doubling the buffer.
    #[cold]
    fn grow(&mut self, size: usize) {
        let capacity = self.body.capacity();
        let wanted = capacity
            .saturating_mul(2)
            .clamp(FIRST_CAPACITY, MAX_BODY_LEN);
        let wanted = wanted.max(self.body.len() + size);
        self.body.reserve_exact(wanted - self.body.len());
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

struct Layout {
    /// Bytes of the record, its length field included.
    size: usize,
    /// What the length field says.
    len: i32,
    timestamp_delta: i64,
}

impl Layout {
    /// The fields before the key's length.
    #[inline(always)]
    fn front(&self, offset_delta: u32) -> Front {
        let mut front = Front::new();
        front.varint(self.len);
        // The attributes, of which no bit has a meaning yet.
        front.byte(0);
        front.varlong(self.timestamp_delta);
        front.varint(offset_delta as i32);
        front
    }
}

/// Bytes of a key or value with its length, or more than any that fits.
#[inline(always)]
fn nullable_len(bytes: Option<&[u8]>) -> u64 {
    let Some(bytes) = bytes else { return 1 };
    match i32::try_from(bytes.len()) {
        Ok(len) => varint_len(len) as u64 + len as u64,
        Err(_) => bytes.len() as u64,
    }
}

#[inline(never)]
fn encoded_headers_len(record: &NewRecord<'_>) -> Result<u64, RecordError> {
    let headers = record.headers;
    let count = i32::try_from(headers.len()).map_err(|_| RecordError::RecordTooLarge {
        size: headers.len() as u64,
    })?;
    let len = headers
        .iter()
        .fold(varint_len(count) as u64, |len, header| {
            len.saturating_add(nullable_len(Some(header.key.as_bytes())))
                .saturating_add(nullable_len(header.value))
        });
    Ok(len)
}

fn put_nullable(body: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            put_varint(body, bytes.len() as i32);
            body.extend_from_slice(bytes);
        }
        None => put_varint(body, -1),
    }
}

fn put_varint(body: &mut Vec<u8>, value: i32) {
    let mut front = Front::new();
    front.varint(value);
    front.append_exactly_to(body);
}
