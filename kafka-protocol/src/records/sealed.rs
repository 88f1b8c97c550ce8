use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::RecordBytes;

use super::batch::RecordBatch;
use super::builder::BatchBuilder;
use super::compression::{Compression, Compressor};
use super::crc::BodyCrc;
use super::error::RecordError;
use super::header::{Attributes, BatchHeader, HEADER_LEN};
use super::limits::BatchLimits;
use super::magic::Magic;
use super::message_set_builder::MessageSetBuilder;
use super::record::{Header, NewRecord, RecordView};

/// A batch whose records are final: compressed, with their checksum taken. Cheap
/// to clone, the body is shared.
///
/// What is not final is the header: producer id, epoch and sequence are only
/// known when the batch is sent, and may change if it provably never was. So each
/// send stamps one ([`to_record_bytes`](Self::to_record_bytes)) and combines its
/// checksum with the body's; the body is neither copied nor read again.
#[derive(Clone)]
pub struct SealedBatch {
    body: Bytes,
    body_crc: BodyCrc,
    compression: Compression,
    record_count: u32,
    base_timestamp: i64,
    max_timestamp: i64,
    uncompressed_len: usize,
}

impl SealedBatch {
    pub(super) fn new(
        body: Bytes,
        compression: Compression,
        record_count: u32,
        base_timestamp: i64,
        max_timestamp: i64,
        uncompressed_len: usize,
    ) -> Self {
        Self {
            body_crc: BodyCrc::of(&body),
            body,
            compression,
            record_count,
            base_timestamp,
            max_timestamp,
            uncompressed_len,
        }
    }

    /// The records, as they go on the wire after the header.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Bytes of the whole batch on the wire.
    pub fn encoded_len(&self) -> usize {
        HEADER_LEN + self.body.len()
    }

    /// How many records there are, at least one.
    pub fn record_count(&self) -> u32 {
        self.record_count
    }

    /// The first record's timestamp in milliseconds.
    pub fn base_timestamp(&self) -> i64 {
        self.base_timestamp
    }

    /// The largest timestamp of the records in milliseconds.
    pub fn max_timestamp(&self) -> i64 {
        self.max_timestamp
    }

    /// Bytes of the records before compression, without a header.
    pub fn uncompressed_len(&self) -> usize {
        self.uncompressed_len
    }

    /// How the records are compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The batch's header with `stamp`'s fields.
    pub fn header(&self, stamp: &BatchStamp) -> [u8; HEADER_LEN] {
        self.written(&self.fields(stamp))
    }

    /// The batch with `stamp`'s header, ready for a `records` field; the body is
    /// not copied.
    pub fn to_record_bytes(&self, stamp: &BatchStamp) -> RecordBytes {
        let header = Bytes::copy_from_slice(&self.header(stamp));
        RecordBytes::from_segments([header, self.body.clone()])
    }

    /// The batch with a default stamp, to read its records back. Copies the body.
    pub fn view(&self) -> RecordBatch {
        self.stamped(&BatchStamp::default())
    }

    /// The batch with this stamp. Copies the body.
    pub(super) fn stamped(&self, stamp: &BatchStamp) -> RecordBatch {
        let fields = self.fields(stamp);
        let mut raw = BytesMut::with_capacity(self.encoded_len());
        raw.extend_from_slice(&self.written(&fields));
        raw.extend_from_slice(&self.body);
        RecordBatch::of(Magic::V2, raw.freeze(), fields, self.compression)
    }

    /// The same records in several batches, in order, none longer than
    /// `max_batch_len` bytes before compression, header included, unless a single
    /// record is. What to do when a broker finds the batch too large
    /// (`MESSAGE_TOO_LARGE`).
    ///
    /// Two records or more always become two batches or more, so that splitting
    /// again and again comes to an end; one record gives one batch.
    pub fn split(&self, max_batch_len: usize) -> Result<Vec<BatchBuilder>, RecordError> {
        let records = self.view().decompress(&Self::OWN)?;
        let half = HEADER_LEN + self.uncompressed_len.div_ceil(2);
        let max_batch_len = max_batch_len.min(half);
        let capacity = max_batch_len.min(self.uncompressed_len);
        let mut done = Vec::new();
        let mut open = BatchBuilder::with_capacity(capacity);
        let mut headers: Vec<Header<'_>> = Vec::new();
        for record in &records {
            headers.clear();
            headers.extend(record.headers());
            let record = NewRecord {
                timestamp: record.timestamp(),
                key: record.key(),
                value: record.value(),
                headers: &headers,
            };
            if !open.is_empty()
                && open.batch_len().saturating_add(open.record_size(&record)) > max_batch_len
            {
                done.push(std::mem::replace(
                    &mut open,
                    BatchBuilder::with_capacity(capacity),
                ));
            }
            open.append(&record)?;
        }
        done.push(open);
        Ok(done)
    }

    /// The same records as a message set of magic 0 or 1, compressed with
    /// `compressor`: for leaders before Kafka 0.11. What the older format has no
    /// place for is lost: producer id, epoch and sequence, and in magic 0 the
    /// timestamps.
    ///
    /// Refused ([`NotInFormat`](RecordError::NotInFormat)) if a record has headers
    /// ([`split_where`](Self::split_where) takes those apart), if the codec is
    /// zstd, or for magic 2.
    pub fn to_message_set(
        &self,
        magic: Magic,
        compressor: &mut Compressor,
    ) -> Result<RecordBatch, RecordError> {
        if magic == Magic::V2 {
            return Err(RecordError::NotInFormat {
                magic: magic.id(),
                reason: "it has batches, not message sets",
            });
        }
        let records = self.view().decompress(&Self::OWN)?;
        let mut builder = MessageSetBuilder::new(magic);
        let mut headers: Vec<Header<'_>> = Vec::new();
        for record in &records {
            builder.append(&record.to_new(&mut headers))?;
        }
        builder.seal(compressor)
    }

    /// The same records in several batches, in order: a new one begins wherever
    /// the answer of `is_such` changes, which each batch has with it.
    pub fn split_where(
        &self,
        mut is_such: impl FnMut(&RecordView<'_>) -> bool,
    ) -> Result<Vec<(bool, BatchBuilder)>, RecordError> {
        let records = self.view().decompress(&Self::OWN)?;
        let mut done: Vec<(bool, BatchBuilder)> = Vec::new();
        let mut headers: Vec<Header<'_>> = Vec::new();
        for record in &records {
            let such = is_such(&record);
            let record = record.to_new(&mut headers);
            match done.last_mut() {
                Some((same, open)) if *same == such => {
                    open.append(&record)?;
                }
                _ => {
                    let mut open = BatchBuilder::new();
                    open.append(&record)?;
                    done.push((such, open));
                }
            }
        }
        Ok(done)
    }

    fn fields(&self, stamp: &BatchStamp) -> BatchHeader {
        BatchHeader {
            base_offset: stamp.base_offset,
            partition_leader_epoch: stamp.partition_leader_epoch,
            attributes: Attributes::new(
                self.compression,
                stamp.timestamp_type_log_append,
                stamp.transactional,
                stamp.control,
            ),
            last_offset_delta: self.record_count as i32 - 1,
            base_timestamp: self.base_timestamp,
            max_timestamp: self.max_timestamp,
            producer_id: stamp.producer_id,
            producer_epoch: stamp.producer_epoch,
            base_sequence: stamp.base_sequence,
            record_count: self.record_count as i32,
        }
    }

    fn written(&self, fields: &BatchHeader) -> [u8; HEADER_LEN] {
        fields.write(self.body.len(), |checked| self.body_crc.after(checked))
    }

    /// Our own records may be as large as they are.
    const OWN: BatchLimits = BatchLimits {
        max_decompressed: usize::MAX,
        free_decompressed: usize::MAX,
        ..BatchLimits::DEFAULT
    };
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for SealedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedBatch")
            .field("records", &self.record_count)
            .field("compression", &self.compression)
            .field("encoded_len", &self.encoded_len())
            .field("uncompressed_len", &self.uncompressed_len)
            .finish()
    }
}

/// The fields of a batch's header that are known when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchStamp {
    /// The first record's offset. Default 0: producers leave it to the leader.
    pub base_offset: i64,
    /// The epoch of the appending leader. Default −1: unknown to producers.
    pub partition_leader_epoch: i32,
    /// The id of an idempotent or transactional producer. Default −1: none.
    pub producer_id: i64,
    /// The producer's epoch. Default −1: none.
    pub producer_epoch: i16,
    /// The sequence number of the first record; the following ones count up and
    /// wrap to 0 after 2³¹ − 1. Default −1: none.
    pub base_sequence: i32,
    /// Whether the batch is part of a transaction. Default: no.
    pub transactional: bool,
    /// Whether the records are control records, which only brokers write.
    /// Default: no.
    pub control: bool,
    /// Whether the largest timestamp is the broker's and holds for all records.
    /// Default: no, each has its own.
    pub timestamp_type_log_append: bool,
}

impl Default for BatchStamp {
    fn default() -> Self {
        Self {
            base_offset: 0,
            partition_leader_epoch: -1,
            producer_id: -1,
            producer_epoch: -1,
            base_sequence: -1,
            transactional: false,
            control: false,
            timestamp_type_log_append: false,
        }
    }
}
