use std::fmt;
use std::iter::FusedIterator;

use super::error::RecordFault;
use super::varint::{Cursor, VarintError, unzigzag32};

/// A record about to be appended to a [`BatchBuilder`](super::BatchBuilder): all
/// parts borrowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewRecord<'a> {
    /// Milliseconds since the Unix epoch; −1 for none.
    pub timestamp: i64,
    /// The key; `None` is null, which differs from empty.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is null, a tombstone in a compacted topic.
    pub value: Option<&'a [u8]>,
    /// Headers, in order; keys may repeat (KIP-82).
    pub headers: &'a [Header<'a>],
}

/// One header of a record (KIP-82).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header<'a> {
    /// The name.
    pub key: &'a str,
    /// The value; `None` is null.
    pub value: Option<&'a [u8]>,
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("key", &self.key)
            .field("value_bytes", &self.value.map(<[u8]>::len))
            .finish()
    }
}

/// A record within [`Records`](super::Records): every part borrows from them.
#[derive(Clone, Copy)]
pub struct RecordView<'a> {
    pub(super) offset: i64,
    pub(super) timestamp: i64,
    pub(super) raw: RawRecord<'a>,
}

impl<'a> RecordView<'a> {
    /// The record's offset in its partition.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Milliseconds since the Unix epoch: the producer's, or the broker's if the
    /// topic has `message.timestamp.type=LogAppendTime`. −1 for none.
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The key; `None` is null, which differs from empty.
    pub fn key(&self) -> Option<&'a [u8]> {
        self.raw.key
    }

    /// The value; `None` is null, a tombstone in a compacted topic.
    pub fn value(&self) -> Option<&'a [u8]> {
        self.raw.value
    }

    /// The headers, decoded as they are asked for.
    pub fn headers(&self) -> Headers<'a> {
        Headers {
            cursor: Cursor::new(self.raw.headers),
            left: self.raw.header_count,
        }
    }

    /// Bytes that the record takes in its batch, uncompressed, its length field
    /// included.
    pub fn encoded_len(&self) -> usize {
        self.raw.encoded_len
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for RecordView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordView")
            .field("offset", &self.offset)
            .field("timestamp", &self.timestamp)
            .field("key_bytes", &self.raw.key.map(<[u8]>::len))
            .field("value_bytes", &self.raw.value.map(<[u8]>::len))
            .field("headers", &self.raw.header_count)
            .finish()
    }
}

/// Iterates over the headers of a record, in order.
#[derive(Clone)]
pub struct Headers<'a> {
    cursor: Cursor<'a>,
    left: u32,
}

impl<'a> Headers<'a> {
    /// The value of the last header of that name, which is the one that counts
    /// where a name repeats. Like [`Header::value`], `Some(None)` is null.
    pub fn last(&self, key: &str) -> Option<Option<&'a [u8]>> {
        self.clone()
            .filter(|header| header.key == key)
            .last()
            .map(|header| header.value)
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        self.left = self.left.checked_sub(1)?;
        // Can't fail: all headers were read once when the batch was checked.
        read_header(&mut self.cursor).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Headers<'_> {}
impl FusedIterator for Headers<'_> {}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// A record's fields as the batch holds them.
#[derive(Clone, Copy)]
pub(super) struct RawRecord<'a> {
    pub(super) timestamp_delta: i64,
    pub(super) offset_delta: i32,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) header_count: u32,
    pub(super) headers: &'a [u8],
    pub(super) encoded_len: usize,
}

/// The fewest bytes that a record takes: seven fields of one byte.
pub(super) const MIN_RECORD_LEN: usize = 7;

/// Reads one record; its headers are delimited, not looked into.
#[inline(always)]
pub(super) fn read_record<'a>(batch: &mut Cursor<'a>) -> Result<RawRecord<'a>, RecordFault> {
    match read_plain_record(batch.rest) {
        Some(record) => {
            batch.rest = &batch.rest[record.encoded_len..];
            Ok(record)
        }
        None => read_any_record(batch),
    }
}

/// Reads a record without headers, none of whose other fields takes more than
/// three bytes and which is not among the last few bytes: nearly every record.
/// What it does not read, [`read_any_record`] does, or says what is wrong.
#[inline(always)]
fn read_plain_record(batch: &[u8]) -> Option<RawRecord<'_>> {
    // One check of bounds for all fields before the key's or value's bytes, which
    // take 5 × 3 + 1 bytes at most.
    let head: &[u8; 32] = batch.first_chunk()?;
    let mut at = 0;
    let len = short_varint(head, &mut at)?;
    let end = at + short_len(len)?;
    // The attributes, of which no bit has a meaning yet.
    at += 1;
    let timestamp_delta = unzigzag32(short_varint(head, &mut at)?);
    let offset_delta = unzigzag32(short_varint(head, &mut at)?);
    let key_len = short_varint(head, &mut at)?;
    let (key, value_len) = if key_len == NULL {
        (None, short_varint(head, &mut at)?)
    } else {
        let key = batch.get(at..)?.get(..short_len(key_len)?)?;
        at += key.len();
        let head = batch.get(at..)?.first_chunk()?;
        let mut value_len_at = 0;
        let value_len = short_varint(head, &mut value_len_at)?;
        at += value_len_at;
        (Some(key), value_len)
    };
    let value = if value_len == NULL {
        None
    } else {
        let value = batch.get(at..)?.get(..short_len(value_len)?)?;
        at += value.len();
        Some(value)
    };
    // The number of headers, and nothing after it.
    if *batch.get(at)? != 0 || at + 1 != end {
        return None;
    }
    Some(RawRecord {
        timestamp_delta: i64::from(timestamp_delta),
        offset_delta,
        key,
        value,
        header_count: 0,
        headers: &[],
        encoded_len: end,
    })
}

/// The varint of -1, a null key or value.
const NULL: u32 = 1;

/// A varint of up to three bytes at `at`, still zig-zag. `at` is within `bytes` by
/// the caller's care; masking it spares a check.
#[inline(always)]
fn short_varint(bytes: &[u8; 32], at: &mut usize) -> Option<u32> {
    let byte = |ahead: usize| u32::from(bytes[(*at + ahead) & 31]);
    let (value, len) = match (byte(0), byte(1), byte(2)) {
        (a @ ..0x80, _, _) => (a, 1),
        (a, b @ ..0x80, _) => (a & 0x7f | b << 7, 2),
        (a, b, c @ ..0x80) => (a & 0x7f | (b & 0x7f) << 7 | c << 14, 3),
        _ => return None,
    };
    *at += len;
    Some(value)
}

/// A length that is not negative, of a zig-zag value.
#[inline(always)]
fn short_len(zigzag: u32) -> Option<usize> {
    (zigzag & 1 == 0).then_some(zigzag as usize >> 1)
}

#[inline(never)]
fn read_any_record<'a>(batch: &mut Cursor<'a>) -> Result<RawRecord<'a>, RecordFault> {
    let before = batch.rest.len();
    let len = batch.varint().map_err(|error| match error {
        VarintError::Cut => RecordFault::Truncated,
        VarintError::Malformed => RecordFault::Varint,
    })?;
    let len = usize::try_from(len).map_err(|_| RecordFault::NegativeLength)?;
    let mut record = Cursor::new(batch.take(len).ok_or(RecordFault::Truncated)?);
    // The attributes, of which no bit has a meaning yet.
    record.byte().ok_or(RecordFault::Length)?;
    let timestamp_delta = record.varlong()?;
    let offset_delta = record.varint()?;
    let key = read_nullable(&mut record)?;
    let value = read_nullable(&mut record)?;
    let header_count = record.varint()?;
    let headers = record.rest;
    let encoded_len = before - batch.rest.len();
    if header_count == 0 {
        if !headers.is_empty() {
            return Err(RecordFault::Length);
        }
    } else if header_count < 0 || header_count as usize > headers.len() / 2 {
        // A header takes two bytes at least.
        return Err(RecordFault::HeaderCount);
    }
    Ok(RawRecord {
        timestamp_delta,
        offset_delta,
        key,
        value,
        header_count: header_count as u32,
        headers,
        encoded_len,
    })
}

/// Reads every header once, so that later reads can't fail.
pub(super) fn check_headers(record: &RawRecord<'_>) -> Result<(), RecordFault> {
    let mut cursor = Cursor::new(record.headers);
    for _ in 0..record.header_count {
        read_header(&mut cursor)?;
    }
    if cursor.rest.is_empty() {
        Ok(())
    } else {
        Err(RecordFault::Length)
    }
}

fn read_header<'a>(cursor: &mut Cursor<'a>) -> Result<Header<'a>, RecordFault> {
    let key = read_nullable(cursor)?.ok_or(RecordFault::NegativeLength)?;
    let key = std::str::from_utf8(key).map_err(|_| RecordFault::HeaderKey)?;
    let value = read_nullable(cursor)?;
    Ok(Header { key, value })
}

fn read_nullable<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, RecordFault> {
    let len = cursor.varint()?;
    if len < 0 {
        return if len == -1 {
            Ok(None)
        } else {
            Err(RecordFault::NegativeLength)
        };
    }
    cursor
        .take(len as usize)
        .map(Some)
        .ok_or(RecordFault::Length)
}

/// Within a record: if it ends there, its length field is to blame.
impl From<VarintError> for RecordFault {
    fn from(error: VarintError) -> Self {
        match error {
            VarintError::Cut => Self::Length,
            VarintError::Malformed => Self::Varint,
        }
    }
}
