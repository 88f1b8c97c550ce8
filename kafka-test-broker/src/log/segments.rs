use std::collections::VecDeque;

use super::{LogRules, PartitionLog};

/// A stretch of the log, which is kept or removed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The offset that its first record has, or would have.
    pub base_offset: i64,
    pub bytes: usize,
    /// The wall clock when it was begun, and when it was written to last.
    pub begun_ms: i64,
    pub modified_ms: i64,
    /// The largest timestamp of its first batch, if that has any.
    first_timestamp: Option<i64>,
    /// The largest timestamp of all, -1 for none.
    largest_timestamp: i64,
}

impl Segment {
    fn new(base_offset: i64, wall_ms: i64) -> Self {
        Self {
            base_offset,
            bytes: 0,
            begun_ms: wall_ms,
            modified_ms: wall_ms,
            first_timestamp: None,
            largest_timestamp: -1,
        }
    }

    /// Whether the next batch belongs to another segment.
    fn is_full(&self, bytes: usize, timestamp: i64, rules: &LogRules, wall_ms: i64) -> bool {
        if self.bytes == 0 {
            return false;
        }
        let waited = match self.first_timestamp {
            Some(first) => timestamp.saturating_sub(first),
            None => wall_ms.saturating_sub(self.begun_ms),
        };
        self.bytes.saturating_add(bytes) > rules.segment_bytes || waited > rules.segment_ms
    }

    /// Whether it is too old to be kept.
    fn is_expired(&self, retention_ms: i64, wall_ms: i64) -> bool {
        wall_ms.saturating_sub(self.newest_ms()) > retention_ms
    }

    /// Whether it is too young to be compacted.
    pub(super) fn is_younger(&self, lag_ms: i64, wall_ms: i64) -> bool {
        self.newest_ms() > wall_ms.saturating_sub(lag_ms)
    }

    fn newest_ms(&self) -> i64 {
        if self.largest_timestamp >= 0 {
            self.largest_timestamp
        } else {
            self.modified_ms
        }
    }
}

impl PartitionLog {
    /// The segments, oldest first; the last one is written to.
    pub(crate) fn segments(&self) -> &VecDeque<Segment> {
        &self.segments
    }

    /// Bytes of all that is stored.
    pub(crate) fn size(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Begins a new segment, unless the last one is empty.
    pub(crate) fn roll(&mut self, wall_ms: i64) {
        if self.segments.back().is_none_or(|last| last.bytes > 0) {
            self.segments
                .push_back(Segment::new(self.end_offset(), wall_ms));
        }
    }

    /// Removes the segments that are too old, too much, or wholly before the
    /// start of the log. None reaches beyond the high watermark. Returns whether
    /// the log starts later now.
    pub(crate) fn expire(&mut self, high_watermark: i64, wall_ms: i64) -> bool {
        let before = self.start_offset();
        if self.rules.delete {
            if let Some(retention_ms) = self.rules.retention_ms {
                self.remove_oldest(high_watermark, wall_ms, |segment| {
                    segment.is_expired(retention_ms, wall_ms)
                });
            }
            if let Some(retention_bytes) = self.rules.retention_bytes {
                let mut surplus = self.size().saturating_sub(retention_bytes);
                self.remove_oldest(high_watermark, wall_ms, |segment| {
                    let goes = surplus > 0 && surplus >= segment.bytes;
                    surplus = surplus.saturating_sub(segment.bytes);
                    goes
                });
            }
        }
        self.start_offset() > before
    }

    /// Removes the oldest segments for as long as each `goes`.
    fn remove_oldest(
        &mut self,
        high_watermark: i64,
        wall_ms: i64,
        mut goes: impl FnMut(&Segment) -> bool,
    ) {
        while let Some(oldest) = self.segments.front().copied() {
            let next = self.segments.get(1).map(|next| next.base_offset);
            let end = next.unwrap_or(self.end_offset());
            if (next.is_none() && oldest.bytes == 0) || end > high_watermark || !goes(&oldest) {
                break;
            }
            if next.is_none() {
                self.roll(wall_ms);
            }
            self.delete_before(end);
            self.latest_deleted = None;
        }
    }

    /// Accounts for a batch that is appended.
    pub(super) fn enter(&mut self, bytes: usize, timestamp: i64, wall_ms: i64) {
        let rules = self.rules;
        let last = self.segments.back();
        if last.is_none_or(|last| last.is_full(bytes, timestamp, &rules, wall_ms)) {
            self.segments
                .push_back(Segment::new(self.end_offset(), wall_ms));
        }
        if let Some(last) = self.segments.back_mut() {
            if last.bytes == 0 {
                last.first_timestamp = (timestamp >= 0).then_some(timestamp);
            }
            last.bytes += bytes;
            last.modified_ms = wall_ms;
            last.largest_timestamp = last.largest_timestamp.max(timestamp);
        }
    }

    /// Counts the bytes of the segments from the one with `from` on again.
    pub(super) fn recount(&mut self, from: i64) {
        let mut batches = self.batches.iter().peekable();
        let mut ends: Vec<i64> = self
            .segments
            .iter()
            .skip(1)
            .map(|it| it.base_offset)
            .collect();
        ends.push(i64::MAX);
        for (segment, end) in self.segments.iter_mut().zip(ends) {
            let mut bytes = 0;
            let mut largest = -1;
            while let Some(batch) = batches.next_if(|batch| batch.base_offset < end) {
                bytes += batch.len();
                largest = batch.max_timestamp.max(largest);
            }
            if end > from {
                segment.bytes = bytes;
                segment.largest_timestamp = largest;
            }
        }
    }
}
