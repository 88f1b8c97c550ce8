//! A batch in the making, and what its records take.

use std::time::Instant;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::Uuid;
use kafka_protocol::records::{BatchBuilder, NewRecord, RecordError};

use crate::completion::Resolver;
use crate::memory::Charge;

/// A batch that has not been sealed yet.
#[derive(Debug)]
pub(crate) struct Building {
    pub(crate) builder: BatchBuilder,
    pub(crate) resolver: Resolver,
    pub(crate) charge: Charge,
    /// The topic it was begun for, whatever comes to bear the name later; zero
    /// when the brokers tell no ids.
    pub(crate) topic_id: Uuid,
    /// When the sender first saw it.
    pub(crate) seen: Option<Instant>,
}

/// Bytes of a batch before its records.
pub(crate) const BATCH_OVERHEAD: usize = 61;
/// What a builder grows to at least.
const FIRST_GROWTH: usize = 4096;

impl Building {
    /// Charges what the builder will hold after it grew for `bound` more bytes:
    /// it doubles.
    pub(crate) fn make_room(&mut self, bound: usize) -> bool {
        let body = self.builder.body_len() + bound;
        if body <= self.builder.capacity() {
            return true;
        }
        let grown = body.max(2 * self.builder.capacity()).max(FIRST_GROWTH);
        self.charge.try_grow(BATCH_OVERHEAD + grown, 0)
    }

    pub(crate) fn push(&mut self, record: &NewRecord<'_>) -> Result<u32, RecordError> {
        let index = self.builder.append(record)?;
        debug_assert!(self.charge.bytes() >= BATCH_OVERHEAD + self.builder.capacity());
        Ok(index)
    }
}

/// The most bytes that a record can take in a batch.
#[inline]
pub(crate) fn size_bound(record: &NewRecord<'_>) -> usize {
    // Length, attributes, timestamp and offset deltas, lengths of key and value,
    // number of headers.
    const FIXED: usize = 5 + 1 + 10 + 5 + 5 + 5 + 5;
    let mut bound = FIXED + record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
    for header in record.headers {
        bound += 10 + header.key.len() + header.value.map_or(0, <[u8]>::len);
    }
    bound
}

/// Whether the record is fine and only this batch can't take it.
pub(crate) fn needs_new_batch(error: &RecordError) -> bool {
    matches!(
        error,
        RecordError::BatchFull { .. } | RecordError::TimestampOutOfRange { .. }
    )
}

/// What the caller is told of a record that can't be encoded.
pub(crate) fn refused(error: RecordError) -> Error {
    let kind = match error {
        RecordError::RecordTooLarge { .. } => ErrorKind::RecordTooLarge,
        _ => ErrorKind::Encode,
    };
    Error::new(kind).with_source(error)
}
