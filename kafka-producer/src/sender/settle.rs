//! What a verdict does to its batch.

use std::time::Instant;

use kafka_net::Error;
use kafka_protocol::records::BatchBuilder;

use crate::batch::{BatchId, State};
use crate::building::BATCH_OVERHEAD;
use crate::completion::Outcome;
use crate::idempotence::{Answer, Health};
use crate::verdict::{Trace, Verdict};

use super::Sender;
use super::answers::Report;
use super::numbers::is_other_topic;

impl Sender {
    pub(super) fn settle(&mut self, now: Instant, key: u32, id: BatchId, report: Report) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        let Some(index) = partition.position(id) else {
            return;
        };
        let Some(batch) = partition.batches.get_mut(index) else {
            return;
        };
        // What another leader accepted says nothing of what this one knows.
        let is_current = batch.flight().is_some_and(|flight| {
            (Some(flight.broker), flight.leader_epoch) == (partition.leader, partition.leader_epoch)
        });
        if report.verdict == Verdict::Written && is_current {
            partition.sequences.accepted(now);
        }
        if batch.is_ghost() {
            self.settle_ghost(key, index, report.verdict);
        } else {
            batch.state = State::Idle;
            self.settle_batch(now, key, index, report);
        }
        self.tidy(key);
        self.touch(now, key);
    }

    /// The outcome was told; only the numbers still matter.
    fn settle_ghost(&mut self, key: u32, index: usize, verdict: Verdict) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        let Some(ghost) = partition.batches.get_mut(index) else {
            return;
        };
        ghost.state = State::Ghost(None);
        ghost.charge.shrink(0);
        let written = verdict == Verdict::Written;
        if written || !ghost.is_numbered() {
            partition.batches.remove(index);
            if written {
                partition.accepted_up_to(index);
            }
        }
    }

    fn settle_batch(&mut self, now: Instant, key: u32, index: usize, report: Report) {
        match report.verdict {
            Verdict::Written => self.written(key, index, report.written),
            Verdict::Retry { refresh, trace } => {
                self.retry(now, key, index, refresh, trace, report.error);
            }
            Verdict::Gap => self.gap(now, key, index, report.error),
            Verdict::EpochPassed => {
                self.remember(key, index, Trace::Nothing, &report.error);
                self.renumber(now, key, index, report.error);
            }
            Verdict::Split => self.split(key, index, report.error),
            Verdict::NumbersForbidden => self.forbidden(now, key, index, report.error),
            Verdict::Fail { trace } => self.fail_batch(key, index, report.error, trace),
        }
    }

    fn written(&mut self, key: u32, index: usize, outcome: Outcome) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        partition.retry_at = None;
        let Some(batch) = partition.batches.remove(index) else {
            return;
        };
        partition.accepted_up_to(index);
        let records = batch.records;
        self.finish(batch.finish(outcome), records);
    }

    fn retry(
        &mut self,
        now: Instant,
        key: u32,
        index: usize,
        refresh: bool,
        trace: Trace,
        error: Error,
    ) {
        self.remember(key, index, trace, &error);
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        if refresh {
            self.effects.refresh.insert(partition.shared.topic.clone());
        }
        let Some(batch) = partition.batches.get(index) else {
            return;
        };
        if is_other_topic(partition, index) {
            return;
        }
        let attempt = batch.attempts.saturating_sub(1);
        self.pause(now, key, attempt);
    }

    /// Notes what an attempt may have left behind, and why it failed.
    fn remember(&mut self, key: u32, index: usize, trace: Trace, error: &Error) {
        if let Some(batch) = self
            .partitions
            .get_mut(key as usize)
            .and_then(|partition| partition.batches.get_mut(index))
        {
            batch.maybe_written |= trace == Trace::Possible;
            batch.last_error = Some(error.clone());
        }
    }

    /// The leader lacks what comes before this batch.
    fn gap(&mut self, now: Instant, key: u32, index: usize, error: Error) {
        self.remember(key, index, Trace::Nothing, &error);
        let Some(partition) = self.partitions.get(key as usize) else {
            return;
        };
        // Else an earlier one is on its way again, and this one follows.
        if !partition.waits_for_earlier(index) {
            self.renumber(now, key, index, error);
        }
    }

    /// The partition needs another identity; at once the first time, later with
    /// pauses.
    fn renumber(&mut self, now: Instant, key: u32, index: usize, error: Error) {
        let Some(batch) = self
            .partitions
            .get(key as usize)
            .and_then(|partition| partition.batches.get(index))
        else {
            return;
        };
        if !batch.is_numbered() {
            // It complains of numbers that there are not.
            self.fail_batch(key, index, error, Trace::Nothing);
            return;
        }
        if let Some(again) = batch.attempts.checked_sub(2) {
            self.pause(now, key, again);
        }
        self.break_numbers(key);
    }

    /// Nothing more of the partition for a while.
    fn pause(&mut self, now: Instant, key: u32, attempt: u32) {
        let at = now + self.settings.backoff.delay(attempt, &self.random);
        if let Some(partition) = self.partitions.get_mut(key as usize) {
            partition.retry_at = Some(partition.retry_at.map_or(at, |other| other.max(at)));
        }
    }

    fn split(&mut self, key: u32, index: usize, error: Error) {
        self.remember(key, index, Trace::Nothing, &error);
        let Some(batch) = self
            .partitions
            .get(key as usize)
            .and_then(|partition| partition.batches.get(index))
        else {
            return;
        };
        let in_doubt = batch.is_numbered() && batch.maybe_written;
        let builders = match batch.sealed() {
            Some(sealed) if batch.records > 1 && !in_doubt => {
                sealed.split(BATCH_OVERHEAD + sealed.uncompressed_len() / 2)
            }
            _ => Ok(Vec::new()),
        };
        match builders {
            Ok(builders) if builders.len() > 1 => {
                self.replace(key, index, builders);
                self.counters.splits += 1;
            }
            Ok(_) => {
                let error = error.with_hint(
                    "raise the topic's max.message.bytes (or the broker's message.max.bytes), \
                     or compress",
                );
                self.fail_batch(key, index, error, Trace::Nothing);
            }
            Err(source) => {
                let error = error.with_source(source);
                self.fail_batch(key, index, error, Trace::Nothing);
            }
        }
    }

    /// Puts these batches of the same records in the place of one.
    pub(super) fn replace(&mut self, key: u32, index: usize, builders: Vec<BatchBuilder>) {
        let mut next = self.next_batch;
        if let Some(partition) = self.partitions.get_mut(key as usize)
            && let Some(batch) = partition.batches.remove(index)
        {
            let parts = batch.split(builders, || {
                next += 1;
                next
            });
            for (at, part) in parts.into_iter().enumerate() {
                partition.batches.insert(index + at, part);
            }
        }
        self.next_batch = next;
    }

    /// The principal may not number batches.
    fn forbidden(&mut self, now: Instant, key: u32, index: usize, error: Error) {
        let numbered = self
            .partitions
            .get(key as usize)
            .and_then(|partition| partition.batches.get(index))
            .is_some_and(|batch| batch.is_numbered());
        if !numbered {
            self.fail_batch(key, index, error, Trace::Nothing);
            return;
        }
        let answer = self.identities.refused(error.clone());
        if matches!(answer, Answer::Failed(_)) {
            self.fail_batch(key, index, error, Trace::Nothing);
        } else if let Some(partition) = self.partitions.get_mut(key as usize) {
            partition.sequences.degrade(Health::Broken);
            if let Some(batch) = partition.batches.get_mut(index) {
                batch.sequence = None;
            }
        }
        self.apply_identity(now, answer);
    }
}
