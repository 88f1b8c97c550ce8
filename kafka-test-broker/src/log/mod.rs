//! One partition's log: batches as they were sent, with the offsets and leader
//! epochs the broker gave them.

mod compaction;
mod damage;
mod epochs;
mod formats;
mod offset_index;
mod rules;
mod segments;
mod stored;
mod timestamps;
mod validation;

use std::collections::VecDeque;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::RecordBytes;
use kafka_protocol::records::{BatchLimits, RecordBatch};

pub(crate) use damage::corrupted;
pub(crate) use epochs::EpochHistory;
pub(crate) use formats::{for_old_consumer, from_old_producer};
use offset_index::OffsetIndex;
pub(crate) use rules::LogRules;
use segments::Segment;
use stored::StoredBatch;
pub(crate) use timestamps::TimestampedOffset;
pub(crate) use validation::{
    CheckedBatch, Rejection, ValidationRules, check_batch, is_sequenced, is_transactional,
    transactional_batch,
};

/// Bytes at the front of a batch that a broker writes: base offset, length and
/// partition leader epoch. The checksum covers none of them.
const STAMP_LEN: usize = 16;

/// Stamps are cut from chunks of this size, so that an append does not allocate.
const STAMP_CHUNK_LEN: usize = 256 * STAMP_LEN;

/// The records of one partition, in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionLog {
    /// Ordered by offset; compaction leaves gaps.
    batches: VecDeque<StoredBatch>,
    /// How the topic wants it kept.
    pub rules: LogRules,
    /// Oldest first; none before the first batch.
    segments: VecDeque<Segment>,
    /// What lies before was compacted already.
    compacted_to: i64,
    log_start_offset: i64,
    end_offset: i64,
    index: OffsetIndex,
    /// The latest record by time when records were last deleted on demand.
    latest_deleted: Option<TimestampedOffset>,
    stamps: BytesMut,
}

/// How much of a log one read may return.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadLimit {
    pub max_bytes: usize,
    /// The first batch is returned whole even if it is larger than `max_bytes`.
    pub at_least_one_batch: bool,
    /// Whether the last batch may be cut at `max_bytes`, as Kafka cuts it.
    pub cut_last_batch: bool,
}

impl PartitionLog {
    /// The oldest offset that can be read.
    pub(crate) fn start_offset(&self) -> i64 {
        self.log_start_offset
    }

    /// The offset that the next record gets.
    pub(crate) fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// Appends `batch` and returns the offset of its first record.
    pub(crate) fn append(&mut self, batch: &CheckedBatch, leader_epoch: i32, wall_ms: i64) -> i64 {
        let base_offset = self.end_offset;
        let last_offset = base_offset + i64::from(batch.record_count) - 1;
        let highest_timestamp = self.batches.back().map_or(batch.max_timestamp, |last| {
            last.highest_timestamp.max(batch.max_timestamp)
        });
        self.enter(batch.raw.len(), batch.max_timestamp, wall_ms);
        let stamp = self.stamp(base_offset, &batch.raw, leader_epoch);
        self.batches.push_back(StoredBatch {
            base_offset,
            last_offset,
            max_timestamp: batch.max_timestamp,
            highest_timestamp,
            leader_epoch,
            position: self.index.append(last_offset, batch.raw.len()),
            stamp,
            sent: batch.raw.clone(),
        });
        self.end_offset = last_offset + 1;
        base_offset
    }

    /// The batches from the one that holds `offset` on, up to the offset `end`.
    pub(crate) fn read(&self, offset: i64, end: i64, limit: ReadLimit) -> RecordBytes {
        let first = self.index_of(offset);
        let readable = self.batches.range(first..);
        let mut readable = readable
            .take_while(|batch| batch.last_offset < end)
            .peekable();
        let Some(first_batch) = readable.peek() else {
            return RecordBytes::new();
        };
        let mut room = limit.max_bytes;
        if limit.at_least_one_batch {
            room = room.max(first_batch.len());
        } else if room < first_batch.len() {
            // A client could do nothing with a piece of one batch.
            return RecordBytes::new();
        }
        let mut segments = Vec::new();
        for batch in readable {
            if batch.len() <= room {
                room -= batch.len();
                segments.extend(batch.segments());
                continue;
            }
            if limit.cut_last_batch {
                for mut segment in batch.segments() {
                    segment.truncate(room);
                    room -= segment.len();
                    segments.push(segment);
                }
            }
            break;
        }
        RecordBytes::from_segments(segments)
    }

    /// An offset that so many bytes from the batch that holds `offset` on do not
    /// reach: Kafka takes the next one that its offset index lists.
    pub(crate) fn upper_bound(&self, offset: i64, len: usize) -> i64 {
        let start = self.batches.get(self.index_of(offset));
        let start = start.map_or(0, |batch| batch.position);
        let found = self.index.first_from(start.saturating_add(len as u64));
        found.unwrap_or(self.end_offset)
    }

    /// Bytes of the batches from the offset `start` to the offset `end`.
    pub(crate) fn bytes_between(&self, start: i64, end: i64) -> usize {
        self.batches
            .range(self.index_of(start)..)
            .take_while(|batch| batch.last_offset < end)
            .map(StoredBatch::len)
            .sum()
    }

    /// Cuts off every batch that reaches `offset`: the next one gets it.
    pub(crate) fn truncate(&mut self, offset: i64) {
        let index = self.index_of(offset);
        if let Some(first) = self.batches.get(index) {
            self.index.truncate(first.position);
        }
        self.batches.truncate(index);
        self.end_offset = self.end_offset.min(offset);
        self.segments
            .retain(|segment| segment.base_offset < offset || segment.base_offset == 0);
        self.recount(offset);
        self.compacted_to = self.compacted_to.min(offset);
        self.latest_deleted = self.latest_deleted.filter(|latest| latest.offset < offset);
        self.log_start_offset = self.log_start_offset.min(self.end_offset);
    }

    /// Makes everything before `offset` unreadable, as Kafka's DeleteRecords
    /// does; an offset beyond the end stands for the end. The latest record by
    /// time is still found: Kafka leaves the segments for retention to remove.
    pub(crate) fn delete_records(&mut self, offset: i64) {
        let latest = self.latest_by_time();
        self.delete_before(offset);
        self.latest_deleted = latest;
    }

    /// Removes everything before `offset`.
    fn delete_before(&mut self, offset: i64) {
        self.log_start_offset = offset.clamp(self.log_start_offset, self.end_offset);
        while self
            .batches
            .front()
            .is_some_and(|batch| batch.last_offset < self.log_start_offset)
        {
            self.batches.pop_front();
        }
        // The last segment stays: the next batch goes there.
        while let Some(next) = self.segments.get(1).map(|next| next.base_offset)
            && next <= self.log_start_offset
        {
            self.segments.pop_front();
        }
    }

    /// What is stored, for comparing with what clients believe.
    pub(crate) fn batches(&self) -> Vec<RecordBatch> {
        // A batch may have been damaged on purpose; its header still reads.
        let limits = BatchLimits::default().with_check_crc(false);
        let parse = |batch: &StoredBatch| RecordBatch::parse(&mut batch.joined(), &limits).ok();
        self.batches
            .iter()
            .filter_map(|batch| parse(batch).flatten())
            .collect()
    }

    /// Flips a bit of the batch that holds `offset`, so that its checksum fails.
    /// Returns whether there is one.
    pub(crate) fn corrupt(&mut self, offset: i64) -> bool {
        let index = self.index_of(offset);
        let Some(batch) = self.batches.get_mut(index) else {
            return false;
        };
        batch.sent = damage::flip_a_bit(&batch.sent);
        true
    }

    /// Index of the first batch that ends at or after `offset`.
    fn index_of(&self, offset: i64) -> usize {
        // Most reads are at the end.
        match self.batches.back() {
            Some(last) if last.last_offset < offset => self.batches.len(),
            Some(last) if last.base_offset <= offset => self.batches.len() - 1,
            _ => self
                .batches
                .partition_point(|batch| batch.last_offset < offset),
        }
    }

    fn stamp(&mut self, base_offset: i64, sent: &Bytes, leader_epoch: i32) -> Bytes {
        if self.stamps.capacity() < STAMP_LEN {
            self.stamps = BytesMut::with_capacity(STAMP_CHUNK_LEN);
        }
        let mut length_field = sent.slice(8..12);
        self.stamps.put_i64(base_offset);
        self.stamps.put_i32(length_field.get_i32());
        self.stamps.put_i32(leader_epoch);
        self.stamps.split().freeze()
    }
}
