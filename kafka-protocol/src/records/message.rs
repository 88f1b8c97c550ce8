//! One message of magic 0 or 1.
//!
//! ```text
//!  0 offset                  i64   not covered by the CRC
//!  8 length of what follows  i32
//! 12 CRC-32 of what follows  u32   the polynomial of IEEE, not Castagnoli's
//! 16 magic                   i8
//! 17 attributes              i8    codec 0–2, timestamp type 3 (magic 1)
//! 18 timestamp               i64   magic 1 only
//!    length of the key       i32   −1 for null
//!    key
//!    length of the value     i32   −1 for null
//!    value
//! ```
//!
//! A message with a codec is a wrapper: its value is more messages, compressed.

use super::error::RecordFault;
use super::header::{LOG_OVERHEAD, MAGIC_AT};
use super::magic::Magic;
use super::varint::Cursor;

/// Where the CRC is.
pub(super) const MESSAGE_CRC_AT: usize = 12;
/// Where the attributes are.
pub(super) const MESSAGE_ATTRIBUTES_AT: usize = 17;

const CODEC: u8 = 0b111;
const LOG_APPEND_TIME: u8 = 1 << 3;

/// A message's attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MessageAttributes(pub(super) u8);

impl MessageAttributes {
    pub(super) fn new(codec_id: u8, log_append_time: bool) -> Self {
        Self(codec_id | if log_append_time { LOG_APPEND_TIME } else { 0 })
    }

    pub(super) fn codec_id(self) -> u8 {
        self.0 & CODEC
    }

    /// Magic 0 has no timestamps, whatever the bit.
    pub(super) fn is_log_append_time(self, magic: Magic) -> bool {
        magic != Magic::V0 && self.0 & LOG_APPEND_TIME != 0
    }
}

/// A message's fields as they are written.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) offset: i64,
    pub(super) magic: Magic,
    pub(super) attributes: MessageAttributes,
    /// −1 for magic 0.
    pub(super) timestamp: i64,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    /// Bytes of the whole message, offset and length included.
    pub(super) encoded_len: usize,
}

impl<'a> Message<'a> {
    /// Bytes of a message without key and value.
    pub(super) const fn overhead(magic: Magic) -> usize {
        let timestamp_len = match magic {
            Magic::V0 => 0,
            Magic::V1 | Magic::V2 => 8,
        };
        MESSAGE_ATTRIBUTES_AT + 1 + timestamp_len + 4 + 4
    }

    /// Reads the message at the front of `bytes`, its checksum aside.
    #[inline(never)]
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, RecordFault> {
        let head: &[u8; MESSAGE_ATTRIBUTES_AT + 1] =
            bytes.first_chunk().ok_or(RecordFault::Truncated)?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, .., magic, attributes] = *head;
        let offset = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let len = usize::try_from(i32::from_be_bytes([i, j, k, l]))
            .map_err(|_| RecordFault::NegativeLength)?;
        let encoded_len = LOG_OVERHEAD.saturating_add(len);
        let whole = bytes.get(..encoded_len).ok_or(RecordFault::Truncated)?;
        let magic = match Magic::from_id(magic as i8) {
            Some(magic @ (Magic::V0 | Magic::V1)) => magic,
            _ => return Err(RecordFault::Magic),
        };
        let mut fields = Cursor::new(whole.get(head.len()..).ok_or(RecordFault::Length)?);
        let timestamp = match magic {
            Magic::V0 => -1,
            _ => i64::from_be_bytes(array(&mut fields)?),
        };
        let key = nullable(&mut fields)?;
        let value = nullable(&mut fields)?;
        if !fields.rest.is_empty() {
            return Err(RecordFault::Length);
        }
        Ok(Self {
            offset,
            magic,
            attributes: MessageAttributes(attributes),
            timestamp,
            key,
            value,
            encoded_len,
        })
    }
}

/// The CRC that the message `whole` states, and the one that it has.
pub(super) fn checksums(whole: &[u8]) -> Option<(u32, u32)> {
    let stored = whole.get(MESSAGE_CRC_AT..)?.first_chunk()?;
    let computed = crc32fast::hash(whole.get(MAGIC_AT..)?);
    Some((u32::from_be_bytes(*stored), computed))
}

fn nullable<'a>(fields: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, RecordFault> {
    match i32::from_be_bytes(array(fields)?) {
        -1 => Ok(None),
        len => {
            let len = usize::try_from(len).map_err(|_| RecordFault::NegativeLength)?;
            fields.take(len).map(Some).ok_or(RecordFault::Length)
        }
    }
}

fn array<const N: usize>(fields: &mut Cursor<'_>) -> Result<[u8; N], RecordFault> {
    let (array, rest) = fields.rest.split_first_chunk().ok_or(RecordFault::Length)?;
    fields.rest = rest;
    Ok(*array)
}
