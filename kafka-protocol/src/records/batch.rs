use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::RecordBytes;

use super::compression::{self, Compression, Framing};
use super::crc::crc32c;
use super::error::RecordError;
use super::header::{
    self, ATTRIBUTES_AT, BatchHeader, CHECKED_FROM, CRC_AT, HEADER_LEN, LEADER_EPOCH_AT,
    MAX_TIMESTAMP_AT,
};
use super::limits::BatchLimits;
use super::magic::Magic;
use super::message_set;
use super::record::MIN_RECORD_LEN;
use super::view::{Base, Records};

/// One record batch as it is on the wire and on disk: checked, but not
/// decompressed. Owned and cheap to clone; it shares the buffer it was read from.
///
/// In the formats before Kafka 0.11 ([`Magic::V0`] and [`Magic::V1`]), it is what
/// came in a batch's place: a compressed message set, or a run of messages that
/// are not compressed. The fields that those formats lack read as unset.
///
/// [`decompress`](Self::decompress) gives the records, whatever the format.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordBatch {
    magic: Magic,
    raw: Bytes,
    header: BatchHeader,
    compression: Compression,
}

impl RecordBatch {
    /// Splits one batch off the front of `bytes`.
    ///
    /// `Ok(None)` if `bytes` is empty or holds only a part of a batch: brokers cut
    /// what they send at the size that was asked for, wherever that is.
    /// [`encoded_len_of_next`](Self::encoded_len_of_next) then tells what it takes.
    ///
    /// Checks length, format, checksum (unless the limits say otherwise) and that
    /// the header's counts and offsets are possible. `bytes` is left as it was if
    /// it has no whole batch or an error is returned.
    ///
    /// Batches of all formats may follow each other, as they do in a log that
    /// outlived an upgrade. Uncompressed messages of magic 0 and 1 are taken
    /// together, up to 1 MiB or a little more, as long as nothing sets them apart:
    /// the format, a compressed set, offsets that go down, another time of
    /// appending, a wrong checksum.
    pub fn parse(bytes: &mut Bytes, limits: &BatchLimits) -> Result<Option<Self>, RecordError> {
        if header::peek(bytes).is_some_and(|peek| !peek.is_batch()) {
            return message_set::parse(bytes, limits);
        }
        let Some(len) = Self::encoded_len_of_next(bytes)? else {
            return Ok(None);
        };
        let Some(raw) = bytes.get(..len) else {
            return Ok(None);
        };
        let Some(head) = raw.first_chunk::<HEADER_LEN>() else {
            return Ok(None);
        };
        let header = BatchHeader::read(head);
        if limits.check_crc {
            check_crc(raw, head, header.base_offset)?;
        }
        let compression = header.check()?;
        let body_len = len - HEADER_LEN;
        if compression == Compression::None
            && header.record_count as usize > body_len / MIN_RECORD_LEN
        {
            return Err(RecordError::InvalidHeader {
                base_offset: header.base_offset,
                reason: "more records are stated than the bytes could hold",
            });
        }
        let raw = bytes.split_to(len);
        Ok(Some(Self::of(Magic::V2, raw, header, compression)))
    }

    /// A batch that was just checked or built, `header` and all.
    pub(super) fn of(
        magic: Magic,
        raw: Bytes,
        header: BatchHeader,
        compression: Compression,
    ) -> Self {
        Self {
            magic,
            raw,
            header,
            compression,
        }
    }

    pub(super) fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The length in bytes that the batch at the front of `bytes` says it has,
    /// whether or not it is there in full; `None` if `bytes` is too short to tell.
    /// Of messages of magic 0 and 1, it is the first one's, although
    /// [`parse`](Self::parse) takes more.
    pub fn encoded_len_of_next(bytes: &[u8]) -> Result<Option<usize>, RecordError> {
        header::peek(bytes)
            .map(|peek| peek.encoded_len())
            .transpose()
    }

    /// The format.
    pub fn magic(&self) -> Magic {
        self.magic
    }

    /// The offset of the first record, or of where it was before compaction.
    ///
    /// A compressed message set of magic 0 or 1 states its last offset only, which
    /// is what this is then.
    pub fn base_offset(&self) -> i64 {
        self.header.base_offset
    }

    /// The offset of the last record, or of where it was before compaction.
    ///
    /// A compressed message set that a producer sends may state anything.
    pub fn last_offset(&self) -> i64 {
        self.header
            .base_offset
            .saturating_add(i64::from(self.header.last_offset_delta))
    }

    /// The offset after this batch: where to read on.
    pub fn next_offset(&self) -> i64 {
        self.last_offset().saturating_add(1)
    }

    /// What the records' timestamps are relative to, in milliseconds: the first
    /// record's timestamp, unless [`delete_horizon`](Self::delete_horizon) is set.
    pub fn base_timestamp(&self) -> i64 {
        self.header.base_timestamp
    }

    /// The largest timestamp of the records in milliseconds, or, with
    /// [`TimestampType::LogAppendTime`], the timestamp of all of them. −1 in magic 0.
    pub fn max_timestamp(&self) -> i64 {
        self.header.max_timestamp
    }

    /// Whose clock the timestamps are. Create time in magic 0, which has none.
    pub fn timestamp_type(&self) -> TimestampType {
        if self.header.attributes.is_log_append_time() {
            TimestampType::LogAppendTime
        } else {
            TimestampType::CreateTime
        }
    }

    /// When compaction may remove the tombstones and markers of this batch, in
    /// milliseconds, once the log cleaner has set it (KIP-534).
    pub fn delete_horizon(&self) -> Option<i64> {
        self.header
            .attributes
            .has_delete_horizon()
            .then_some(self.header.base_timestamp)
    }

    /// How the records are compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The idempotent or transactional producer's id; −1 for none.
    pub fn producer_id(&self) -> i64 {
        self.header.producer_id
    }

    /// The producer's epoch; −1 for none.
    pub fn producer_epoch(&self) -> i16 {
        self.header.producer_epoch
    }

    /// The sequence number of the first record; −1 for none.
    pub fn base_sequence(&self) -> i32 {
        self.header.base_sequence
    }

    /// The epoch of the leader that appended the batch; −1 for none.
    pub fn partition_leader_epoch(&self) -> i32 {
        self.header.partition_leader_epoch
    }

    /// Whether the batch is part of a transaction (or its end, with
    /// [`is_control`](Self::is_control)).
    pub fn is_transactional(&self) -> bool {
        self.header.attributes.is_transactional()
    }

    /// Whether the records are control records, which are not for applications.
    pub fn is_control(&self) -> bool {
        self.header.attributes.is_control()
    }

    /// How many records the batch has; 0 is possible after compaction. −1 for a
    /// compressed message set of magic 0 or 1: only decompressing it tells.
    pub fn record_count(&self) -> i32 {
        self.header.record_count
    }

    /// Bytes of the whole batch.
    pub fn encoded_len(&self) -> usize {
        self.raw.len()
    }

    /// The batch exactly as on the wire.
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Decompresses, and checks every record. Records that are not compressed are
    /// not copied.
    ///
    /// Memory is bounded by `limits`, and never allocated on the word of the
    /// compressed data alone. An error is final: the same bytes give it again.
    pub fn decompress(&self, limits: &BatchLimits) -> Result<Records, RecordError> {
        if self.magic != Magic::V2 {
            return message_set::records(self, limits);
        }
        let header = &self.header;
        let packed = self.raw.slice(HEADER_LEN..);
        // What compaction leaves of a batch keeps its codec, but has nothing that
        // it applies to.
        let body = if self.compression == Compression::None || packed.is_empty() {
            packed
        } else {
            compression::decompress(
                self.compression,
                Framing::Current,
                &packed,
                limits.budget(packed.len()),
            )
            .map_err(|error| RecordError::Decompress {
                base_offset: header.base_offset,
                error,
            })?
        };
        let base = Base {
            offset: header.base_offset,
            last_offset_delta: header.last_offset_delta,
            timestamp: header.base_timestamp,
            append_time: header
                .attributes
                .is_log_append_time()
                .then_some(header.max_timestamp),
            messages: false,
        };
        // The count was checked to be positive when the header was.
        Records::check(body, header.record_count as u32, base)
    }

    /// The batch moved to another offset, as a leader does when it appends what a
    /// producer sent. Copies the batch; the checksum does not cover these fields.
    ///
    /// Refused for magic 0 and 1: [`Converter`](super::Converter) makes them a batch
    /// that can be moved.
    pub fn with_base_offset_and_epoch(
        &self,
        base_offset: i64,
        leader_epoch: i32,
    ) -> Result<Self, RecordError> {
        self.require_batch()?;
        let mut raw = BytesMut::from(&self.raw[..]);
        move_to(&mut raw, base_offset, leader_epoch);
        let header = BatchHeader {
            base_offset,
            partition_leader_epoch: leader_epoch,
            ..self.header
        };
        Ok(Self::of(Magic::V2, raw.freeze(), header, self.compression))
    }

    /// The same as [`with_base_offset_and_epoch`](Self::with_base_offset_and_epoch)
    /// in two pieces, so that only the header is copied.
    pub fn record_bytes_at(
        &self,
        base_offset: i64,
        leader_epoch: i32,
    ) -> Result<RecordBytes, RecordError> {
        self.require_batch()?;
        let mut head = BytesMut::from(&self.raw[..HEADER_LEN]);
        move_to(&mut head, base_offset, leader_epoch);
        let body = self.raw.slice(HEADER_LEN..);
        Ok(RecordBytes::from_segments([head.freeze(), body]))
    }

    /// The batch with `timestamp_ms` as the time of all its records, as a broker
    /// does for topics with `message.timestamp.type=LogAppendTime`. Copies the
    /// batch and computes its checksum anew. Refused for magic 0 and 1.
    pub fn with_log_append_time(&self, timestamp_ms: i64) -> Result<Self, RecordError> {
        self.require_batch()?;
        let attributes = self.header.attributes.with_log_append_time();
        let mut raw = BytesMut::from(&self.raw[..]);
        raw[ATTRIBUTES_AT..ATTRIBUTES_AT + 2].copy_from_slice(&attributes.0.to_be_bytes());
        raw[MAX_TIMESTAMP_AT..MAX_TIMESTAMP_AT + 8].copy_from_slice(&timestamp_ms.to_be_bytes());
        let crc = crc32c(&raw[CHECKED_FROM..]);
        raw[CRC_AT..CHECKED_FROM].copy_from_slice(&crc.to_be_bytes());
        let header = BatchHeader {
            attributes,
            max_timestamp: timestamp_ms,
            ..self.header
        };
        Ok(Self::of(Magic::V2, raw.freeze(), header, self.compression))
    }

    fn require_batch(&self) -> Result<(), RecordError> {
        match self.magic {
            Magic::V2 => Ok(()),
            magic => Err(RecordError::UnsupportedMagic {
                base_offset: self.base_offset(),
                magic: magic.id(),
            }),
        }
    }
}

impl From<RecordBatch> for RecordBytes {
    fn from(batch: RecordBatch) -> Self {
        Self::from(batch.raw)
    }
}

impl fmt::Debug for RecordBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordBatch")
            .field("magic", &self.magic)
            .field("encoded_len", &self.raw.len())
            .field("compression", &self.compression)
            .field("header", &self.header)
            .finish()
    }
}

/// Whose clock the timestamps of a batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer's: when it created each record.
    CreateTime,
    /// The broker's: when it appended the batch.
    LogAppendTime,
}

fn check_crc(raw: &[u8], head: &[u8; HEADER_LEN], base_offset: i64) -> Result<(), RecordError> {
    let [.., a, b, c, d] = head[..CHECKED_FROM] else {
        return Ok(());
    };
    let stored = u32::from_be_bytes([a, b, c, d]);
    let computed = crc32c(&raw[CHECKED_FROM..]);
    if stored == computed {
        Ok(())
    } else {
        Err(RecordError::CrcMismatch {
            base_offset,
            stored,
            computed,
        })
    }
}

/// Rewrites the fields before the checksum; `raw` starts with a whole header.
fn move_to(raw: &mut [u8], base_offset: i64, leader_epoch: i32) {
    raw[..8].copy_from_slice(&base_offset.to_be_bytes());
    raw[LEADER_EPOCH_AT..LEADER_EPOCH_AT + 4].copy_from_slice(&leader_epoch.to_be_bytes());
}
