use std::fmt;
use std::iter::FusedIterator;

use bytes::Bytes;

use super::error::{RecordError, RecordFault};
use super::magic::Magic;
use super::message::Message;
use super::record::{MIN_RECORD_LEN, RawRecord, RecordView, check_headers, read_record};
use super::varint::Cursor;

/// The records of one batch, decompressed and checked: each was read once, so
/// that iterating can't fail. Owned and cheap to clone; what it hands out
/// borrows from it, and iterating allocates nothing.
#[derive(Clone)]
pub struct Records {
    body: Bytes,
    count: u32,
    base: Base,
}

/// What the offsets and timestamps of records are relative to.
#[derive(Clone, Copy)]
pub(super) struct Base {
    /// The batch's; messages of magic 0 and 1 add what they state to it.
    pub(super) offset: i64,
    pub(super) last_offset_delta: i32,
    pub(super) timestamp: i64,
    /// The time of all records where the broker's counts.
    pub(super) append_time: Option<i64>,
    /// Whether the records are messages of magic 0 or 1.
    pub(super) messages: bool,
}

impl Base {
    /// Of messages whose offsets are `offset` more than they state.
    pub(super) fn of_messages(offset: i64, append_time: Option<i64>) -> Self {
        Self {
            offset,
            last_offset_delta: 0,
            timestamp: 0,
            append_time,
            messages: true,
        }
    }
}

impl Records {
    /// Checks that `body` is exactly `count` records.
    pub(super) fn check(body: Bytes, count: u32, base: Base) -> Result<Self, RecordError> {
        let base_offset = base.offset;
        if count as usize > body.len() / MIN_RECORD_LEN {
            return Err(RecordError::InvalidHeader {
                base_offset,
                reason: "more records are stated than the bytes could hold",
            });
        }
        let mut cursor = Cursor::new(&body);
        let mut previous_delta = -1;
        for index in 0..count {
            check_record(&mut cursor, &base, previous_delta)
                .map(|delta| previous_delta = delta)
                .map_err(|reason| RecordError::InvalidRecord {
                    base_offset,
                    index,
                    reason,
                })?;
        }
        let bytes = cursor.rest.len();
        if bytes != 0 {
            return Err(RecordError::TrailingBytes {
                base_offset,
                count,
                bytes,
            });
        }
        Ok(Self { body, count, base })
    }

    /// `count` messages of magic 0 or 1, checked already.
    pub(super) fn of_messages(body: Bytes, count: u32, base: Base) -> Self {
        Self { body, count, base }
    }

    /// The records as they are encoded.
    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many records there are; a compacted batch may have none.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of the records, uncompressed: what these records keep in memory if
    /// they were compressed, else their part of the buffer they were received in.
    pub fn memory_size(&self) -> usize {
        self.body.len()
    }

    /// The records, in order of their offsets; in a message set that a producer
    /// sends, those may repeat.
    pub fn iter(&self) -> RecordIter<'_> {
        RecordIter {
            cursor: Cursor::new(&self.body),
            left: self.count,
            base: self.base,
        }
    }

    /// The record at `index` in this batch, from 0. Walks over the records before
    /// it.
    pub fn get(&self, index: usize) -> Option<RecordView<'_>> {
        self.iter().nth(index)
    }

    /// The record at `position`, which then moves on: a way to go through the
    /// records that keeps no borrow between two of them.
    pub fn next_at(&self, position: &mut RecordPosition) -> Option<RecordView<'_>> {
        let mut iter = RecordIter {
            cursor: Cursor::new(self.body.get(position.byte..)?),
            left: self.count.checked_sub(position.index)?,
            base: self.base,
        };
        let record = iter.next()?;
        position.byte += record.encoded_len();
        position.index += 1;
        Some(record)
    }

    /// `part`, a key or value of one of these records, as owned bytes that share
    /// these records' buffer and keep all of it in memory. Bytes from elsewhere
    /// are copied.
    pub fn share(&self, part: &[u8]) -> Bytes {
        let start = (part.as_ptr() as usize).checked_sub(self.body.as_ptr() as usize);
        match start.and_then(|start| Some(start..start.checked_add(part.len())?)) {
            Some(range) if range.end <= self.body.len() => self.body.slice(range),
            _ => Bytes::copy_from_slice(part),
        }
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = RecordView<'a>;
    type IntoIter = RecordIter<'a>;

    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("base_offset", &self.base.offset)
            .field("records", &self.count)
            .field("bytes", &self.body.len())
            .finish()
    }
}

/// A place between two records of [`Records`]; its default is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordPosition {
    byte: usize,
    index: u32,
}

impl RecordPosition {
    /// How many records are before this place.
    pub fn index(&self) -> usize {
        self.index as usize
    }
}

/// Iterates over [`Records`].
#[derive(Clone)]
pub struct RecordIter<'a> {
    cursor: Cursor<'a>,
    left: u32,
    base: Base,
}

impl<'a> Iterator for RecordIter<'a> {
    type Item = RecordView<'a>;

    #[inline]
    fn next(&mut self) -> Option<RecordView<'a>> {
        self.left = self.left.checked_sub(1)?;
        if self.base.messages {
            return next_message(&mut self.cursor, &self.base);
        }
        // Can't fail: the same bytes were read when the batch was checked.
        let raw = read_record(&mut self.cursor).ok()?;
        let offset = self.base.offset.wrapping_add(i64::from(raw.offset_delta));
        let timestamp = match self.base.append_time {
            None => self.base.timestamp.wrapping_add(raw.timestamp_delta),
            Some(time) => time,
        };
        Some(RecordView {
            offset,
            timestamp,
            raw,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for RecordIter<'_> {}
impl FusedIterator for RecordIter<'_> {}

impl fmt::Debug for RecordIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordIter")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// Reads a message of magic 0 or 1, which was checked before.
#[inline(never)]
fn next_message<'a>(cursor: &mut Cursor<'a>, base: &Base) -> Option<RecordView<'a>> {
    let message = Message::read(cursor.rest).ok()?;
    cursor.take(message.encoded_len)?;
    let timestamp = match base.append_time {
        Some(time) if message.magic != Magic::V0 => time,
        _ => message.timestamp,
    };
    Some(RecordView {
        offset: base.offset.wrapping_add(message.offset),
        timestamp,
        raw: RawRecord {
            timestamp_delta: 0,
            offset_delta: 0,
            key: message.key,
            value: message.value,
            header_count: 0,
            headers: &[],
            encoded_len: message.encoded_len,
        },
    })
}

/// Reads a record and checks all that readers rely on; returns its offset delta.
#[inline(always)]
fn check_record(
    cursor: &mut Cursor<'_>,
    base: &Base,
    previous_delta: i32,
) -> Result<i32, RecordFault> {
    let record: RawRecord<'_> = read_record(cursor)?;
    // Compaction leaves gaps, but never a step back. That the last offset does
    // not overflow was checked with the header.
    if record.offset_delta <= previous_delta || record.offset_delta > base.last_offset_delta {
        return Err(RecordFault::Offset);
    }
    if base.timestamp.checked_add(record.timestamp_delta).is_none() {
        return Err(RecordFault::Timestamp);
    }
    if record.header_count != 0 {
        check_headers(&record)?;
    }
    Ok(record.offset_delta)
}
