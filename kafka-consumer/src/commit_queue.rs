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
mod tests {
    use kafka_net::{ErrorKind, clock};
    use kafka_protocol::Uuid;

    use super::*;
    use crate::commit::OffsetAndMetadata;
    use crate::error;

    struct Line {
        queue: CommitQueue<u32>,
        now: Instant,
        random: Random,
        finished: Vec<Finished<u32>>,
    }

    impl Line {
        fn new() -> Self {
            let backoff = Backoff::default();
            Self {
                queue: CommitQueue::new("g".into(), backoff, Duration::from_secs(60)),
                now: clock::now(),
                random: Random::from_seed(1),
                finished: Vec::new(),
            }
        }

        fn push(&mut self, waiter: u32, offsets: &[(i32, i64)]) {
            let commits = offsets.iter().map(|(partition, offset)| Commit {
                partition: t(*partition),
                topic_id: Uuid::default(),
                value: OffsetAndMetadata::new(*offset),
            });
            self.queue.push(commits.collect(), waiter);
        }

        /// (partition, offset) of the request that goes out now.
        fn sent(&mut self) -> Option<Vec<(i32, i64)>> {
            let commits = self.queue.next_request(self.now)?;
            let sent = commits.iter();
            Some(
                sent.map(|c| (c.partition.partition, c.value.offset))
                    .collect(),
            )
        }

        fn answer(&mut self, codes: &[(i32, ErrorCode)]) -> Vec<(i32, i64)> {
            let outcomes = codes.iter().map(|(p, code)| (t(*p), *code)).collect();
            self.queue
                .answered(self.now, outcomes, &self.random, &mut self.finished)
                .iter()
                .map(|c| (c.partition.partition, c.value.offset))
                .collect()
        }

        fn fail(&mut self, error: Error) {
            self.queue
                .failed(self.now, error, &self.random, &mut self.finished);
        }

        fn pass(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }

        /// Waiters that heard since the last call, and whether all was well.
        fn heard(&mut self) -> Vec<(u32, bool)> {
            let heard = self.finished.drain(..);
            heard
                .map(|(waiter, result)| (waiter, result.is_ok()))
                .collect()
        }
    }

    fn t(partition: i32) -> TopicPartition {
        TopicPartition::new("t", partition)
    }

    const OK: ErrorCode = ErrorCode::None;

    #[test]
    fn commits_go_one_after_another_and_those_that_wait_go_together() {
        let mut line = Line::new();
        line.push(1, &[(0, 10), (1, 10)]);
        assert_eq!(line.sent(), Some(vec![(0, 10), (1, 10)]));
        line.push(2, &[(0, 20)]);
        line.push(3, &[(0, 30), (2, 30)]);
        assert_eq!(line.sent(), None, "one in flight");
        // The first value of partition 0 is stored, but a newer one is wanted.
        assert_eq!(line.answer(&[(0, OK), (1, OK)]), [(1, 10)]);
        assert_eq!(line.sent(), Some(vec![(0, 30), (2, 30)]));
        assert_eq!(line.answer(&[(0, OK), (2, OK)]), [(0, 30), (2, 30)]);
        assert_eq!(line.heard(), [(1, true), (2, true), (3, true)]);
        assert!(line.queue.is_idle());
        assert_eq!(line.queue.wake_at(), None);
    }

    #[test]
    fn an_older_value_is_never_sent_after_a_newer_one() {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        line.sent();
        line.push(2, &[(0, 20)]);
        // The first attempt failed: what is sent again is what is newest.
        line.answer(&[(0, ErrorCode::CoordinatorLoadInProgress)]);
        assert_eq!(line.sent(), None, "after a pause");
        line.pass(1);
        assert_eq!(line.sent(), Some(vec![(0, 20)]));
        line.answer(&[(0, OK)]);
        assert_eq!(line.heard(), [(1, true), (2, true)]);
        // Going back on purpose is newer too.
        line.push(3, &[(0, 5)]);
        assert_eq!(line.sent(), Some(vec![(0, 5)]));
    }

    #[test]
    fn a_refused_partition_fails_who_wanted_it_and_the_rest_is_stored() {
        let mut line = Line::new();
        line.push(1, &[(0, 10), (1, 10)]);
        line.push(2, &[(1, 11)]);
        line.sent();
        let refused = ErrorCode::TopicAuthorizationFailed;
        assert_eq!(line.answer(&[(0, refused), (1, OK)]), [(1, 11)]);
        assert_eq!(line.heard(), [(1, false), (2, true)]);
        assert!(line.queue.is_idle());
    }

    #[test]
    fn retriable_failures_are_tried_until_the_deadline_and_then_told_with_their_cause() {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        line.sent();
        let lost = || {
            let error = Error::new(ErrorKind::Disconnected).with_message("it went away");
            error.with_possibly_written(true)
        };
        let mut tries = 0;
        while line.heard().is_empty() {
            let Line {
                queue,
                now,
                random,
                finished,
            } = &mut line;
            queue.failed(*now, lost(), random, finished);
            tries += 1;
            line.now = line.queue.wake_at().unwrap();
            line.queue.expire(line.now, &mut line.finished);
            if let Some((_, Err(error))) = line.finished.last() {
                assert_eq!(*error.kind(), ErrorKind::Timeout);
                assert!(error.possibly_written());
                let text = error.to_string();
                assert!(text.contains("it went away"), "{text}");
                assert!(text.contains("group is \"g\""), "{text}");
                assert_eq!(error.context().api(), Some(ApiKey::OffsetCommit));
            }
            line.sent();
        }
        assert!((50..80).contains(&tries), "{tries}");
    }

    #[test]
    fn a_failure_for_good_ends_all() {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        line.sent();
        line.push(2, &[(1, 10)]);
        let Line {
            queue,
            now,
            random,
            finished,
        } = &mut line;
        queue.failed(*now, Error::config("no"), random, finished);
        assert_eq!(line.heard(), [(1, false), (2, false)]);
        assert!(line.queue.is_idle());
    }

    /// What the only job hears of, after these steps.
    fn told(steps: impl Fn(&mut Line)) -> Error {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        steps(&mut line);
        line.finished.remove(0).1.unwrap_err()
    }

    #[test]
    fn a_failure_says_what_earlier_attempts_may_have_stored() {
        let disconnected =
            |possibly| Error::new(ErrorKind::Disconnected).with_possibly_written(possibly);
        let refused = |line: &mut Line| {
            line.pass(60);
            line.sent();
            line.answer(&[(0, ErrorCode::GroupAuthorizationFailed)]);
        };
        for possibly in [true, false] {
            let error = told(|line| {
                line.sent();
                line.fail(disconnected(possibly));
                // The next attempt is not even made.
                line.pass(60);
                line.sent();
                line.fail(Error::config("no").with_possibly_written(false));
            });
            assert_eq!(error.possibly_written(), possibly, "{error}");
            let error = told(|line| {
                line.sent();
                line.fail(disconnected(possibly));
                refused(line);
            });
            assert_eq!(error.possibly_written(), possibly, "{error}");
        }
        let answers: [(&[(i32, ErrorCode)], bool); 5] = [
            (&[(0, ErrorCode::RequestTimedOut)], true),
            (&[(0, ErrorCode::CoordinatorNotAvailable)], true),
            (&[(0, ErrorCode::NotCoordinator)], true),
            (&[(0, ErrorCode::CoordinatorLoadInProgress)], false),
            (&[], true),
        ];
        for (answer, possibly) in answers {
            let error = told(|line| {
                line.sent();
                line.answer(answer);
                refused(line);
            });
            assert_eq!(error.possibly_written(), possibly, "{answer:?}: {error}");
        }
    }

    #[test]
    fn who_was_sent_is_served_though_another_asks_meanwhile() {
        let mut line = Line::new();
        line.push(1, &[(0, 10), (1, 10)]);
        line.sent();
        line.push(2, &[(0, 20)]);
        line.answer(&[(0, OK), (1, OK)]);
        assert_eq!(line.heard(), [(1, true)]);
        assert_eq!(line.sent(), Some(vec![(0, 20)]));
        line.answer(&[(0, ErrorCode::TopicAuthorizationFailed)]);
        assert_eq!(line.heard(), [(2, false)]);
        assert!(line.queue.is_idle());
    }

    #[test]
    fn what_is_in_flight_may_be_stored_and_what_waits_is_not() {
        let ended = |sends: bool| {
            let end = |line: &mut Line| line.queue.abandon(&error::closed(), &mut line.finished);
            let expire = |line: &mut Line| {
                line.queue.next_request(line.now - Duration::from_secs(1));
                line.pass(60);
                line.queue.expire(line.now, &mut line.finished);
            };
            let send = |line: &mut Line| {
                if sends {
                    line.sent();
                } else {
                    line.queue.not_before = Some(line.now + Duration::from_secs(100));
                }
            };
            [
                told(|line| {
                    send(line);
                    end(line);
                }),
                told(|line| {
                    send(line);
                    expire(line);
                }),
            ]
        };
        assert!(ended(true).iter().all(Error::possibly_written));
        assert!(!ended(false).iter().any(Error::possibly_written));
    }

    #[test]
    fn a_topic_the_coordinator_does_not_know_is_asked_a_few_times_only() {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        let mut tries = 0;
        while line.heard().is_empty() {
            line.pass(2);
            assert!(line.sent().is_some());
            line.answer(&[(0, ErrorCode::UnknownTopicOrPartition)]);
            tries += 1;
            if tries > 4 {
                break;
            }
        }
        assert_eq!(tries, 5);
        assert!(line.queue.is_idle());
    }

    #[test]
    fn a_partition_that_the_answer_leaves_out_is_sent_again() {
        let mut line = Line::new();
        line.push(1, &[(0, 10), (1, 10)]);
        line.sent();
        line.answer(&[(1, OK), (7, OK)]);
        assert_eq!(line.heard(), []);
        line.pass(1);
        assert_eq!(line.sent(), Some(vec![(0, 10)]));
    }

    #[test]
    fn who_no_longer_waits_is_forgotten_and_the_commit_is_not() {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        line.queue.forget(|waiter| *waiter == 1);
        assert!(!line.queue.is_idle());
        assert_eq!(line.sent(), Some(vec![(0, 10)]));
        line.answer(&[(0, OK)]);
        assert_eq!(line.heard(), []);
        assert!(line.queue.is_idle());
    }

    #[test]
    fn what_nobody_waits_for_ends_at_its_deadline_too() {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        line.queue.forget(|_| true);
        line.sent();
        line.answer(&[(0, ErrorCode::NotCoordinator)]);
        line.pass(60);
        line.queue.expire(line.now, &mut line.finished);
        assert!(line.queue.is_idle());
    }

    #[test]
    fn closing_tells_everyone() {
        let mut line = Line::new();
        line.push(1, &[(0, 10)]);
        line.push(2, &[(1, 10)]);
        line.queue.abandon(&error::closed(), &mut line.finished);
        assert_eq!(line.heard(), [(1, false), (2, false)]);
    }
}
