use std::time::Duration;

use kafka_protocol::ErrorCode;

use super::condition::{Hit, Subject, Target};
use super::reaction::Reaction;

/// What all faults together do to one request.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Errors for single partitions.
    partitions: Vec<(Target, Injected)>,
    /// One error for everything.
    whole: Option<Injected>,
    pub delay_before: Duration,
    pub delay: Duration,
    pub corrupt_records: bool,
    pub ending: Option<Ending>,
}

/// An error that a fault puts into an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Injected {
    pub code: ErrorCode,
    /// What was asked for is done all the same.
    pub applied: bool,
}

/// How the exchange ends, other than with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    DropBeforeApply,
    DropAfterApply,
    CloseAfterAnswer,
    Truncate,
    Garbage,
    WrongCorrelationId,
    OversizedLength,
    DuplicateAnswer,
    Silence,
}

impl Plan {
    pub(super) fn add(&mut self, reaction: &Reaction, subject: &Subject<'_>, hit: &Hit) {
        match *reaction {
            Reaction::Error(code) => self.add_error(
                subject,
                hit,
                Injected {
                    code,
                    applied: false,
                },
            ),
            Reaction::ErrorAfterApply(code) => {
                self.add_error(
                    subject,
                    hit,
                    Injected {
                        code,
                        applied: true,
                    },
                );
            }
            Reaction::TopLevelError(code) => {
                self.whole.get_or_insert(Injected {
                    code,
                    applied: false,
                });
            }
            Reaction::Delay(delay) => self.delay += delay,
            Reaction::DelayBeforeApply(delay) => self.delay_before += delay,
            Reaction::CorruptRecords => self.corrupt_records = true,
            Reaction::DropBeforeApply => self.end(Ending::DropBeforeApply),
            Reaction::DropAfterApply => self.end(Ending::DropAfterApply),
            Reaction::CloseConnection => self.end(Ending::CloseAfterAnswer),
            Reaction::Truncate => self.end(Ending::Truncate),
            Reaction::Garbage => self.end(Ending::Garbage),
            Reaction::WrongCorrelationId => self.end(Ending::WrongCorrelationId),
            Reaction::OversizedLength => self.end(Ending::OversizedLength),
            Reaction::DuplicateAnswer => self.end(Ending::DuplicateAnswer),
            Reaction::Silence => self.end(Ending::Silence),
        }
    }

    /// The error that the whole answer is to be.
    pub(crate) fn whole_error(&self) -> Option<ErrorCode> {
        self.whole.map(|injected| injected.code)
    }

    /// The error for one partition, that for everything included.
    pub(crate) fn error(&self, topic: &str, partition: i32) -> Option<Injected> {
        self.whole.or_else(|| {
            self.partitions
                .iter()
                .find(|(target, _)| {
                    target.topic.as_str() == topic && target.partition == Some(partition)
                })
                .map(|(_, injected)| *injected)
        })
    }

    /// The error for one topic, where the request names no partitions.
    pub(crate) fn topic_error(&self, topic: &str) -> Option<ErrorCode> {
        self.whole_error().or_else(|| {
            self.partitions
                .iter()
                .find(|(target, _)| target.topic.as_str() == topic)
                .map(|(_, injected)| injected.code)
        })
    }

    fn add_error(&mut self, subject: &Subject<'_>, hit: &Hit, injected: Injected) {
        if subject.targets.is_empty() {
            self.whole.get_or_insert(injected);
        } else {
            let targets = hit.indices().filter_map(|index| subject.targets.get(index));
            self.partitions
                .extend(targets.map(|target| (target.clone(), injected)));
        }
    }

    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }
}
