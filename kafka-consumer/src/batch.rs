//! A batch as it is handed out.

use std::fmt;

use kafka_protocol::StrBytes;
use kafka_protocol::records::{
    Compression, RecordBatch, RecordIter, RecordPosition, RecordView, Records, TimestampType,
};

use crate::assignment::TopicPartition;
use crate::commit::Position;
use crate::record::OwnedRecord;

/// Records of one partition, in the order of their offsets.
///
/// Owned, `Send` and `'static`; a clone shares. The records borrow from it, and
/// iterating allocates nothing:
///
/// ```
/// # fn each(batch: &kafka_consumer::Batch) {
/// for record in batch {
///     println!("{}: {:?}", record.offset(), record.value());
/// }
/// # }
/// ```
///
/// It keeps in memory what it was decompressed to, or, without compression, the
/// whole fetch answer that it is a slice of (up to
/// [`fetch_max_bytes`](crate::ConsumerConfig::fetch_max_bytes)). What is to be
/// kept for long is better copied: [`Batch::to_owned_records`].
#[derive(Clone)]
pub struct Batch {
    topic: StrBytes,
    partition: i32,
    records: Records,
    /// Before the first record that is part of this: those in front lie before
    /// where reading began, or were handed out one by one.
    start: RecordPosition,
    first_offset: i64,
    last_offset: i64,
    next_offset: i64,
    leader_epoch: i32,
    compression: Compression,
    timestamp_type: TimestampType,
    high_watermark: i64,
    /// Bytes of memory that a slice of a record keeps alive.
    pinned: usize,
}

impl Batch {
    /// The records of `batch` at or after `from`; `None` if there is none. `frame`
    /// is how large the buffer is of which the batch is a slice.
    pub(crate) fn starting_at(
        from: i64,
        partition: &TopicPartition,
        batch: &RecordBatch,
        records: Records,
        high_watermark: i64,
        frame: usize,
    ) -> Option<Self> {
        let mut start = RecordPosition::default();
        let mut next = start;
        let first_offset = loop {
            let offset = records.next_at(&mut next)?.offset();
            if offset >= from {
                break offset;
            }
            start = next;
        };
        let pinned = match batch.compression() {
            Compression::None => frame,
            _ => records.memory_size(),
        };
        Some(Self {
            topic: partition.topic.clone(),
            partition: partition.partition,
            start,
            first_offset,
            last_offset: batch.last_offset(),
            next_offset: batch.next_offset(),
            leader_epoch: batch.partition_leader_epoch(),
            compression: batch.compression(),
            timestamp_type: batch.timestamp_type(),
            high_watermark,
            pinned,
            records,
        })
    }

    /// The topic.
    pub fn topic(&self) -> &StrBytes {
        &self.topic
    }

    /// The partition's number.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Topic and partition.
    pub fn topic_partition(&self) -> TopicPartition {
        TopicPartition::new(self.topic.clone(), self.partition)
    }

    /// How many records there are: at least one.
    pub fn len(&self) -> usize {
        self.records.len() - self.start.index()
    }

    /// Always false: a batch without records is never handed out.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records, as views that borrow from this batch.
    pub fn records(&self) -> RecordIter<'_> {
        let mut records = self.records.iter();
        if let Some(last) = self.start.index().checked_sub(1) {
            records.nth(last);
        }
        records
    }

    /// The offset of the first record.
    pub fn first_offset(&self) -> i64 {
        self.first_offset
    }

    /// The last offset that the batch takes up in the log: that of its last
    /// record, or higher where compaction removed the end.
    pub fn last_offset(&self) -> i64 {
        self.last_offset
    }

    /// Where reading goes on after this batch; what a commit of it stores.
    pub fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// The position after this batch, for
    /// [`commit_through`](crate::Consumer::commit_through).
    pub fn position(&self) -> Position {
        Position::new(self.topic_partition(), self.next_offset, self.leader_epoch)
    }

    /// The position after one record of this batch, for
    /// [`commit_through`](crate::Consumer::commit_through).
    pub fn position_after(&self, record: &RecordView<'_>) -> Position {
        let next = record.offset().saturating_add(1);
        Position::new(self.topic_partition(), next, self.leader_epoch)
    }

    /// The epoch of the leader that appended the batch; −1 where it is not known.
    pub fn leader_epoch(&self) -> i32 {
        self.leader_epoch
    }

    /// How the batch is compressed in the log.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Whose clock the records' timestamps are.
    pub fn timestamp_type(&self) -> TimestampType {
        self.timestamp_type
    }

    /// The partition's high watermark when the batch was fetched: records before
    /// this offset were on all in-sync replicas.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Bytes of the records, uncompressed.
    pub fn memory_size(&self) -> usize {
        self.records.memory_size()
    }

    /// Copies of all records, which keep nothing of this batch in memory.
    pub fn to_owned_records(&self) -> Vec<OwnedRecord> {
        let mut copier = crate::record::Copier::new();
        self.records()
            .map(|record| OwnedRecord::copied(self, &record, &mut copier))
            .collect()
    }

    pub(crate) fn inner(&self) -> &Records {
        &self.records
    }

    /// Before the first record.
    pub(crate) fn start(&self) -> RecordPosition {
        self.start
    }

    pub(crate) fn pinned(&self) -> usize {
        self.pinned
    }

    /// What is left from `start` on; `None` if that is no record.
    pub(crate) fn rest(mut self, start: RecordPosition) -> Option<Self> {
        let mut next = start;
        self.first_offset = self.records.next_at(&mut next)?.offset();
        self.start = start;
        Some(self)
    }
}

impl<'a> IntoIterator for &'a Batch {
    type Item = RecordView<'a>;
    type IntoIter = RecordIter<'a>;

    fn into_iter(self) -> RecordIter<'a> {
        self.records()
    }
}

/// Shows sizes and offsets only: record contents do not belong in logs.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("records", &self.len())
            .field("first_offset", &self.first_offset)
            .field("last_offset", &self.last_offset)
            .finish_non_exhaustive()
    }
}
