//! Records that own what they hold.

use std::fmt;

use bytes::{Bytes, BytesMut};
use kafka_protocol::StrBytes;
use kafka_protocol::records::RecordView;

use crate::assignment::TopicPartition;
use crate::batch::Batch;
use crate::commit::Position;

/// A record that owns its parts.
///
/// Key, value and headers are copied out of the batch, small ones several to a
/// chunk of 4 KiB, so that keeping one record does not keep a whole fetch answer
/// in memory. Only a record that makes up at least a sixteenth of the buffer it
/// came in shares that buffer instead.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedRecord {
    /// The topic.
    pub topic: StrBytes,
    /// The partition's number.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// Milliseconds since 1970, by the producer's clock or, if the topic says so,
    /// the broker's; −1 for none.
    pub timestamp: i64,
    /// The key; `None` is null, which differs from empty.
    pub key: Option<Bytes>,
    /// The value; `None` is null, a tombstone in a compacted topic.
    pub value: Option<Bytes>,
    /// The headers, in order; names may repeat.
    pub headers: Vec<OwnedHeader>,
    /// The epoch of the leader that appended the record; −1 where unknown.
    pub leader_epoch: i32,
}

/// A header of an [`OwnedRecord`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedHeader {
    /// The name.
    pub key: StrBytes,
    /// The value; `None` is null.
    pub value: Option<Bytes>,
}

impl OwnedRecord {
    /// The position after this record, for
    /// [`commit_through`](crate::Consumer::commit_through).
    pub fn position(&self) -> Position {
        Position::new(
            TopicPartition::new(self.topic.clone(), self.partition),
            self.offset.saturating_add(1),
            self.leader_epoch,
        )
    }

    /// `record` of `batch`, copied or shared, whichever holds on to less.
    #[inline]
    pub(crate) fn of(batch: &Batch, record: &RecordView<'_>, copier: &mut Copier) -> Self {
        let shares = record.encoded_len().saturating_mul(SHARE_FROM) >= batch.pinned();
        Self::new(batch, record, |part| {
            if shares {
                batch.inner().share(part)
            } else {
                copier.copy(part)
            }
        })
    }

    pub(crate) fn copied(batch: &Batch, record: &RecordView<'_>, copier: &mut Copier) -> Self {
        Self::new(batch, record, |part| copier.copy(part))
    }

    #[inline]
    fn new(batch: &Batch, record: &RecordView<'_>, mut own: impl FnMut(&[u8]) -> Bytes) -> Self {
        let mut headers = Vec::new();
        if record.headers().len() > 0 {
            headers = own_headers(record, &mut own);
        }
        Self {
            topic: batch.topic().clone(),
            partition: batch.partition(),
            offset: record.offset(),
            timestamp: record.timestamp(),
            key: record.key().map(&mut own),
            value: record.value().map(&mut own),
            headers,
            leader_epoch: batch.leader_epoch(),
        }
    }
}

fn own_headers(record: &RecordView<'_>, mut own: impl FnMut(&[u8]) -> Bytes) -> Vec<OwnedHeader> {
    let headers = record.headers().map(|header| OwnedHeader {
        // It is UTF-8: it was a &str.
        key: StrBytes::try_from(own(header.key.as_bytes()))
            .unwrap_or_else(|_| StrBytes::from(header.key)),
        value: header.value.map(&mut own),
    });
    headers.collect()
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for OwnedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedRecord")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("timestamp", &self.timestamp)
            .field("key_bytes", &self.key.as_ref().map(Bytes::len))
            .field("value_bytes", &self.value.as_ref().map(Bytes::len))
            .field("headers", &self.headers.len())
            .finish()
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for OwnedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedHeader")
            .field("key", &self.key)
            .field("value_bytes", &self.value.as_ref().map(Bytes::len))
            .finish()
    }
}

/// A record of this part or more of its buffer, counted as 1/n, shares it.
const SHARE_FROM: usize = 16;
/// Small parts are copied next to each other into chunks of this many bytes.
const CHUNK: usize = 4096;
/// A part of at least this many bytes gets an allocation of its own.
const OWN_FROM: usize = CHUNK / 4;

/// Copies small parts next to each other, so that few allocations serve many.
#[derive(Debug)]
pub(crate) struct Copier {
    chunk: BytesMut,
}

impl Copier {
    pub(crate) fn new() -> Self {
        Self {
            chunk: BytesMut::new(),
        }
    }

    #[inline]
    fn copy(&mut self, part: &[u8]) -> Bytes {
        if part.is_empty() || part.len() >= OWN_FROM {
            return Bytes::copy_from_slice(part);
        }
        if self.chunk.capacity() < part.len() {
            self.chunk = BytesMut::with_capacity(CHUNK);
        }
        self.chunk.extend_from_slice(part);
        self.chunk.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_share_a_chunk_and_large_ones_do_not() {
        let mut copier = Copier::new();
        let parts: Vec<Bytes> = (0..10).map(|n| copier.copy(&[n; 100])).collect();
        for (n, part) in (0..10).zip(&parts) {
            assert_eq!(part[..], [n; 100]);
        }
        let first = parts[0].as_ptr() as usize;
        for (n, part) in parts.iter().enumerate() {
            assert_eq!(part.as_ptr() as usize, first + n * 100);
        }
        let large = copier.copy(&[7; OWN_FROM]);
        assert!(!(first..first + CHUNK).contains(&(large.as_ptr() as usize)));
        assert!(copier.copy(&[]).is_empty());
        // A part that no longer fits begins a chunk; nothing is lost of it.
        for _ in 0..100 {
            assert_eq!(copier.copy(&[9; OWN_FROM - 1])[..], [9; OWN_FROM - 1]);
        }
    }
}
