//! The 61 bytes before a batch's records.
//!
//! ```text
//!  0 base offset            i64 ┐ not covered by the CRC: brokers rewrite
//!  8 length of what follows i32 │ these without touching the rest
//! 12 partition leader epoch i32 │
//! 16 magic                  i8  ┘
//! 17 CRC-32C                u32
//! 21 attributes             i16   codec 0–2, timestamp type 3,
//!                                 transactional 4, control 5,
//!                                 delete horizon 6
//! 23 last offset delta      i32
//! 27 base timestamp         i64
//! 35 max timestamp          i64
//! 43 producer id            i64
//! 51 producer epoch         i16
//! 53 base sequence          i32
//! 57 number of records      i32
//! ```

use super::compression::Compression;
use super::error::RecordError;
use super::magic::Magic;
use super::message::Message;

/// Bytes of a batch's header.
pub(super) const HEADER_LEN: usize = 61;
/// Bytes of the base offset and the length, which the length does not count.
pub(super) const LOG_OVERHEAD: usize = 12;
/// Where the magic is, in every format.
pub(super) const MAGIC_AT: usize = 16;
/// Where the CRC is.
pub(super) const CRC_AT: usize = 17;
/// Where what the CRC covers begins.
pub(super) const CHECKED_FROM: usize = 21;
/// Where the leader epoch is.
pub(super) const LEADER_EPOCH_AT: usize = 12;
/// Where the attributes are.
pub(super) const ATTRIBUTES_AT: usize = 21;
/// Where the largest timestamp is.
pub(super) const MAX_TIMESTAMP_AT: usize = 35;

/// The attribute bits of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes(pub(super) i16);

impl Attributes {
    const CODEC: i16 = 0b111;
    const LOG_APPEND_TIME: i16 = 1 << 3;
    const TRANSACTIONAL: i16 = 1 << 4;
    const CONTROL: i16 = 1 << 5;
    const DELETE_HORIZON: i16 = 1 << 6;

    pub(super) fn new(
        compression: Compression,
        log_append_time: bool,
        transactional: bool,
        control: bool,
    ) -> Self {
        let flag = |set: bool, bit| if set { bit } else { 0 };
        Self(
            i16::from(compression.id())
                | flag(log_append_time, Self::LOG_APPEND_TIME)
                | flag(transactional, Self::TRANSACTIONAL)
                | flag(control, Self::CONTROL),
        )
    }

    pub(super) fn codec_id(self) -> u8 {
        (self.0 & Self::CODEC) as u8
    }

    pub(super) fn with_codec(self, compression: Compression) -> Self {
        Self(self.0 & !Self::CODEC | i16::from(compression.id()))
    }

    pub(super) fn is_log_append_time(self) -> bool {
        self.0 & Self::LOG_APPEND_TIME != 0
    }

    pub(super) fn with_log_append_time(self) -> Self {
        Self(self.0 | Self::LOG_APPEND_TIME)
    }

    pub(super) fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    pub(super) fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    pub(super) fn with_delete_horizon(self) -> Self {
        Self(self.0 | Self::DELETE_HORIZON)
    }

    pub(super) fn without_delete_horizon(self) -> Self {
        Self(self.0 & !Self::DELETE_HORIZON)
    }

    pub(super) fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }
}

/// A batch's header, its length and CRC left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchHeader {
    pub(super) base_offset: i64,
    pub(super) partition_leader_epoch: i32,
    pub(super) attributes: Attributes,
    pub(super) last_offset_delta: i32,
    pub(super) base_timestamp: i64,
    pub(super) max_timestamp: i64,
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    pub(super) base_sequence: i32,
    pub(super) record_count: i32,
}

impl BatchHeader {
    /// What is not there.
    pub(super) const UNSET: Self = Self {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes: Attributes(0),
        last_offset_delta: 0,
        base_timestamp: -1,
        max_timestamp: -1,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: 0,
    };

    /// Reads the header's fields, with no look at what they say.
    pub(super) fn read(bytes: &[u8; HEADER_LEN]) -> Self {
        Self {
            base_offset: i64::from_be_bytes(field(bytes, 0)),
            partition_leader_epoch: i32::from_be_bytes(field(bytes, LEADER_EPOCH_AT)),
            attributes: Attributes(i16::from_be_bytes(field(bytes, ATTRIBUTES_AT))),
            last_offset_delta: i32::from_be_bytes(field(bytes, 23)),
            base_timestamp: i64::from_be_bytes(field(bytes, 27)),
            max_timestamp: i64::from_be_bytes(field(bytes, MAX_TIMESTAMP_AT)),
            producer_id: i64::from_be_bytes(field(bytes, 43)),
            producer_epoch: i16::from_be_bytes(field(bytes, 51)),
            base_sequence: i32::from_be_bytes(field(bytes, 53)),
            record_count: i32::from_be_bytes(field(bytes, 57)),
        }
    }

    /// Writes the header of a batch whose records take `body_len` bytes, with the
    /// CRC that `crc` makes of the header's part of what the CRC covers.
    pub(super) fn write(
        &self,
        body_len: usize,
        crc: impl FnOnce(&[u8]) -> u32,
    ) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        let length = (HEADER_LEN - LOG_OVERHEAD + body_len) as i32;
        put(0, &self.base_offset.to_be_bytes());
        put(8, &length.to_be_bytes());
        put(LEADER_EPOCH_AT, &self.partition_leader_epoch.to_be_bytes());
        put(MAGIC_AT, &Magic::V2.id().to_be_bytes());
        put(ATTRIBUTES_AT, &self.attributes.0.to_be_bytes());
        put(23, &self.last_offset_delta.to_be_bytes());
        put(27, &self.base_timestamp.to_be_bytes());
        put(MAX_TIMESTAMP_AT, &self.max_timestamp.to_be_bytes());
        put(43, &self.producer_id.to_be_bytes());
        put(51, &self.producer_epoch.to_be_bytes());
        put(53, &self.base_sequence.to_be_bytes());
        put(57, &self.record_count.to_be_bytes());
        let crc = crc(&bytes[CHECKED_FROM..]);
        bytes[CRC_AT..CHECKED_FROM].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// Checks what can be known without the records.
    pub(super) fn check(&self) -> Result<Compression, RecordError> {
        let base_offset = self.base_offset;
        let invalid = |reason| {
            Err(RecordError::InvalidHeader {
                base_offset,
                reason,
            })
        };
        if base_offset < 0 {
            return invalid("the base offset is negative");
        }
        if self.record_count < 0 {
            return invalid("the number of records is negative");
        }
        if self.last_offset_delta < 0 {
            return invalid("the last offset is before the base offset");
        }
        // Compaction removes records but keeps the batch's range of offsets.
        if i64::from(self.record_count) > i64::from(self.last_offset_delta) + 1 {
            return invalid("there are more records than offsets");
        }
        // One more, so that the next offset does not overflow either.
        if base_offset
            .checked_add(i64::from(self.last_offset_delta) + 1)
            .is_none()
        {
            return invalid("the last offset overflows");
        }
        let id = self.attributes.codec_id();
        Compression::from_id(id).ok_or(RecordError::UnknownCompression { base_offset, id })
    }
}

/// How long the batch or message at the start of `bytes` says it is, and of
/// which format; `None` if not even that is there.
pub(super) fn peek(bytes: &[u8]) -> Option<Peek> {
    let head: &[u8; MAGIC_AT + 1] = bytes.first_chunk()?;
    Some(Peek {
        base_offset: i64::from_be_bytes(field(head, 0)),
        length: i32::from_be_bytes(field(head, 8)),
        magic: head[MAGIC_AT] as i8,
    })
}

/// What [`peek`] finds.
pub(super) struct Peek {
    base_offset: i64,
    length: i32,
    magic: i8,
}

impl Peek {
    pub(super) fn base_offset(&self) -> i64 {
        self.base_offset
    }

    pub(super) fn is_batch(&self) -> bool {
        self.magic == Magic::V2.id()
    }

    /// The whole batch's or message's length in bytes.
    pub(super) fn encoded_len(&self) -> Result<usize, RecordError> {
        let &Self {
            base_offset,
            length,
            magic,
        } = self;
        let least = match Magic::from_id(magic) {
            Some(Magic::V2) => HEADER_LEN,
            Some(magic) => Message::overhead(magic),
            None => return Err(RecordError::UnsupportedMagic { base_offset, magic }),
        };
        match usize::try_from(length) {
            Ok(len) if len >= least - LOG_OVERHEAD => Ok(LOG_OVERHEAD.saturating_add(len)),
            _ => Err(RecordError::InvalidLength {
                base_offset,
                length,
            }),
        }
    }
}

/// The `N` bytes at `at`, which is a constant within `bytes`.
fn field<const N: usize, const M: usize>(bytes: &[u8; M], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}
