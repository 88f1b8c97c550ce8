//! Sequence numbers that are taken back, left as gaps, or no longer accepted.

use kafka_net::{Error, ErrorKind};
use kafka_protocol::ErrorCode;

use crate::batch::State;
use crate::completion::Outcome;
use crate::idempotence::Health;
use crate::verdict::Trace;

use super::Sender;
use super::partition::PartitionState;

impl Sender {
    /// Nothing more can be written under the partition's identity; `tidy` sees to
    /// what follows.
    pub(super) fn break_numbers(&mut self, key: u32) {
        if let Some(partition) = self.partitions.get_mut(key as usize) {
            partition.sequences.degrade(Health::Broken);
        }
    }

    /// Numbers that will not be accepted any more, and batches for a topic that
    /// is gone, are not kept waiting.
    fn settle_idle(&mut self, key: u32) {
        let mut index = 0;
        while let Some(partition) = self.partitions.get(key as usize)
            && let Some(batch) = partition.batches.get(index)
        {
            let id = batch.id;
            let is_idle = matches!(batch.state, State::Idle | State::Sealing);
            let is_broken = partition.sequences.health() == Health::Broken;
            if is_idle && is_other_topic(partition, index) {
                self.fail_batch(key, index, recreated(), Trace::Nothing);
            } else if is_idle && is_broken && batch.is_numbered() {
                self.unnumber(key, index);
            }
            // Whether it is still there.
            let here = self
                .partitions
                .get(key as usize)
                .and_then(|partition| partition.batches.get(index));
            index += usize::from(here.is_some_and(|batch| batch.id == id));
        }
    }

    /// Takes a batch's numbers back if it is provably not in the log; else it
    /// fails with its outcome unknown.
    fn unnumber(&mut self, key: u32, index: usize) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        let Some(batch) = partition.batches.get_mut(index) else {
            return;
        };
        if !batch.maybe_written {
            batch.sequence = None;
            return;
        }
        let records = batch.records;
        let error = batch.last_error.clone();
        let error = error.unwrap_or_else(|| Error::new(ErrorKind::Internal));
        let error = error.with_hint(
            "an earlier attempt got no answer, and the broker no longer tells whether it was \
             written",
        );
        let error = partition.describe(index, error, true);
        if let Some(batch) = partition.batches.remove(index) {
            self.finish(batch.finish(Outcome::Failed(error)), records);
        }
    }

    /// A batch has failed for good. Its numbers are used again if nothing
    /// counts on them and they are provably not in the log; else they leave a
    /// gap. [`tidy`](Self::tidy) comes after.
    pub(super) fn fail_batch(&mut self, key: u32, index: usize, error: Error, trace: Trace) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        let Some(batch) = partition.batches.get(index) else {
            return;
        };
        let possibly_written = batch.maybe_written || trace == Trace::Possible;
        let error = partition.describe(index, error, possibly_written);
        let records = batch.records;
        let leaves_gap = batch.flight().is_some()
            || (batch.is_numbered() && (possibly_written || partition.is_counted_on(index)));
        let finished = if leaves_gap {
            let numbered = batch.is_numbered();
            let Some(batch) = partition.batches.get_mut(index) else {
                return;
            };
            let finished = batch.give_up(error);
            if numbered {
                partition.sequences.degrade(Health::Doubtful);
            }
            finished
        } else {
            if let Some(base) = batch.sequence {
                partition.sequences.take_back(base);
            }
            let Some(batch) = partition.batches.remove(index) else {
                return;
            };
            batch.finish(Outcome::Failed(error))
        };
        self.finish(finished, records);
    }

    /// What follows from a change: settles what can't wait any more, forgets
    /// ghosts that nothing depends on, and asks for an identity where
    /// the partition can't go on without another.
    pub(super) fn tidy(&mut self, key: u32) {
        self.settle_idle(key);
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        partition.drop_ghosts();
        if partition.needs_identity()
            && let Some(identity) = partition.sequences.identity()
            && self.identities.distrust(identity)
        {
            self.effects.wake_main = true;
        }
    }
}

/// Whether the topic's name has come to mean another topic.
pub(super) fn is_other_topic(partition: &PartitionState, index: usize) -> bool {
    partition.batches.get(index).is_some_and(|batch| {
        !batch.topic_id.is_zero()
            && !partition.topic_id.is_zero()
            && batch.topic_id != partition.topic_id
    })
}

pub(super) fn recreated() -> Error {
    Error::broker(ErrorCode::UnknownTopicId).with_hint(
        "the topic was deleted and created again; records for the old one never go to the new one",
    )
}
