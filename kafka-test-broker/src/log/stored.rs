use bytes::Bytes;
use kafka_protocol::RecordBytes;

use super::STAMP_LEN;

/// A batch in the log: the bytes the client sent, not copied, behind a fresh
/// stamp.
#[derive(Clone, Debug)]
pub(crate) struct StoredBatch {
    pub base_offset: i64,
    pub last_offset: i64,
    pub max_timestamp: i64,
    /// The largest timestamp of this batch and all before it.
    pub highest_timestamp: i64,
    pub leader_epoch: i32,
    /// Bytes of the batches before it.
    pub position: u64,
    /// What replaces the first [`STAMP_LEN`] bytes of `sent`.
    pub stamp: Bytes,
    /// The whole batch as sent, with a base offset of 0.
    pub sent: Bytes,
}

impl StoredBatch {
    /// Bytes on the wire.
    pub(crate) fn len(&self) -> usize {
        self.sent.len()
    }

    /// The batch as readers get it, in two pieces.
    pub(crate) fn segments(&self) -> [Bytes; 2] {
        [self.stamp.clone(), self.sent.slice(STAMP_LEN..)]
    }

    /// The batch as readers get it, in one piece: a copy.
    pub(crate) fn joined(&self) -> Bytes {
        RecordBytes::from_segments(self.segments()).into_bytes()
    }
}
