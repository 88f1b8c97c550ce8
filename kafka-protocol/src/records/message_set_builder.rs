use std::fmt;

use bytes::Bytes;

use super::batch::RecordBatch;
use super::compression::{self, Compression, Compressor, Framing};
use super::error::RecordError;
use super::header::{Attributes, BatchHeader, LOG_OVERHEAD, MAGIC_AT};
use super::magic::Magic;
use super::message::{MESSAGE_CRC_AT, Message, MessageAttributes};
use super::record::NewRecord;

/// A growing message set of magic 0 or 1, the formats before Kafka 0.11.
///
/// For brokers and clients of that time, and for logs that were written in it;
/// what is of today is built by [`BatchBuilder`](super::BatchBuilder).
///
/// ```
/// use kafka_protocol::records::{
///     BatchLimits, Compression, Compressor, Magic, MessageSetBuilder, NewRecord, RecordBatch,
/// };
///
/// let mut builder = MessageSetBuilder::v1();
/// for value in [b"a", b"b"] {
///     builder.append(&NewRecord {
///         timestamp: 1_463_000_000_000,
///         value: Some(value),
///         ..NewRecord::default()
///     })?;
/// }
/// let set = builder.seal(&mut Compressor::new(Compression::None)?)?;
/// let mut bytes = set.raw().clone();
///
/// let limits = BatchLimits::default();
/// let batch = RecordBatch::parse(&mut bytes, &limits)?.expect("a whole message set");
/// assert_eq!((batch.magic(), batch.last_offset()), (Magic::V1, 1));
/// assert_eq!(batch.decompress(&limits)?.len(), 2);
/// # Ok::<(), kafka_protocol::records::RecordError>(())
/// ```
#[derive(Clone)]
pub struct MessageSetBuilder {
    magic: Magic,
    /// The messages as they go uncompressed, their offsets absolute.
    body: Vec<u8>,
    base_offset: i64,
    log_append_time: Option<i64>,
    count: u32,
    first_offset: i64,
    last_offset: i64,
    first_timestamp: i64,
    max_timestamp: i64,
}

/// The most bytes of a set: what a wrapper's length field can tell.
const MAX_BODY_LEN: usize = i32::MAX as usize - Message::overhead(Magic::V1);

impl MessageSetBuilder {
    /// An empty set of magic 0 (Kafka 0.8 and 0.9), which keeps no timestamps.
    pub fn v0() -> Self {
        Self::new(Magic::V0)
    }

    /// An empty set of magic 1 (Kafka 0.10).
    pub fn v1() -> Self {
        Self::new(Magic::V1)
    }

    pub(super) fn new(magic: Magic) -> Self {
        Self {
            magic,
            body: Vec::new(),
            base_offset: 0,
            log_append_time: None,
            count: 0,
            first_offset: 0,
            last_offset: 0,
            first_timestamp: -1,
            max_timestamp: -1,
        }
    }

    /// The offset of the first message that is [appended](Self::append). Default
    /// 0: producers leave offsets to the broker.
    #[must_use]
    pub fn with_base_offset(mut self, base_offset: i64) -> Self {
        self.base_offset = base_offset;
        self
    }

    /// Makes `timestamp_ms` the timestamp of all messages, to be set before the first,
    /// as the broker's (KIP-32). Default: each has its own. No effect on magic 0.
    #[must_use]
    pub fn with_log_append_time(mut self, timestamp_ms: i64) -> Self {
        self.log_append_time = Some(timestamp_ms);
        self
    }

    /// Encodes `record` at the offset after the last one's, and returns its index.
    ///
    /// Refused, with the set unchanged, if it has headers, which these formats do
    /// not know, or if the set would reach 2 GiB. The timestamp is lost in magic 0.
    pub fn append(&mut self, record: &NewRecord<'_>) -> Result<u32, RecordError> {
        let offset = if self.count == 0 {
            self.base_offset
        } else {
            self.last_offset.saturating_add(1)
        };
        self.append_at(offset, record)
    }

    /// The same as [`append`](Self::append), at an offset of the caller's: compacted
    /// logs have gaps.
    ///
    /// Refused as well if the offset is negative, below the last one's, or 2³¹ or
    /// more above the first one's. The first producers sent 0 for all, so it may
    /// repeat.
    pub fn append_at(&mut self, offset: i64, record: &NewRecord<'_>) -> Result<u32, RecordError> {
        if !record.headers.is_empty() {
            return Err(self.not_in_format("there are no headers"));
        }
        let size = self.record_size(record);
        if size > MAX_BODY_LEN {
            return Err(RecordError::RecordTooLarge { size: size as u64 });
        }
        if size > MAX_BODY_LEN - self.body.len() || self.count == i32::MAX as u32 {
            return Err(RecordError::BatchFull {
                records: self.count,
                bytes: self.body.len(),
            });
        }
        self.check_offset(offset)?;
        let timestamp = match (self.magic, self.log_append_time) {
            (Magic::V0, _) => -1,
            (_, Some(time)) => time,
            (_, None) => record.timestamp,
        };
        let message = NewMessage {
            offset,
            attributes: self.attributes(Compression::None),
            timestamp,
            key: record.key,
            value: record.value,
        };
        message.encode(self.magic, size, &mut self.body);
        if self.count == 0 {
            self.first_offset = offset;
            self.first_timestamp = timestamp;
            self.max_timestamp = timestamp;
        }
        self.last_offset = offset;
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.count += 1;
        Ok(self.count - 1)
    }

    /// The number of bytes that [`append`](Self::append) adds for this record.
    pub fn record_size(&self, record: &NewRecord<'_>) -> usize {
        let len = |part: Option<&[u8]>| part.map_or(0, <[u8]>::len);
        Message::overhead(self.magic)
            .saturating_add(len(record.key))
            .saturating_add(len(record.value))
    }

    /// How many records were appended.
    pub fn record_count(&self) -> u32 {
        self.count
    }

    /// Whether no record was appended.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of the set, uncompressed.
    pub fn encoded_len(&self) -> usize {
        self.body.len()
    }

    /// The message set, compressed with `compressor` into a wrapper as Kafka's own
    /// producer of that time did: without key, at the offset of the last record,
    /// with the largest timestamp. In magic 1 the offsets inside count from the
    /// first, in magic 0 they are as they are; LZ4 in magic 0 has the wrong header
    /// checksum that is expected there (KIP-57).
    ///
    /// Refused if there is no record, if the codec is zstd, which is younger than
    /// these formats, or if compression fails.
    pub fn seal(mut self, compressor: &mut Compressor) -> Result<RecordBatch, RecordError> {
        if self.is_empty() {
            return Err(RecordError::EmptyBatch);
        }
        let compression = compressor.compression();
        match compression {
            Compression::None => {
                let body = std::mem::take(&mut self.body);
                let header = self.header(Compression::None);
                Ok(RecordBatch::of(
                    self.magic,
                    body.into(),
                    header,
                    compression,
                ))
            }
            _ => {
                if self.magic == Magic::V1 {
                    self.make_offsets_relative();
                }
                let wrapper = Wrapper {
                    magic: self.magic,
                    offset: self.last_offset,
                    timestamp: self.max_timestamp,
                    log_append_time: self.magic != Magic::V0 && self.log_append_time.is_some(),
                };
                wrapper.around(&self.body, compressor)
            }
        }
    }

    /// The messages' checksums do not cover their offsets.
    fn make_offsets_relative(&mut self) {
        let mut rest = &mut self.body[..];
        while let Some((offset, [a, b, c, d, ..])) = rest.split_first_chunk_mut() {
            let len = LOG_OVERHEAD + u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            let relative = i64::from_be_bytes(*offset) - self.first_offset;
            *offset = relative.to_be_bytes();
            rest = rest.get_mut(len..).unwrap_or_default();
        }
    }

    fn check_offset(&self, offset: i64) -> Result<(), RecordError> {
        if offset < 0 || offset == i64::MAX {
            return Err(self.not_in_format("an offset is out of range"));
        }
        if self.count == 0 {
            return Ok(());
        }
        if offset < self.last_offset {
            return Err(self.not_in_format("offsets go down"));
        }
        if offset - self.first_offset > i64::from(i32::MAX) {
            return Err(self.not_in_format("offsets of one set are 2^31 or more apart"));
        }
        Ok(())
    }

    fn attributes(&self, compression: Compression) -> MessageAttributes {
        let log_append_time = self.magic != Magic::V0 && self.log_append_time.is_some();
        MessageAttributes::new(compression.id(), log_append_time)
    }

    fn header(&self, compression: Compression) -> BatchHeader {
        let log_append_time = self.attributes(compression).is_log_append_time(self.magic);
        BatchHeader {
            base_offset: self.first_offset,
            attributes: Attributes::new(compression, log_append_time, false, false),
            last_offset_delta: (self.last_offset - self.first_offset) as i32,
            base_timestamp: self.first_timestamp,
            max_timestamp: self.max_timestamp,
            record_count: self.count as i32,
            ..BatchHeader::UNSET
        }
    }

    fn not_in_format(&self, reason: &'static str) -> RecordError {
        RecordError::NotInFormat {
            magic: self.magic.id(),
            reason,
        }
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for MessageSetBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSetBuilder")
            .field("magic", &self.magic)
            .field("records", &self.count)
            .field("encoded_len", &self.body.len())
            .finish()
    }
}

/// The message that holds a compressed set.
pub(super) struct Wrapper {
    pub(super) magic: Magic,
    pub(super) offset: i64,
    pub(super) timestamp: i64,
    pub(super) log_append_time: bool,
}

impl Wrapper {
    /// The number of records of a wrapper is not told without decompressing it.
    pub(super) const UNKNOWN_COUNT: i32 = -1;

    pub(super) fn of(message: &Message<'_>) -> Self {
        Self {
            magic: message.magic,
            offset: message.offset,
            timestamp: message.timestamp,
            log_append_time: message.attributes.is_log_append_time(message.magic),
        }
    }

    /// Compresses `messages`, which are encoded with the offsets that they have
    /// inside, and wraps them.
    pub(super) fn around(
        &self,
        messages: &[u8],
        compressor: &mut Compressor,
    ) -> Result<RecordBatch, RecordError> {
        let compression = compressor.compression();
        if compression == Compression::Zstd {
            return Err(RecordError::NotInFormat {
                magic: self.magic.id(),
                reason: "zstd is younger than it",
            });
        }
        let packed = compression::compress(compressor, Framing::of(self.magic), messages)?;
        let size = Message::overhead(self.magic).saturating_add(packed.len());
        if size > MAX_BODY_LEN {
            return Err(RecordError::RecordTooLarge { size: size as u64 });
        }
        let message = NewMessage {
            offset: self.offset,
            attributes: MessageAttributes::new(compression.id(), self.log_append_time),
            timestamp: self.timestamp,
            key: None,
            value: Some(&packed),
        };
        let mut raw = Vec::with_capacity(size);
        message.encode(self.magic, size, &mut raw);
        let header = self.header(compression);
        Ok(RecordBatch::of(
            self.magic,
            Bytes::from(raw),
            header,
            compression,
        ))
    }

    /// What the header of a batch would say.
    pub(super) fn header(&self, compression: Compression) -> BatchHeader {
        BatchHeader {
            base_offset: self.offset,
            attributes: Attributes::new(compression, self.log_append_time, false, false),
            base_timestamp: self.timestamp,
            max_timestamp: self.timestamp,
            record_count: Self::UNKNOWN_COUNT,
            ..BatchHeader::UNSET
        }
    }
}

/// A message to be encoded.
struct NewMessage<'a> {
    offset: i64,
    attributes: MessageAttributes,
    timestamp: i64,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
}

impl NewMessage<'_> {
    /// Appends the message, which takes `size` bytes, to `out`.
    fn encode(&self, magic: Magic, size: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.reserve(size);
        out.extend(self.offset.to_be_bytes());
        out.extend(((size - LOG_OVERHEAD) as i32).to_be_bytes());
        out.extend([0; MAGIC_AT - MESSAGE_CRC_AT]);
        out.extend(magic.id().to_be_bytes());
        out.push(self.attributes.0);
        if magic != Magic::V0 {
            out.extend(self.timestamp.to_be_bytes());
        }
        for part in [self.key, self.value] {
            let len = part.map_or(-1, |part| part.len() as i32);
            out.extend(len.to_be_bytes());
            out.extend(part.unwrap_or_default());
        }
        let crc = crc32fast::hash(&out[start + MAGIC_AT..]);
        out[start + MESSAGE_CRC_AT..start + MAGIC_AT].copy_from_slice(&crc.to_be_bytes());
    }
}
