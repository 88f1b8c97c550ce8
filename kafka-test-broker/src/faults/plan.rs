use std::time::Duration;

use kafka_protocol::{ErrorCode, StrBytes};

use super::condition::{Hit, Subject, Target};
use super::reaction::Reaction;

/// What all faults together do to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Errors for single partitions.
    partitions: Vec<(Target, Injected)>,
    /// Topics about which the client may do and learn nothing.
    refused: Vec<(StrBytes, ErrorCode)>,
    /// One error for everything.
    whole: Option<Injected>,
    /// Partitions left out of the answer, and such that stand in it twice.
    pub(super) omitted: Vec<Target>,
    pub(super) repeated: Vec<Target>,
    pub(super) stale: Vec<Target>,
    pub(super) redirected: Vec<(Target, i32)>,
    pub(super) no_brokers: bool,
    pub refuse_own_versions: bool,
    /// What happens to the cluster before the request is served.
    pub changes: Vec<Change>,
    /// What happens to the broker before it answers.
    pub broker: Option<BrokerFault>,
    pub throttle: Duration,
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

/// Something that happens to the cluster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    MoveLeader(Target),
    MoveCoordinators,
    RecreateTopic(StrBytes),
    JumpWallClock(i64),
}

/// Something that happens to the broker that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrokerFault {
    Stop,
    Pause,
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
            Reaction::Throttle(time) => self.throttle = self.throttle.max(time),
            Reaction::OmitPartitions => self.omitted.extend(targets(subject, hit).cloned()),
            Reaction::RepeatPartitions => self.repeated.extend(targets(subject, hit).cloned()),
            Reaction::StaleLeaders => self.stale.extend(targets(subject, hit).cloned()),
            Reaction::RedirectFetch(to) => {
                let hit = targets(subject, hit).map(|target| (target.clone(), to));
                self.redirected.extend(hit);
            }
            Reaction::NoBrokers => self.no_brokers = true,
            Reaction::RefuseOwnVersions => self.refuse_own_versions = true,
            Reaction::MoveLeader => {
                let moves = targets(subject, hit).cloned().map(Change::MoveLeader);
                self.changes.extend(moves);
            }
            Reaction::RecreateTopic => {
                for target in targets(subject, hit) {
                    let change = Change::RecreateTopic(target.topic.clone());
                    if !self.changes.contains(&change) {
                        self.changes.push(change);
                    }
                }
            }
            Reaction::MoveCoordinators => self.changes.push(Change::MoveCoordinators),
            Reaction::JumpWallClock(by_ms) => self.changes.push(Change::JumpWallClock(by_ms)),
            Reaction::StopBroker => {
                self.broker.get_or_insert(BrokerFault::Stop);
            }
            Reaction::PauseBroker => {
                self.broker.get_or_insert(BrokerFault::Pause);
            }
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

    /// Refuses the whole request.
    pub(crate) fn refuse(&mut self, code: ErrorCode) {
        self.whole.get_or_insert(Injected {
            code,
            applied: false,
        });
    }

    /// Refuses what is about one topic.
    pub(crate) fn refuse_topic(&mut self, topic: StrBytes, code: ErrorCode) {
        self.refused.push((topic, code));
    }

    /// Why a topic is refused to whoever asks, whatever faults do.
    pub(crate) fn refusal(&self, topic: &str) -> Option<ErrorCode> {
        let mut refused = self.refused.iter();
        refused
            .find(|(name, _)| name.as_str() == topic)
            .map(|(_, code)| *code)
    }

    /// The error for everything.
    pub(crate) fn whole(&self) -> Option<Injected> {
        self.whole
    }

    /// The error that the whole answer is to be.
    pub(crate) fn whole_error(&self) -> Option<ErrorCode> {
        self.whole.map(|injected| injected.code)
    }

    /// The error for one partition, that for everything included.
    pub(crate) fn error(&self, topic: &str, partition: i32) -> Option<Injected> {
        let refused = self.refusal(topic).map(|code| Injected {
            code,
            applied: false,
        });
        self.whole.or(refused).or_else(|| {
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
        self.whole_error().or(self.refusal(topic)).or_else(|| {
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
            let hit = targets(subject, hit).map(|target| (target.clone(), injected));
            self.partitions.extend(hit);
        }
    }

    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }
}

/// The targets that meet the condition.
fn targets<'a>(subject: &'a Subject<'_>, hit: &'a Hit) -> impl Iterator<Item = &'a Target> {
    hit.indices().filter_map(|index| subject.targets.get(index))
}
