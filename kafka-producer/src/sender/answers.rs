//! What an answer, or a failure, does to the batches of its request.

use std::time::{Duration, Instant};

use kafka_net::{Error, ErrorKind};
use kafka_protocol::{ErrorCode, StrBytes};

use crate::batch::{BatchId, State};
use crate::completion::Outcome;
use crate::idempotence::{Answer, Health};
use crate::queue::BATCH_OVERHEAD;
use crate::verdict::{self, Trace, Verdict};

use super::Sender;
use super::partition::PartitionState;

/// What a broker said of one partition's batch.
#[derive(Clone, Debug)]
pub(crate) struct PartAnswer {
    pub(crate) code: ErrorCode,
    /// Negative when the broker tells none.
    pub(crate) base_offset: i64,
    /// Negative unless the topic keeps the time of appending.
    pub(crate) log_append_ms: i64,
    pub(crate) message: Option<StrBytes>,
}

/// What happened to one batch of a request.
struct Report {
    verdict: Verdict,
    written: Outcome,
    error: Error,
}

impl Sender {
    /// The answer to a request: for each part, in the order of the dispatch,
    /// what was said of it, `None` where nothing was.
    pub(crate) fn on_answer(
        &mut self,
        now: Instant,
        request: u64,
        answers: Vec<Option<PartAnswer>>,
        throttle: Duration,
    ) {
        let Some(request) = self.requests.remove(&request) else {
            return;
        };
        let state = self.brokers.entry(request.broker).or_default();
        state.release();
        state.failures = 0;
        state.last_error = None;
        if !throttle.is_zero() {
            state.pause(now + throttle);
        }
        self.effects.wake.insert(request.broker);
        let mut answers = answers.into_iter();
        for (key, id) in request.parts {
            let report = match answers.next().flatten() {
                Some(answer) => answered(answer),
                None => self.missing(key, id),
            };
            self.settle(now, key, id, report);
        }
    }

    /// A request that no answer was asked for is in the socket.
    pub(crate) fn on_sent(&mut self, now: Instant, request: u64) {
        let parts = self.requests.get(&request).map_or(0, |r| r.parts.len());
        let unanswered = PartAnswer {
            code: ErrorCode::None,
            base_offset: -1,
            log_append_ms: -1,
            message: None,
        };
        self.on_answer(now, request, vec![Some(unanswered); parts], Duration::ZERO);
    }

    /// A request failed as a whole.
    pub(crate) fn on_failure(&mut self, now: Instant, request: u64, error: &Error) {
        let Some(request) = self.requests.remove(&request) else {
            return;
        };
        let mut verdict = verdict::of_failure(error);
        if error.possibly_written() {
            self.counters.lost_requests += 1;
            // Nobody will tell, so sending it again would only risk a duplicate.
            if !self.settings.answers {
                verdict = Verdict::Fail {
                    trace: Trace::Possible,
                };
            }
        }
        let state = self.brokers.entry(request.broker).or_default();
        state.release();
        state.last_error = Some(error.clone());
        self.effects.wake.insert(request.broker);
        for (key, id) in request.parts {
            let report = Report {
                verdict,
                written: Outcome::Failed(error.clone()),
                error: error.clone(),
            };
            self.settle(now, key, id, report);
        }
    }

    /// The broker answered, but not about this one.
    fn missing(&self, key: u32, id: BatchId) -> Report {
        let error = Error::new(ErrorKind::UnexpectedResponse)
            .with_hint("the broker's answer leaves this partition out");
        let numbered = self.partitions.get(key as usize).is_some_and(|partition| {
            partition
                .batches
                .iter()
                .any(|batch| batch.id == id && batch.is_numbered())
        });
        Report {
            verdict: if numbered {
                Verdict::Retry {
                    refresh: true,
                    trace: Trace::Possible,
                }
            } else {
                Verdict::Fail {
                    trace: Trace::Possible,
                }
            },
            written: Outcome::Failed(error.clone()),
            error,
        }
    }

    fn settle(&mut self, now: Instant, key: u32, id: BatchId, report: Report) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        let Some(index) = partition.position(id) else {
            return;
        };
        let Some(batch) = partition.batches.get_mut(index) else {
            return;
        };
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
            Verdict::Gap => self.gap(key, index, report.error),
            Verdict::EpochPassed => {
                self.remember(key, index, Trace::Nothing, &report.error);
                self.break_numbers(key);
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
        let at = now + self.settings.backoff.delay(attempt, &self.random);
        partition.retry_at = Some(partition.retry_at.map_or(at, |other| other.max(at)));
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
    fn gap(&mut self, key: u32, index: usize, error: Error) {
        self.remember(key, index, Trace::Nothing, &error);
        let Some(partition) = self.partitions.get(key as usize) else {
            return;
        };
        let numbered = partition
            .batches
            .get(index)
            .is_some_and(|batch| batch.is_numbered());
        if !numbered {
            self.fail_batch(key, index, error, Trace::Nothing);
        } else if !partition.waits_for_earlier(index) {
            self.break_numbers(key);
        }
        // Else an earlier one is on its way again, and this one follows.
    }

    /// Nothing more can be written under the partition's identity; `tidy` sees to
    /// what follows.
    fn break_numbers(&mut self, key: u32) {
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

fn answered(answer: PartAnswer) -> Report {
    let known = |value: i64| (value >= 0).then_some(value);
    Report {
        verdict: verdict::of_code(answer.code),
        written: Outcome::Written {
            base_offset: known(answer.base_offset),
            log_append_ms: known(answer.log_append_ms),
        },
        error: Error::broker_with_message(answer.code, answer.message.as_deref()),
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
