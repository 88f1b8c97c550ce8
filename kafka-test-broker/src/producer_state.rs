//! What a partition remembers of each idempotent producer (KIP-98): the rules
//! by which a batch is appended, recognised as a duplicate, or refused.

use std::collections::{BTreeMap, VecDeque};

use thiserror::Error;

/// How many of a producer's last batches are remembered for recognising
/// duplicates: as many as a Kafka producer may have in flight.
const BATCHES_REMEMBERED: usize = 5;

/// The producers that wrote to one partition.
///
/// Transactions, and with them control batches, are not part of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProducerStates {
    producers: BTreeMap<i64, ProducerState>,
}

/// The place of a batch in its producer's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequencedBatch {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub record_count: i32,
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

/// Why a batch is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum SequenceError {
    /// A newer incarnation of the producer has written already.
    #[error("epoch {got} of producer {producer_id} is older than {newest}, the newest seen")]
    OldEpoch {
        producer_id: i64,
        got: i16,
        newest: i16,
    },
    /// A batch before this one is missing, or this one is an old one.
    #[error("sequence {got} of producer {producer_id} with epoch {epoch} does not follow {last}")]
    OutOfOrder {
        producer_id: i64,
        epoch: i16,
        got: i32,
        last: i32,
    },
}

#[derive(Clone, Debug)]
struct ProducerState {
    epoch: i16,
    /// Never empty; oldest first.
    batches: VecDeque<AppendedBatch>,
}

impl ProducerStates {
    /// Decides about `batch` without remembering anything.
    pub(crate) fn check(&self, batch: &SequencedBatch) -> Result<Verdict, SequenceError> {
        // Of a producer that never wrote here, or whose state expired, any
        // sequence is taken.
        let Some(state) = self.producers.get(&batch.producer_id) else {
            return Ok(Verdict::Append);
        };
        if batch.producer_epoch < state.epoch {
            return Err(SequenceError::OldEpoch {
                producer_id: batch.producer_id,
                got: batch.producer_epoch,
                newest: state.epoch,
            });
        }
        let last = if batch.producer_epoch == state.epoch {
            let last_sequence = batch.last_sequence();
            let same = |seen: &&AppendedBatch| {
                seen.base_sequence == batch.base_sequence && seen.last_sequence == last_sequence
            };
            if let Some(seen) = state.batches.iter().find(same) {
                return Ok(Verdict::Duplicate(*seen));
            }
            state.batches.back().map_or(-1, |seen| seen.last_sequence)
        } else {
            -1
        };
        let expected = if last == i32::MAX { 0 } else { last + 1 };
        if batch.base_sequence != expected {
            return Err(SequenceError::OutOfOrder {
                producer_id: batch.producer_id,
                epoch: batch.producer_epoch,
                got: batch.base_sequence,
                last,
            });
        }
        Ok(Verdict::Append)
    }

    /// What is left when the log is cut at `end_offset`: the producers all of
    /// whose batches remembered lie before it.
    pub(crate) fn truncated(&self, end_offset: i64) -> Self {
        let stays = |state: &ProducerState| {
            let last = state.batches.back();
            last.is_none_or(|batch| batch.base_offset < end_offset)
        };
        let producers = self.producers.iter().filter(|(_, state)| stays(state));
        Self {
            producers: producers.map(|(id, state)| (*id, state.clone())).collect(),
        }
    }

    /// Remembers a batch that the log holds, unless it is known.
    pub(crate) fn replayed(&mut self, batch: &SequencedBatch, base_offset: i64, timestamp: i64) {
        let known = self
            .producers
            .get(&batch.producer_id)
            .and_then(|state| state.batches.back());
        if known.is_none_or(|known| known.base_offset < base_offset) {
            self.appended(batch, base_offset, timestamp);
        }
    }

    /// Remembers that `batch` was appended at `base_offset`.
    pub(crate) fn appended(&mut self, batch: &SequencedBatch, base_offset: i64, timestamp: i64) {
        let appended = AppendedBatch {
            base_sequence: batch.base_sequence,
            last_sequence: batch.last_sequence(),
            base_offset,
            timestamp,
        };
        let state = self
            .producers
            .entry(batch.producer_id)
            .or_insert_with(|| ProducerState {
                epoch: batch.producer_epoch,
                batches: VecDeque::with_capacity(BATCHES_REMEMBERED),
            });
        if state.epoch != batch.producer_epoch {
            state.epoch = batch.producer_epoch;
            state.batches.clear();
        }
        if state.batches.len() == BATCHES_REMEMBERED {
            state.batches.pop_front();
        }
        state.batches.push_back(appended);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds batches of (epoch, base sequence, count) to one partition, ten
    /// offsets apart, and returns what became of each.
    fn check(batches: &[(i16, i32, i32)]) -> Vec<&'static str> {
        let mut states = ProducerStates::default();
        let mut offset = 0;
        let mut outcomes = Vec::new();
        for &(producer_epoch, base_sequence, record_count) in batches {
            let batch = SequencedBatch {
                producer_id: 7,
                producer_epoch,
                base_sequence,
                record_count,
            };
            outcomes.push(match states.check(&batch) {
                Ok(Verdict::Append) => {
                    states.appended(&batch, offset, 0);
                    offset += 10;
                    "append"
                }
                Ok(Verdict::Duplicate(seen)) => {
                    assert_eq!(seen.base_sequence, base_sequence);
                    "duplicate"
                }
                Err(SequenceError::OldEpoch { .. }) => "old epoch",
                Err(SequenceError::OutOfOrder { .. }) => "out of order",
            });
        }
        outcomes
    }

    #[test]
    fn sequence_goes_on_and_gaps_are_refused() {
        assert_eq!(
            check(&[(0, 0, 3), (0, 3, 1), (0, 5, 1), (0, 4, 2)]),
            ["append", "append", "out of order", "append"]
        );
    }

    #[test]
    fn last_five_batches_are_duplicates_and_older_ones_out_of_order() {
        assert_eq!(
            check(&[
                (0, 0, 1),
                (0, 1, 1),
                (0, 2, 1),
                (0, 3, 1),
                (0, 4, 1),
                (0, 0, 1)
            ])[5],
            "duplicate"
        );
        assert_eq!(
            check(&[
                (0, 0, 1),
                (0, 1, 1),
                (0, 2, 1),
                (0, 3, 1),
                (0, 4, 1),
                (0, 5, 1),
                (0, 0, 1),
                (0, 1, 1)
            ])[6..],
            ["out of order", "duplicate"]
        );
        // The same start with another length is no duplicate.
        assert_eq!(check(&[(0, 0, 2), (0, 0, 1)])[1], "out of order");
    }

    #[test]
    fn new_epoch_starts_at_zero_and_old_epochs_are_refused() {
        assert_eq!(
            check(&[
                (0, 0, 3),
                (1, 3, 1),
                (1, 0, 1),
                (0, 3, 1),
                (1, 1, 1),
                (1, 0, 1)
            ]),
            [
                "append",
                "out of order",
                "append",
                "old epoch",
                "append",
                "duplicate"
            ]
        );
    }

    #[test]
    fn unknown_producer_may_start_anywhere() {
        assert_eq!(check(&[(4, 1_000, 2), (4, 1_002, 1)]), ["append", "append"]);
    }

    #[test]
    fn sequence_wraps_to_zero() {
        assert_eq!(
            check(&[(0, i32::MAX - 1, 2), (0, 0, 1), (0, 1, 1)]),
            ["append", "append", "append"]
        );
        let batch = SequencedBatch {
            producer_id: 1,
            producer_epoch: 0,
            base_sequence: i32::MAX,
            record_count: 3,
        };
        assert_eq!(batch.last_sequence(), 1);
        assert_eq!(
            check(&[(0, i32::MAX, 3), (0, 2, 1), (0, i32::MAX, 3)]),
            ["append", "append", "duplicate"]
        );
    }
}
