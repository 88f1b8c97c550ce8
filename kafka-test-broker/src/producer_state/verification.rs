use std::collections::BTreeMap;

use super::{FIRST_VERSION_WITH_EPOCH_BUMP, Marker, ProducerState, SequencedBatch};

/// Producers whose transaction the coordinator was asked about, and that have
/// not written in it since (KIP-890).
#[derive(Clone, Debug, Default)]
pub(super) struct Verifications {
    by_producer: BTreeMap<i64, Verification>,
}

#[derive(Clone, Copy, Debug)]
struct Verification {
    epoch: i16,
    /// The smallest sequence number that was asked for. A later batch has to
    /// wait for it, or it would be out of order for good.
    lowest_sequence: i32,
    /// Whether the producer's transactions have epochs of their own.
    epoch_bump: bool,
}

impl Verifications {
    pub(super) fn begin(&mut self, batch: &SequencedBatch, epoch_bump: bool) {
        let new = Verification {
            epoch: batch.producer_epoch,
            lowest_sequence: batch.base_sequence,
            epoch_bump,
        };
        let known = self.by_producer.entry(batch.producer_id).or_insert(new);
        if new.epoch > known.epoch {
            known.epoch = new.epoch;
            known.lowest_sequence = new.lowest_sequence;
        } else if new.epoch == known.epoch {
            known.lowest_sequence = known.lowest_sequence.min(new.lowest_sequence);
        }
    }

    /// Whether the sequence number of `batch` may be the first to be written.
    pub(super) fn admit(&self, batch: &SequencedBatch, anything_remembered: bool) -> bool {
        let Some(known) = self.by_producer.get(&batch.producer_id) else {
            return true;
        };
        // With an epoch for each transaction nothing can have been forgotten.
        let from_the_start = !known.epoch_bump || anything_remembered || batch.base_sequence == 0;
        from_the_start && batch.base_sequence <= known.lowest_sequence
    }

    /// The producer has written.
    pub(super) fn end(&mut self, producer_id: i64) {
        self.by_producer.remove(&producer_id);
    }

    /// A transaction of the producer ended: its next one may have been asked
    /// about already.
    pub(super) fn end_by(&mut self, marker: &Marker) {
        let next = self.by_producer.get(&marker.producer_id);
        if !next.is_some_and(|next| next.epoch_bump && next.epoch == marker.producer_epoch) {
            self.by_producer.remove(&marker.producer_id);
        }
    }

    /// Forgets those of producers that are forgotten.
    pub(super) fn expire(&mut self, producers: &BTreeMap<i64, ProducerState>) {
        self.by_producer.retain(|id, _| producers.contains_key(id));
    }
}

impl Marker {
    /// Whether every transaction has an epoch of its own.
    pub(super) fn has_epoch_bump(&self) -> bool {
        self.transaction_version >= FIRST_VERSION_WITH_EPOCH_BUMP
    }
}
