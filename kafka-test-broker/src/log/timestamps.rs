use kafka_protocol::records::{BatchLimits, RecordBatch};

use super::{PartitionLog, StoredBatch};

/// A record found by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimestampedOffset {
    pub timestamp: i64,
    pub offset: i64,
    pub leader_epoch: i32,
}

impl PartitionLog {
    /// The first record whose timestamp is at least `timestamp`.
    pub(crate) fn first_at_or_after(&self, timestamp: i64) -> Option<TimestampedOffset> {
        let from = self
            .batches
            .partition_point(|batch| batch.highest_timestamp < timestamp);
        self.batches
            .range(from..)
            .filter(|batch| batch.max_timestamp >= timestamp)
            .find_map(|batch| find(batch, self.log_start_offset, |at| at >= timestamp))
    }

    /// The first record with the largest timestamp of all, deleted ones too until
    /// retention removes what they were in.
    pub(crate) fn latest_by_time(&self) -> Option<TimestampedOffset> {
        let latest = self.batches.iter().map(|batch| batch.max_timestamp).max();
        let kept = latest.and_then(|latest| {
            self.batches
                .iter()
                .filter(|batch| batch.max_timestamp == latest)
                .find_map(|batch| find(batch, self.log_start_offset, |at| at == latest))
        });
        let found = self.latest_deleted.into_iter().chain(kept);
        // The first of several: `reduce` keeps it where `max_by_key` would not.
        found.reduce(|first, other| {
            if other.timestamp > first.timestamp {
                other
            } else {
                first
            }
        })
    }
}

/// The first record of a batch, from `start_offset` on, whose time fits.
fn find(
    batch: &StoredBatch,
    start_offset: i64,
    fits: impl Fn(i64) -> bool,
) -> Option<TimestampedOffset> {
    let limits = BatchLimits::default().with_check_crc(false);
    // Both succeed: the batch was checked when it was appended.
    let parsed = RecordBatch::parse(&mut batch.sent.clone(), &limits).ok()??;
    let records = parsed.decompress(&limits).ok()?;
    (&records)
        .into_iter()
        .map(|record| (batch.base_offset + record.offset(), record.timestamp()))
        .find(|(offset, timestamp)| *offset >= start_offset && fits(*timestamp))
        .map(|(offset, timestamp)| TimestampedOffset {
            timestamp,
            offset,
            leader_epoch: batch.leader_epoch,
        })
}
