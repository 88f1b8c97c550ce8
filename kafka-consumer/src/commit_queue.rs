//! In which order commits go out, and who hears of them: a pure state machine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kafka_net::{Error, Random};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes};
use kafka_router::Backoff;

use crate::assignment::TopicPartition;
use crate::commit::Commit;
use crate::group::{self, GroupVerdict};

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
    /// The request in flight carries it.
    sent: bool,
    /// An attempt before left open whether it was stored.
    in_doubt: bool,
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
            sent: false,
            in_doubt: false,
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
        for job in &mut self.jobs {
            job.sent = true;
        }
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
            if may_be_stored(code) {
                doubt(&mut self.jobs, &partition);
            }
            let Some(wanted) = self.wanted.get_mut(&partition) else {
                continue;
            };
            // Who asked before the request went out is served by its answer; whoever
            // asked again meanwhile is not.
            let verdict = verdict(code, &mut wanted.unknown);
            let current = wanted.sent;
            match verdict {
                Verdict::Done => {
                    if current && let Some(done) = self.wanted.remove(&partition) {
                        committed.push(done.commit);
                    }
                    for job in self.jobs.iter_mut().filter(|job| job.sent) {
                        job.left.remove(&partition);
                    }
                }
                Verdict::Again => {
                    wanted.sent = false;
                    let api = ApiKey::OffsetCommit;
                    retried = Some(group::refused(api, &self.group, Some(&partition), code));
                }
                Verdict::Refused => {
                    if current {
                        self.wanted.remove(&partition);
                        let api = ApiKey::OffsetCommit;
                        let refused = group::refused(api, &self.group, Some(&partition), code);
                        self.refuse(&partition, &refused);
                    }
                }
            }
        }
        // A partition that the answer left out is asked again.
        for (partition, wanted) in &mut self.wanted {
            if wanted.sent {
                wanted.sent = false;
                retried.get_or_insert_with(group::left_out);
                doubt(&mut self.jobs, partition);
            }
        }
        self.arrived();
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
        for job in &mut self.jobs {
            job.in_doubt |= job.sent && error.possibly_written();
        }
        self.arrived();
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
                .with_api(ApiKey::OffsetCommit)
                .with_hint(group::of_group(&self.group))
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
        for mut job in self.jobs.drain(..) {
            job.error.get_or_insert_with(|| error.clone());
            finished.push(job.finish());
        }
    }

    /// No request is in flight any more.
    fn arrived(&mut self) {
        for job in &mut self.jobs {
            job.sent = false;
        }
    }

    fn wait(&mut self, now: Instant, error: Error, random: &Random) {
        self.not_before = Some(now + self.backoff.delay(self.failures, random));
        self.failures = self.failures.saturating_add(1);
        self.last_error = Some(error);
    }

    /// `partition` is over for everyone who wanted it.
    fn refuse(&mut self, partition: &TopicPartition, error: &Error) {
        for job in &mut self.jobs {
            if job.left.remove(partition) {
                job.error.get_or_insert_with(|| error.clone());
            }
        }
    }

    fn collect(&mut self, finished: &mut Vec<Finished<W>>) {
        let mut index = 0;
        while let Some(job) = self.jobs.get(index) {
            if job.left.is_empty() {
                let job = self.jobs.remove(index);
                finished.push(job.finish());
            } else {
                index += 1;
            }
        }
    }
}

impl<W> Job<W> {
    /// What attempts before, and one still in flight, may have done is part of a failure.
    fn finish(self) -> Finished<W> {
        let possibly = self.in_doubt || self.sent;
        let failed = self.error.map(|error| {
            let possibly = possibly || error.possibly_written();
            error.with_possibly_written(possibly)
        });
        (self.waiter, failed.map_or(Ok(()), Err))
    }
}

/// Whether the attempt in flight stored this partition's offset is not known.
fn doubt<W>(jobs: &mut [Job<W>], partition: &TopicPartition) {
    for job in jobs {
        job.in_doubt |= job.sent && job.left.contains(partition);
    }
}

/// Coordinators answer so, too, when their own write was appended and then not confirmed
/// in time, or its log got another leader.
fn may_be_stored(code: ErrorCode) -> bool {
    use ErrorCode::{CoordinatorNotAvailable, NotCoordinator, RequestTimedOut, UnknownServerError};
    matches!(
        code,
        CoordinatorNotAvailable | NotCoordinator | RequestTimedOut | UnknownServerError
    )
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

#[cfg(test)]
mod tests;
