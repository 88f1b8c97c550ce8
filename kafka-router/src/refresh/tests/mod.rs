//! Dialogues with the state machine: waits for topics and for anything at all.

use std::collections::BTreeMap;

use kafka_protocol::messages::MetadataResponse;
use kafka_protocol::messages::metadata::MetadataResponseTopic;

use super::*;
use crate::test_metadata::{response, topic};

mod histories;
mod updates;

/// A machine and its clock, in milliseconds. Backoff 100 ms to 1 s without
/// jitter, maximum age 300 s.
struct Dialogue {
    machine: Refresh,
    start: Instant,
    now: u64,
    resolved: BTreeMap<WaiterId, Result<Arc<Cluster>, Error>>,
    published: Vec<u64>,
}

impl Dialogue {
    fn new() -> Self {
        Self::with_creation(true)
    }

    fn with_creation(allow_auto_topic_creation: bool) -> Self {
        let start = kafka_net::clock::now();
        let settings = Settings {
            max_age: Duration::from_secs(300),
            backoff: Backoff {
                jitter: 0.0,
                ..Backoff::default()
            },
            allow_auto_topic_creation,
            rebootstrap_after: Some(Duration::from_secs(60)),
        };
        Self {
            machine: Refresh::new(start, settings, Random::from_seed(1)),
            start,
            now: 0,
            resolved: BTreeMap::new(),
            published: Vec::new(),
        }
    }

    /// One that has been answered once, at time 0, and has these topics in use.
    fn started(topics: Vec<MetadataResponseTopic>) -> Self {
        let mut talk = Self::new();
        for (id, topic) in (1000..).zip(&topics) {
            talk.wait(id, Goal::Topic(topic.name.clone().unwrap()), 1);
        }
        talk.wait(999, Goal::Ready, 1);
        talk.asks();
        talk.answer(topics);
        assert!(talk.resolved.values().all(Result::is_ok));
        talk.resolved.clear();
        talk
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    fn to(&mut self, millis: u64) -> &mut Self {
        assert!(millis >= self.now, "time runs forward");
        self.now = millis;
        self
    }

    fn collect(&mut self) {
        for output in self.machine.take_outputs() {
            match output {
                Output::Publish(cluster) => self.published.push(cluster.generation()),
                Output::Resolve(id, result) => {
                    let before = self.resolved.insert(id, result);
                    assert!(before.is_none(), "{id} resolved twice");
                }
            }
        }
    }

    fn wait(&mut self, id: WaiterId, goal: Goal, deadline: u64) {
        let (now, deadline) = (self.at(self.now), self.at(deadline));
        self.machine.wait(now, id, goal, deadline);
        self.collect();
    }

    fn wait_topic(&mut self, id: WaiterId, name: &str, deadline: u64) {
        self.wait(id, Goal::Topic(StrBytes::from(name)), deadline);
    }

    fn poll(&mut self) -> Option<Question> {
        let question = self.machine.poll(self.at(self.now));
        self.collect();
        question
    }

    #[track_caller]
    fn asks(&mut self) -> Question {
        self.poll().expect("a question")
    }

    #[track_caller]
    fn asks_nothing(&mut self) {
        assert_eq!(self.poll(), None);
    }

    /// Lets time pass until there is a question; the time and the question.
    #[track_caller]
    fn next_question(&mut self) -> (u64, Question) {
        for _ in 0..1000 {
            if let Some(question) = self.poll() {
                return (self.now, question);
            }
            let at = self.machine.wake_at().expect("something to wake for");
            let millis = at.duration_since(self.start).as_millis();
            self.now = u64::try_from(millis).unwrap().max(self.now + 1);
        }
        panic!("no question");
    }

    fn answer(&mut self, topics: Vec<MetadataResponseTopic>) {
        self.answer_with(response(&[1, 2, 3], topics));
    }

    fn answer_with(&mut self, response: MetadataResponse) {
        let answer = Answer {
            response,
            version: 13,
            other_cluster: false,
        };
        self.machine.on_answer(self.at(self.now), answer);
        self.collect();
    }

    fn fail(&mut self, kind: ErrorKind) {
        let error = Error::new(kind);
        self.machine.on_failure(self.at(self.now), error);
        self.collect();
    }

    #[track_caller]
    fn error(&mut self, id: WaiterId) -> Error {
        self.resolved
            .remove(&id)
            .unwrap_or_else(|| panic!("{id} is not resolved"))
            .unwrap_err()
    }

    #[track_caller]
    fn ok(&mut self, id: WaiterId) -> Arc<Cluster> {
        self.resolved
            .remove(&id)
            .unwrap_or_else(|| panic!("{id} is not resolved"))
            .unwrap()
    }
}

fn names(question: &Question) -> Vec<&str> {
    question.topics.iter().map(|name| &**name).collect()
}

fn unknown(name: &str) -> MetadataResponseTopic {
    failing(name, ErrorCode::UnknownTopicOrPartition)
}

fn failing(name: &str, code: ErrorCode) -> MetadataResponseTopic {
    topic(name, 0, &[]).with_error_code(code.code())
}

#[test]
fn nothing_is_asked_until_something_is_wanted() {
    let mut talk = Dialogue::new();
    talk.to(10_000_000).asks_nothing();
    assert_eq!(talk.machine.wake_at(), None);
}

#[test]
fn the_first_answer_makes_it_ready() {
    let mut talk = Dialogue::new();
    talk.wait(1, Goal::Ready, 5000);
    let question = talk.asks();
    assert_eq!((question.purpose, names(&question)), (Purpose::All, vec![]));
    assert!(!question.allow_auto_topic_creation);
    talk.asks_nothing();
    talk.answer(vec![]);
    assert_eq!(talk.published, [1]);
    assert_eq!(talk.ok(1).generation(), 1);
    talk.wait(2, Goal::Ready, 5000);
    assert_eq!(talk.ok(2).generation(), 1);
    talk.asks_nothing();
}

#[test]
fn a_topic_in_the_snapshot_is_there_at_once() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)])]);
    talk.wait_topic(1, "a", 10);
    assert!(talk.ok(1).topic("a").is_some());
    talk.asks_nothing();
}

#[test]
fn a_missing_topic_is_asked_for_with_backoff_until_it_is_there() {
    let mut talk = Dialogue::new();
    talk.wait_topic(1, "a", 60_000);
    let mut times = Vec::new();
    for _ in 0..7 {
        let (at, question) = talk.next_question();
        assert_eq!(
            (question.purpose, names(&question)),
            (Purpose::Seek, vec!["a"])
        );
        assert!(question.allow_auto_topic_creation);
        times.push(at);
        talk.answer(vec![unknown("a")]);
    }
    assert_eq!(times, [0, 100, 300, 700, 1500, 2500, 3500]);
    talk.next_question();
    // Created, but without partitions in sight yet.
    talk.answer(vec![failing("a", ErrorCode::LeaderNotAvailable)]);
    assert!(talk.resolved.is_empty());
    talk.next_question();
    talk.answer(vec![topic("a", 1, &[(1, 0)])]);
    assert!(talk.ok(1).topic("a").is_some());
    talk.asks_nothing();
}

#[test]
fn a_topic_that_stays_missing_is_named_with_advice_at_the_deadline() {
    for (allowed, advice) in [(true, "auto.create"), (false, "allow_auto_topic_creation")] {
        let mut talk = Dialogue::with_creation(allowed);
        talk.wait_topic(1, "orders", 250);
        for _ in 0..2 {
            let (_, question) = talk.next_question();
            assert_eq!(question.allow_auto_topic_creation, allowed);
            talk.answer(vec![unknown("orders")]);
        }
        talk.to(249).asks_nothing();
        assert!(talk.resolved.is_empty());
        talk.to(250).asks_nothing();
        let error = talk.error(1);
        assert_eq!(
            error.broker_error(),
            Some(ErrorCode::UnknownTopicOrPartition)
        );
        assert_eq!(error.context().topic(), Some("orders"));
        assert_eq!(error.context().attempts(), Some(2));
        let text = error.to_string();
        assert!(
            text.contains("create the topic") && text.contains(advice),
            "{text}"
        );
        assert!(text.contains("250ms"), "{text}");
    }
}

#[test]
fn errors_that_waiting_cannot_mend_are_told_at_once() {
    for code in [
        ErrorCode::InvalidTopicException,
        ErrorCode::TopicAuthorizationFailed,
        ErrorCode::ClusterAuthorizationFailed,
    ] {
        let mut talk = Dialogue::new();
        talk.wait_topic(1, "a", 60_000);
        talk.wait_topic(2, "b", 60_000);
        talk.asks();
        talk.answer(vec![failing("a", code), unknown("b")]);
        assert_eq!(talk.error(1).broker_error(), Some(code));
        // The other one waits on, alone.
        assert!(talk.resolved.is_empty());
        assert_eq!(names(&talk.next_question().1), ["b"]);
    }
    for code in [
        ErrorCode::LeaderNotAvailable,
        ErrorCode::InvalidReplicationFactor,
        ErrorCode::UnknownServerError,
    ] {
        let mut talk = Dialogue::new();
        talk.wait_topic(1, "a", 60_000);
        talk.asks();
        talk.answer(vec![failing("a", code)]);
        assert!(talk.resolved.is_empty());
    }
}

#[test]
fn names_that_no_request_can_carry_are_refused_unasked() {
    let mut talk = Dialogue::new();
    talk.wait_topic(1, "", 1000);
    talk.wait_topic(2, &"x".repeat(40_000), 1000);
    talk.wait(3, Goal::Round(vec![StrBytes::from("")]), 1000);
    for id in 1..=3 {
        assert_eq!(talk.error(id).kind(), &ErrorKind::InvalidArgument);
    }
    talk.asks_nothing();
}

#[test]
fn one_question_serves_everyone_and_outlives_whoever_caused_it() {
    let mut talk = Dialogue::new();
    talk.wait_topic(1, "a", 60_000);
    let question = talk.asks();
    assert_eq!(names(&question), ["a"]);
    talk.wait_topic(2, "a", 60_000);
    talk.wait(3, Goal::Ready, 60_000);
    talk.asks_nothing();
    talk.machine.cancel(1);
    talk.answer(vec![topic("a", 1, &[(1, 1)])]);
    assert!(talk.ok(2).topic("a").is_some());
    talk.ok(3);
    assert!(talk.resolved.is_empty());
    talk.asks_nothing();
}

#[test]
fn who_leaves_leaves_no_trace() {
    let mut talk = Dialogue::new();
    talk.wait_topic(1, "a", 60_000);
    talk.wait(2, Goal::Round(vec![StrBytes::from("b")]), 60_000);
    talk.wait(3, Goal::Broker(7), 60_000);
    talk.wait(4, Goal::Controller, 60_000);
    talk.wait(5, Goal::Ready, 60_000);
    for id in 1..=5 {
        talk.machine.cancel(id);
    }
    talk.machine.cancel(99);
    talk.asks_nothing();
    assert_eq!(talk.machine.waiting(), 0);
    assert_eq!(talk.machine.wake_at(), None);
    assert!(talk.machine.in_use.is_empty());

    // Also while the question is under way: the answer finds nobody.
    talk.wait_topic(6, "a", 60_000);
    talk.asks();
    talk.machine.cancel(6);
    talk.answer(vec![topic("a", 1, &[(1, 1)])]);
    assert!(talk.resolved.is_empty());
    assert_eq!(talk.machine.cluster().topics().len(), 0);
}

#[test]
fn deadlines_leave_no_trace_either() {
    let mut talk = Dialogue::new();
    talk.wait_topic(1, "a", 50);
    talk.asks();
    talk.to(50).asks_nothing();
    assert_eq!(talk.error(1).kind(), &ErrorKind::Timeout);
    assert!(talk.machine.in_use.is_empty());
    assert_eq!(talk.machine.wake_at(), None);
}

#[test]
fn a_wait_for_a_new_topic_does_not_wait_for_another_topics_backoff() {
    let mut talk = Dialogue::started(vec![]);
    talk.to(10_000).wait_topic(1, "missing", 60_000);
    for _ in 0..5 {
        talk.next_question();
        talk.answer(vec![unknown("missing")]);
    }
    talk.asks_nothing();
    talk.wait_topic(2, "there", 60_000);
    assert_eq!(names(&talk.asks()), ["missing", "there"]);
    talk.answer(vec![unknown("missing"), topic("there", 1, &[(1, 1)])]);
    talk.ok(2);
    // Waiting for the same missing topic is nothing new.
    talk.wait_topic(3, "missing", 60_000);
    talk.asks_nothing();
}

#[test]
fn a_topic_that_was_found_leaves_the_next_one_no_backoff() {
    let mut talk = Dialogue::started(vec![]);
    talk.to(1000).wait_topic(1, "slow", 60_000);
    for _ in 0..3 {
        talk.next_question();
        talk.answer(vec![unknown("slow")]);
    }
    talk.next_question();
    talk.answer(vec![topic("slow", 1, &[(1, 1)])]);
    talk.ok(1);
    talk.wait_topic(2, "next", 60_000);
    talk.asks();
    talk.answer(vec![unknown("next")]);
    let before = talk.now;
    assert_eq!(talk.next_question().0 - before, 100);
}

#[test]
fn an_answer_about_another_topic_says_nothing_about_this_one() {
    let mut talk = Dialogue::started(vec![]);
    talk.to(1000).wait_topic(1, "a", 60_000);
    talk.asks();
    talk.wait_topic(2, "b", 2000);
    talk.answer(vec![unknown("a")]);
    assert_eq!(names(&talk.asks()), ["a", "b"]);
    talk.to(2000).poll();
    let error = talk.error(2);
    assert_eq!(error.kind(), &ErrorKind::Timeout, "{error}");
    assert_eq!(error.context().topic(), Some("b"));
}

#[test]
fn a_missing_topic_holds_up_no_news() {
    let mut talk = Dialogue::started(vec![topic("a", 1, &[(1, 1)])]);
    talk.to(1000).wait_topic(1, "missing", 60_000);
    talk.asks();
    talk.machine.nudge(Some("a"));
    talk.answer(vec![unknown("missing")]);
    let question = talk.asks();
    assert_eq!(
        (question.purpose, names(&question)),
        (Purpose::Part, vec!["a"])
    );
    // Both due at the same moment: in turns.
    talk.answer(vec![topic("a", 1, &[(2, 2)])]);
    talk.machine.nudge(Some("a"));
    talk.to(5000);
    let mut purposes = Vec::new();
    for _ in 0..4 {
        purposes.push(talk.asks().purpose);
        talk.to(talk.now + 5000);
        talk.machine.nudge(Some("a"));
        talk.answer(vec![unknown("missing")]);
        talk.to(talk.now + 5000);
    }
    assert_eq!(
        purposes,
        [Purpose::Seek, Purpose::Part, Purpose::Seek, Purpose::Part]
    );
}
