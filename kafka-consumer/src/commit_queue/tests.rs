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
