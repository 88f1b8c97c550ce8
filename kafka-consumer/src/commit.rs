//! What is committed for a group, and in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kafka_net::{Error, Random};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};
use kafka_router::Backoff;

use crate::assignment::TopicPartition;
use crate::batch::Batch;
use crate::error;
use crate::group::{self, GroupVerdict};
use crate::record::OwnedRecord;

/// A place in a partition up to which records were handled; made from a record or
/// a batch, for [`commit_through`](crate::Consumer::commit_through).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    partition: TopicPartition,
    offset: i64,
    leader_epoch: i32,
}

impl Position {
    pub(crate) fn new(partition: TopicPartition, offset: i64, leader_epoch: i32) -> Self {
        Self {
            partition,
            offset,
            leader_epoch,
        }
    }

    /// Which partition.
    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// The offset of the next record to read: one more than that of the last one
    /// handled.
    pub fn offset(&self) -> i64 {
        self.offset
    }
}

impl From<&OwnedRecord> for Position {
    fn from(record: &OwnedRecord) -> Self {
        record.position()
    }
}

impl From<&Batch> for Position {
    fn from(batch: &Batch) -> Self {
        batch.position()
    }
}

impl From<Position> for (TopicPartition, OffsetAndMetadata) {
    fn from(position: Position) -> Self {
        let mut offset = OffsetAndMetadata::new(position.offset);
        offset.leader_epoch = (position.leader_epoch >= 0).then_some(position.leader_epoch);
        (position.partition, offset)
    }
}

/// What a group keeps for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OffsetAndMetadata {
    /// The offset of the next record to read.
    pub offset: i64,
    /// The leader epoch of the last record read (KIP-320), if known.
    pub leader_epoch: Option<i32>,
    /// Text kept with the offset, for people. Brokers bound its length (4 KiB by
    /// default, `offset.metadata.max.bytes`).
    pub metadata: Option<StrBytes>,
}

impl OffsetAndMetadata {
    /// `offset` alone.
    pub fn new(offset: i64) -> Self {
        Self {
            offset,
            leader_epoch: None,
            metadata: None,
        }
    }

    /// Adds a text.
    #[must_use]
    pub fn with_metadata(mut self, text: impl Into<StrBytes>) -> Self {
        self.metadata = Some(text.into());
        self
    }

    /// Adds the leader epoch of the last record read.
    #[must_use]
    pub fn with_leader_epoch(mut self, epoch: i32) -> Self {
        self.leader_epoch = Some(epoch);
        self
    }
}

impl From<i64> for OffsetAndMetadata {
    fn from(offset: i64) -> Self {
        Self::new(offset)
    }
}

/// An offset on its way to the coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) partition: TopicPartition,
    /// The topic that the offset belongs to, where its id is known: a topic
    /// created anew under the same name must not get it.
    pub(crate) topic_id: Uuid,
    pub(crate) value: OffsetAndMetadata,
}

/// Commits in the order in which they were asked for.
///
/// One request is in flight at a time, and each attempt sends the newest value of
/// every partition, so an older commit never overwrites a newer one. `W` is
/// whoever waits for the outcome.
#[derive(Debug)]
pub(crate) struct CommitQueue<W> {
    group: StrBytes,
    wanted: BTreeMap<TopicPartition, Wanted>,
    jobs: Vec<Job<W>>,
    in_flight: bool,
    failures: u32,
    not_before: Option<Instant>,
    last_error: Option<Error>,
    backoff: Backoff,
    timeout: Duration,
}

#[derive(Debug)]
struct Wanted {
    commit: Commit,
    /// Set when the driver first sees it.
    deadline: Option<Instant>,
    /// Whether the request in flight carries this very value.
    sent: bool,
    /// Answers that said there is no such topic.
    unknown: u32,
}

#[derive(Debug)]
struct Job<W> {
    left: BTreeSet<TopicPartition>,
    error: Option<Error>,
    deadline: Option<Instant>,
    waiter: W,
}

/// What became of one partition of a commit request.
pub(crate) type CommitOutcome = (TopicPartition, ErrorCode);

/// A job that is over.
pub(crate) type Finished<W> = (W, Result<(), Error>);

/// How often "there is no such topic" is asked again before it is believed: a
/// coordinator may hear of a new topic late.
const UNKNOWN_TOPIC_TRIES: u32 = 5;

impl<W> CommitQueue<W> {
    /// Gives each commit `timeout`, with all its attempts.
    pub(crate) fn new(group: StrBytes, backoff: Backoff, timeout: Duration) -> Self {
        Self {
            group,
            wanted: BTreeMap::new(),
            jobs: Vec::new(),
            in_flight: false,
            failures: 0,
            not_before: None,
            last_error: None,
            backoff,
            timeout,
        }
    }

    /// Puts a commit in line; `commits` is not empty.
    pub(crate) fn push(&mut self, commits: Vec<Commit>, waiter: W) {
        let left = commits
            .iter()
            .map(|commit| commit.partition.clone())
            .collect();
        for commit in commits {
            self.wanted.insert(
                commit.partition.clone(),
                Wanted {
                    commit,
                    deadline: None,
                    sent: false,
                    unknown: 0,
                },
            );
        }
        self.jobs.push(Job {
            left,
            error: None,
            deadline: None,
            waiter,
        });
    }

    /// Forgets who no longer waits; what they committed is committed all the same.
    pub(crate) fn forget(&mut self, gone: impl Fn(&W) -> bool) {
        self.jobs.retain(|job| !gone(&job.waiter));
    }

    /// Whether nothing waits and nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.wanted.is_empty() && self.jobs.is_empty() && !self.in_flight
    }

    /// What to send now, if anything.
    pub(crate) fn next_request(&mut self, now: Instant) -> Option<Vec<Commit>> {
        let deadline = now + self.timeout;
        for wanted in self.wanted.values_mut() {
            wanted.deadline.get_or_insert(deadline);
        }
        for job in &mut self.jobs {
            job.deadline.get_or_insert(deadline);
        }
        if self.in_flight || self.wanted.is_empty() || self.not_before.is_some_and(|at| at > now) {
            return None;
        }
        self.in_flight = true;
        let commits = self.wanted.values_mut().map(|wanted| {
            wanted.sent = true;
            wanted.commit.clone()
        });
        Some(commits.collect())
    }

    /// When [`Self::next_request`] or [`Self::expire`] has something to do again.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let jobs = self.jobs.iter().filter_map(|job| job.deadline);
        // What is in flight is not given up before its own deadline.
        let idle = !self.in_flight;
        let wanted = self
            .wanted
            .values()
            .filter_map(|wanted| wanted.deadline.filter(|_| idle));
        let retry = self.not_before.filter(|_| idle && !self.wanted.is_empty());
        jobs.chain(wanted).chain(retry).min()
    }

    /// The request was answered, partition by partition. Returns what was
    /// committed, and adds the jobs that are over.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        outcomes: Vec<CommitOutcome>,
        random: &Random,
        finished: &mut Vec<Finished<W>>,
    ) -> Vec<Commit> {
        self.in_flight = false;
        let mut committed = Vec::new();
        let mut retried = None;
        for (partition, code) in outcomes {
            let Some(wanted) = self.wanted.get_mut(&partition) else {
                continue;
            };
            // Whoever asked again meanwhile is not served by this answer, but who
            // asked before is: theirs was sent, or is overtaken.
            let verdict = verdict(code, &mut wanted.unknown);
            let current = wanted.sent;
            match verdict {
                Verdict::Done => {
                    if current && let Some(done) = self.wanted.remove(&partition) {
                        committed.push(done.commit);
                        self.settle(&partition, None);
                    }
                }
                Verdict::Again => {
                    wanted.sent = false;
                    retried = Some(error::at(&partition, Error::broker(code)));
                }
                Verdict::Refused => {
                    if current {
                        self.wanted.remove(&partition);
                        let refused = group::refused(&self.group, Some(&partition), code);
                        self.settle(&partition, Some(refused));
                    }
                }
            }
        }
        // A partition that the answer left out is asked again.
        for wanted in self.wanted.values_mut() {
            if wanted.sent {
                wanted.sent = false;
                retried.get_or_insert_with(group::left_out);
            }
        }
        match retried {
            Some(error) => self.wait(now, error, random),
            None => {
                self.failures = 0;
                self.not_before = None;
            }
        }
        self.collect(finished);
        committed
    }

    /// There was no answer.
    pub(crate) fn failed(
        &mut self,
        now: Instant,
        error: Error,
        random: &Random,
        finished: &mut Vec<Finished<W>>,
    ) {
        self.in_flight = false;
        let final_for_all = !error.is_retriable();
        for wanted in self.wanted.values_mut() {
            wanted.sent = false;
        }
        if final_for_all {
            self.wanted.clear();
            for job in &mut self.jobs {
                job.left.clear();
                job.error.get_or_insert_with(|| error.clone());
            }
            self.collect(finished);
        } else {
            self.wait(now, error, random);
        }
    }

    /// Ends what took too long.
    pub(crate) fn expire(&mut self, now: Instant, finished: &mut Vec<Finished<W>>) {
        let due = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        for job in self.jobs.iter_mut().filter(|job| due(job.deadline)) {
            let late = Error::timeout("the commit was not confirmed", self.timeout)
                .with_possibly_written(true)
                .with_attempts(self.failures);
            let late = match &self.last_error {
                Some(cause) => late.with_source(cause.clone()),
                None => late,
            };
            job.left.clear();
            job.error.get_or_insert(late);
        }
        if !self.in_flight {
            self.wanted.retain(|_, wanted| !due(wanted.deadline));
        }
        self.collect(finished);
    }

    /// Ends everything, because the consumer closes.
    pub(crate) fn abandon(&mut self, error: &Error, finished: &mut Vec<Finished<W>>) {
        self.wanted.clear();
        for job in self.jobs.drain(..) {
            finished.push((job.waiter, Err(job.error.unwrap_or_else(|| error.clone()))));
        }
    }

    fn wait(&mut self, now: Instant, error: Error, random: &Random) {
        self.not_before = Some(now + self.backoff.delay(self.failures, random));
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error);
    }

    /// `partition` is done for everyone who wanted it.
    fn settle(&mut self, partition: &TopicPartition, error: Option<Error>) {
        for job in &mut self.jobs {
            if job.left.remove(partition)
                && let Some(error) = &error
            {
                job.error.get_or_insert_with(|| error.clone());
            }
        }
    }

    fn collect(&mut self, finished: &mut Vec<Finished<W>>) {
        let mut index = 0;
        while let Some(job) = self.jobs.get(index) {
            if job.left.is_empty() {
                let job = self.jobs.remove(index);
                finished.push((job.waiter, job.error.map_or(Ok(()), Err)));
            } else {
                index += 1;
            }
        }
    }
}

enum Verdict {
    Done,
    Again,
    Refused,
}

fn verdict(code: ErrorCode, unknown: &mut u32) -> Verdict {
    match code {
        ErrorCode::None => Verdict::Done,
        ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopicId => {
            *unknown += 1;
            if *unknown < UNKNOWN_TOPIC_TRIES {
                Verdict::Again
            } else {
                Verdict::Refused
            }
        }
        code => match group::verdict(code) {
            GroupVerdict::Fail => Verdict::Refused,
            GroupVerdict::FindCoordinator | GroupVerdict::Retry => Verdict::Again,
        },
    }
}
