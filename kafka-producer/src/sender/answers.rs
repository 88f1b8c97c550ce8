//! What an answer, or a failure, does to the batches of its request.

use std::time::{Duration, Instant};

use kafka_net::{Error, ErrorKind};
use kafka_protocol::{ErrorCode, StrBytes};

use crate::batch::BatchId;
use crate::completion::Outcome;
use crate::verdict::{self, Trace, Verdict};

use super::Sender;

/// What a broker said of one partition's batch.
#[derive(Clone, Debug)]
pub(crate) struct PartAnswer {
    pub(crate) code: ErrorCode,
    /// Negative when the broker tells none.
    pub(crate) base_offset: i64,
    /// Negative unless the topic keeps the time of appending.
    pub(crate) log_append_ms: i64,
    pub(crate) message: Option<StrBytes>,
    /// With the refusal came who leads instead, and the metadata has it (KIP-951).
    pub(crate) leader_known: bool,
}

/// What happened to one batch of a request.
pub(super) struct Report {
    pub(super) verdict: Verdict,
    /// The outcome if the verdict is that it is written.
    pub(super) written: Outcome,
    /// Why it is not, else.
    pub(super) error: Error,
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
            let answer = answers.next().flatten();
            let leader_known = answer.as_ref().is_some_and(|answer| answer.leader_known);
            let report = match answer {
                Some(answer) => answered(answer),
                None => self.missing(key, id),
            };
            self.settle(now, key, id, report);
            if leader_known {
                self.skip_pause(now, key, request.broker);
            }
        }
    }

    /// The metadata has another leader, and may have been taken in before the pause
    /// after the refusal began.
    fn skip_pause(&mut self, now: Instant, key: u32, refused_by: i32) {
        if let Some(partition) = self.partitions.get_mut(key as usize)
            && partition.leader != Some(refused_by)
        {
            partition.retry_at = None;
            self.look(now, key);
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
            leader_known: false,
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
            // It may have been restarted, and its disk may be another one.
            if let Some(partition) = self.partitions.get_mut(key as usize) {
                partition.sequences.unsettle();
            }
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
}

fn answered(answer: PartAnswer) -> Report {
    let known = |value: i64| (value >= 0).then_some(value);
    let verdict = match verdict::of_code(answer.code) {
        Verdict::Retry { trace, .. } if answer.leader_known => Verdict::Retry {
            refresh: false,
            trace,
        },
        verdict => verdict,
    };
    Report {
        verdict,
        written: Outcome::Written {
            base_offset: known(answer.base_offset),
            log_append_ms: known(answer.log_append_ms),
        },
        error: Error::broker_with_message(answer.code, answer.message.as_deref()),
    }
}
