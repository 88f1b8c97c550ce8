//! What a partition remembers of each idempotent producer (KIP-98): the rules
//! by which a batch or a marker is appended, recognised as a duplicate, or
//! refused, and which transactions are open or were aborted.

mod error;
mod replay;
#[cfg(test)]
mod tests;
mod transactions;
mod verification;

use std::collections::{BTreeMap, VecDeque};

pub(crate) use error::ProducerError;
pub(crate) use transactions::AbortedTransaction;
use transactions::{AbortedIndex, UnstableTransactions};
use verification::Verifications;

/// How many of a producer's last batches are remembered for recognising
/// duplicates: as many as a Kafka producer may have in flight.
const BATCHES_REMEMBERED: usize = 5;

/// The transaction version from which on each transaction has an epoch of its
/// own (KIP-890).
const FIRST_VERSION_WITH_EPOCH_BUMP: i16 = 2;

/// The producers that wrote to one partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProducerStates {
    producers: BTreeMap<i64, ProducerState>,
    verifications: Verifications,
    unstable: UnstableTransactions,
    aborted: AbortedIndex,
}

/// The place of a batch in its producer's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequencedBatch {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub record_count: i32,
    /// Whether the batch is part of a transaction.
    pub transactional: bool,
    /// Whether the coordinator says that the partition is part of it.
    pub verified: bool,
    /// By which rules it is let in.
    pub rules: ProducerRules,
}

/// What leaders know of producers, and expect of them, by the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProducerRules {
    /// Before 1.0: of each producer its last batch only. One that is not known
    /// begins with sequence number 0, or is out of order.
    LastBatch,
    /// Before 2.4: of each producer its last batches, as long as the last of
    /// them is in the log. One that is not known is told so.
    WhileInLog,
    /// Before 2.5: as long as it does not expire.
    Known,
    /// A producer that is not known may begin with any sequence number.
    Any,
}

/// A batch that was appended, as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AppendedBatch {
    pub base_sequence: i32,
    pub last_sequence: i32,
    pub base_offset: i64,
    /// The batch's largest timestamp: a duplicate is answered with it.
    pub timestamp: i64,
}

/// What is to be done with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// New and in sequence.
    Append,
    /// One of the producer's last batches, there already.
    Duplicate(AppendedBatch),
}

/// The end of a producer's transaction in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub committed: bool,
    /// The epoch of the coordinator that decided.
    pub coordinator_epoch: i32,
    /// By which rules the transaction was made (KIP-890, KIP-1228).
    pub transaction_version: i16,
}

/// What a partition knows of one producer.
#[derive(Clone, Debug)]
pub(crate) struct ProducerState {
    pub epoch: i16,
    /// Oldest first. Empty after a marker that began a new epoch.
    batches: VecDeque<AppendedBatch>,
    /// Of the last marker; -1 before the first.
    pub coordinator_epoch: i32,
    /// Of the last batch or marker.
    pub last_timestamp: i64,
    /// Where its open transaction starts.
    pub transaction_start: Option<i64>,
    /// Where its last batch or marker starts.
    last_offset: i64,
}

impl ProducerStates {
    /// Decides about `batch` without remembering anything.
    pub(crate) fn check(&self, batch: &SequencedBatch) -> Result<Verdict, ProducerError> {
        let state = self.producers.get(&batch.producer_id);
        if let Some(seen) = state.and_then(|state| state.find(batch)) {
            return Ok(Verdict::Duplicate(seen));
        }
        if let Some(state) = state.filter(|state| batch.producer_epoch < state.epoch) {
            return Err(ProducerError::OldEpoch {
                producer_id: batch.producer_id,
                got: batch.producer_epoch,
                newest: state.epoch,
            });
        }
        let open = state.is_some_and(|state| state.is_in_transaction(batch.producer_epoch));
        if batch.transactional && !open && !batch.verified {
            return Err(ProducerError::NotInTransaction {
                producer_id: batch.producer_id,
            });
        }
        self.check_sequence(batch, state)?;
        let other = state.is_some_and(|state| state.transaction_start.is_some());
        if other && !batch.transactional {
            return Err(ProducerError::TransactionOpen {
                producer_id: batch.producer_id,
            });
        }
        Ok(Verdict::Append)
    }

    fn check_sequence(
        &self,
        batch: &SequencedBatch,
        state: Option<&ProducerState>,
    ) -> Result<(), ProducerError> {
        let same_epoch = state.filter(|state| state.epoch == batch.producer_epoch);
        let last = same_epoch
            .and_then(|state| state.batches.back())
            .map_or(-1, |seen| seen.last_sequence);
        let out_of_order = Err(ProducerError::OutOfOrder {
            producer_id: batch.producer_id,
            epoch: batch.producer_epoch,
            got: batch.base_sequence,
            last,
        });
        let unknown = last == -1 && state.is_none_or(|state| state.epoch == batch.producer_epoch);
        if unknown && batch.base_sequence != 0 {
            match batch.rules {
                ProducerRules::LastBatch => return out_of_order,
                ProducerRules::WhileInLog | ProducerRules::Known => {
                    return Err(ProducerError::Unknown {
                        producer_id: batch.producer_id,
                    });
                }
                ProducerRules::Any => {}
            }
        }
        let anything_remembered = state.is_some_and(|state| !state.batches.is_empty());
        if !self.verifications.admit(batch, anything_remembered) {
            return out_of_order;
        }
        let expected = if last == i32::MAX { 0 } else { last + 1 };
        // Of a producer that never wrote here, or whose state expired, any
        // sequence is taken.
        if state.is_some() && batch.base_sequence != expected {
            return out_of_order;
        }
        Ok(())
    }

    /// Whether a producer is known here with a newer epoch than this.
    pub(crate) fn has_newer_epoch(&self, producer_id: i64, epoch: i16) -> bool {
        let known = self.producers.get(&producer_id);
        known.is_some_and(|state| epoch < state.epoch)
    }

    /// Remembers that `batch` was appended at `base_offset`.
    pub(crate) fn appended(&mut self, batch: &SequencedBatch, base_offset: i64, timestamp: i64) {
        let state = self
            .producers
            .entry(batch.producer_id)
            .or_insert_with(|| ProducerState::new(batch.producer_epoch));
        state.begin_epoch(batch.producer_epoch);
        if state.batches.len() == BATCHES_REMEMBERED {
            state.batches.pop_front();
        }
        state.batches.push_back(AppendedBatch {
            base_sequence: batch.base_sequence,
            last_sequence: batch.last_sequence(),
            base_offset,
            timestamp,
        });
        state.last_timestamp = timestamp;
        state.last_offset = base_offset;
        if batch.transactional {
            if state.transaction_start.is_none() {
                state.transaction_start = Some(base_offset);
                self.unstable.begin(base_offset, batch.producer_id);
            }
            self.verifications.end(batch.producer_id);
        }
    }

    /// Notes that the coordinator will be asked about a batch, which is the first
    /// of its transaction here as far as this partition knows. Returns whether it
    /// has to be asked at all.
    pub(crate) fn begin_verification(
        &mut self,
        batch: &SequencedBatch,
        epoch_bump: bool,
    ) -> Result<bool, ProducerError> {
        let state = self.producers.get(&batch.producer_id);
        if let Some(state) = state.filter(|state| batch.producer_epoch < state.epoch) {
            return Err(ProducerError::OldEpoch {
                producer_id: batch.producer_id,
                got: batch.producer_epoch,
                newest: state.epoch,
            });
        }
        if state.is_some_and(|state| state.is_in_transaction(batch.producer_epoch)) {
            return Ok(false);
        }
        self.verifications.begin(batch, epoch_bump);
        Ok(true)
    }

    /// Decides about a marker without remembering anything.
    pub(crate) fn check_marker(&self, marker: &Marker) -> Result<(), ProducerError> {
        let Some(state) = self.producers.get(&marker.producer_id) else {
            return Ok(());
        };
        let got = marker.producer_epoch;
        let bumped = marker.has_epoch_bump();
        // A marker with an epoch of its own that comes twice is taken twice: the
        // coordinator may not know that it was there.
        let again = got == state.epoch && (state.transaction_start.is_none() || got == i16::MAX);
        if got < state.epoch || (bumped && got == state.epoch && !again) {
            return Err(ProducerError::OldEpoch {
                producer_id: marker.producer_id,
                got,
                newest: state.epoch,
            });
        }
        if marker.coordinator_epoch < state.coordinator_epoch {
            return Err(ProducerError::CoordinatorFenced {
                producer_id: marker.producer_id,
                got: marker.coordinator_epoch,
                newest: state.coordinator_epoch,
            });
        }
        Ok(())
    }

    /// Remembers that `marker` was appended at `offset`.
    pub(crate) fn ended(&mut self, marker: &Marker, offset: i64, timestamp: i64) {
        let producer_id = marker.producer_id;
        let state = self
            .producers
            .entry(producer_id)
            .or_insert_with(|| ProducerState::new(marker.producer_epoch));
        state.begin_epoch(marker.producer_epoch);
        state.coordinator_epoch = marker.coordinator_epoch;
        state.last_timestamp = timestamp;
        state.last_offset = offset;
        if let Some(first_offset) = state.transaction_start.take() {
            let next_undecided = self.unstable.first_undecided_but_of(producer_id);
            self.unstable.decide(first_offset, offset);
            if !marker.committed {
                self.aborted.push(AbortedTransaction {
                    producer_id,
                    first_offset,
                    last_offset: offset,
                    last_stable_offset: next_undecided.unwrap_or(offset + 1),
                });
            }
        }
        self.verifications.end_by(marker);
    }

    /// The first offset whose outcome is open, or decided by a marker that is not
    /// replicated; `None` when all is stable.
    pub(crate) fn first_unstable_offset(&self, high_watermark: i64) -> Option<i64> {
        self.unstable.first_unstable(high_watermark)
    }

    /// Forgets what only mattered until it was replicated.
    pub(crate) fn on_high_watermark(&mut self, high_watermark: i64) {
        self.unstable.forget_replicated(high_watermark);
    }

    /// Forgets what only mattered to readers of what is gone, and, where the
    /// rules say so, the producers whose batches are.
    pub(crate) fn on_log_start(&mut self, log_start_offset: i64, rules: ProducerRules) {
        self.aborted.forget_before(log_start_offset);
        if rules <= ProducerRules::WhileInLog {
            self.producers.retain(|_, state| {
                let last = state.batches.back();
                let kept = last.is_some_and(|last| last.last_offset() >= log_start_offset);
                kept || state.transaction_start.is_some()
            });
        }
    }

    /// The aborted transactions that a reader of the offsets `from..to` has to
    /// know of, in the order in which they were aborted.
    pub(crate) fn aborted_between(&self, from: i64, to: i64) -> Vec<AbortedTransaction> {
        self.aborted.between(from, to)
    }

    /// Every producer that is remembered, by id.
    pub(crate) fn producers(&self) -> impl Iterator<Item = (i64, &ProducerState)> {
        self.producers.iter().map(|(id, state)| (*id, state))
    }

    /// Forgets every producer without an open transaction of which nothing came
    /// for so long.
    pub(crate) fn expire_idle(&mut self, wall_ms: i64, idle_ms: i64) {
        self.producers.retain(|_, state| {
            let idle_for_ms = wall_ms.saturating_sub(state.last_timestamp);
            state.transaction_start.is_some() || idle_for_ms < idle_ms
        });
    }

    /// Forgets every producer without an open transaction.
    pub(crate) fn expire(&mut self) {
        self.producers
            .retain(|_, state| state.transaction_start.is_some());
        self.verifications.expire(&self.producers);
    }
}

impl ProducerState {
    fn new(epoch: i16) -> Self {
        Self {
            epoch,
            batches: VecDeque::with_capacity(BATCHES_REMEMBERED),
            coordinator_epoch: -1,
            last_timestamp: -1,
            transaction_start: None,
            last_offset: -1,
        }
    }

    /// The sequence number of the last record; -1 when none is remembered.
    pub(crate) fn last_sequence(&self) -> i32 {
        self.batches.back().map_or(-1, |batch| batch.last_sequence)
    }

    fn begin_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.batches.clear();
        }
    }

    fn is_in_transaction(&self, epoch: i16) -> bool {
        self.epoch == epoch && self.transaction_start.is_some()
    }

    /// The remembered batch with the same epoch and sequence numbers.
    fn find(&self, batch: &SequencedBatch) -> Option<AppendedBatch> {
        if self.epoch != batch.producer_epoch {
            return None;
        }
        let last_sequence = batch.last_sequence();
        let same = |seen: &&AppendedBatch| {
            seen.base_sequence == batch.base_sequence && seen.last_sequence == last_sequence
        };
        let remembered = match batch.rules {
            ProducerRules::LastBatch => 1,
            _ => BATCHES_REMEMBERED,
        };
        let mut last = self.batches.iter().rev().take(remembered);
        last.find(same).copied()
    }
}

impl AppendedBatch {
    fn last_offset(&self) -> i64 {
        // Sequence numbers wrap to 0 after `i32::MAX`.
        let after_first = self.last_sequence.wrapping_sub(self.base_sequence) & i32::MAX;
        self.base_offset + i64::from(after_first)
    }
}

impl SequencedBatch {
    /// The sequence number of the last record: they wrap to 0 after `i32::MAX`.
    pub(crate) fn last_sequence(&self) -> i32 {
        let last = i64::from(self.base_sequence) + i64::from(self.record_count) - 1;
        let wrapped = last % (i64::from(i32::MAX) + 1);
        i32::try_from(wrapped).unwrap_or(i32::MAX)
    }
}
