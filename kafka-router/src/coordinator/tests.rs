use std::collections::BTreeMap;

use kafka_protocol::messages::FindCoordinatorResponse;
use kafka_protocol::messages::find_coordinator::Coordinator;

use super::CoordinatorKind::{Group, Transaction};
use super::*;

/// A machine and its clock, in milliseconds. Backoff 100 ms to 1 s without
/// jitter.
struct Dialogue {
    machine: Coordinators,
    start: Instant,
    now: u64,
    resolved: BTreeMap<WaiterId, Result<i32, Error>>,
}

impl Dialogue {
    fn new() -> Self {
        let backoff = Backoff {
            jitter: 0.0,
            ..Backoff::default()
        };
        Self {
            machine: Coordinators::new(backoff, Random::from_seed(1)),
            start: kafka_net::clock::now(),
            now: 0,
            resolved: BTreeMap::new(),
        }
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    fn collect(&mut self) {
        for (id, result) in self.machine.take_outputs() {
            assert!(self.resolved.insert(id, result).is_none(), "{id} twice");
        }
    }

    fn wait(&mut self, id: WaiterId, kind: CoordinatorKind, key: &str, deadline: u64) {
        let (now, deadline) = (self.at(self.now), self.at(deadline));
        self.machine
            .wait(now, id, kind, StrBytes::from(key), deadline);
        self.collect();
    }

    fn poll(&mut self) -> Option<Lookup> {
        let lookup = self.machine.poll(self.at(self.now));
        self.collect();
        lookup
    }

    #[track_caller]
    fn asks(&mut self, kind: CoordinatorKind, keys: &[&str]) -> Lookup {
        let lookup = self.poll().expect("a look-up");
        assert_eq!((lookup.kind, &lookup.keys[..]), (kind, &strings(keys)[..]));
        lookup
    }

    #[track_caller]
    fn asks_nothing(&mut self) {
        assert_eq!(self.poll(), None);
    }

    /// Lets time pass to the next wake-up; the milliseconds that passed.
    fn sleep(&mut self) -> u64 {
        let at = self.machine.wake_at().expect("something to wake for");
        let millis = at.duration_since(self.start).as_millis();
        let before = std::mem::replace(&mut self.now, u64::try_from(millis).unwrap());
        self.now - before
    }

    fn answer(&mut self, lookup: &Lookup, found: &[(&str, Result<i32, ErrorCode>)]) {
        let found = found
            .iter()
            .map(|(key, result)| (StrBytes::from(*key), result.map_err(Error::broker)))
            .collect();
        let now = self.at(self.now);
        self.machine.on_answer(now, lookup, found);
        self.collect();
    }

    fn forget(&mut self, kind: CoordinatorKind, key: &str) {
        self.machine.forget(kind, &StrBytes::from(key));
    }

    #[track_caller]
    fn error(&mut self, id: WaiterId) -> Error {
        self.resolved.remove(&id).expect("resolved").unwrap_err()
    }

    #[track_caller]
    fn node(&mut self, id: WaiterId) -> i32 {
        self.resolved.remove(&id).expect("resolved").unwrap()
    }
}

fn strings(texts: &[&str]) -> Vec<StrBytes> {
    texts.iter().copied().map(StrBytes::from).collect()
}

#[test]
fn a_coordinator_is_looked_up_once_and_remembered() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, "g", 1000);
    talk.wait(2, Group, "g", 1000);
    let lookup = talk.asks(Group, &["g"]);
    talk.asks_nothing();
    talk.wait(3, Group, "g", 1000);
    talk.asks_nothing();
    talk.answer(&lookup, &[("g", Ok(7))]);
    assert_eq!([1, 2, 3].map(|id| talk.node(id)), [7, 7, 7]);
    talk.wait(4, Group, "g", 1000);
    assert_eq!(talk.node(4), 7);
    assert_eq!(talk.machine.cached(Group, &StrBytes::from("g")), Some(7));
    assert_eq!(talk.machine.cached(Transaction, &StrBytes::from("g")), None);
    talk.asks_nothing();
    assert_eq!(talk.machine.wake_at(), None);
}

#[test]
fn keys_are_gathered_by_kind() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, "b", 1000);
    talk.wait(2, Transaction, "a", 1000);
    talk.wait(3, Group, "a", 1000);
    let groups = talk.asks(Group, &["a", "b"]);
    let transactions = talk.asks(Transaction, &["a"]);
    talk.wait(4, Group, "c", 1000);
    talk.asks_nothing();
    talk.answer(&groups, &[("b", Ok(1)), ("a", Ok(2))]);
    assert_eq!((talk.node(1), talk.node(3)), (1, 2));
    talk.asks(Group, &["c"]);
    talk.answer(&transactions, &[("a", Ok(3))]);
    assert_eq!(talk.node(2), 3);
}

#[test]
fn no_question_carries_more_keys_than_the_limit() {
    let mut talk = Dialogue::new();
    for id in 0..2500 {
        talk.wait(id, Group, &format!("{id:04}"), 1000);
    }
    let mut sizes = Vec::new();
    while let Some(lookup) = talk.poll() {
        sizes.push(lookup.keys.len());
        let found: Vec<_> = lookup.keys.iter().map(|key| (&**key, Ok(1))).collect();
        talk.answer(&lookup, &found);
    }
    assert_eq!(sizes, [1000, 1000, 500]);
    assert_eq!(talk.resolved.len(), 2500);
}

#[test]
fn what_may_pass_is_tried_again_with_backoff() {
    for code in [
        ErrorCode::CoordinatorNotAvailable,
        ErrorCode::CoordinatorLoadInProgress,
        ErrorCode::NotCoordinator,
        ErrorCode::RequestTimedOut,
    ] {
        let mut talk = Dialogue::new();
        talk.wait(1, Group, "g", 60_000);
        talk.wait(2, Group, "other", 60_000);
        let lookup = talk.asks(Group, &["g", "other"]);
        talk.answer(&lookup, &[("g", Err(code)), ("other", Ok(1))]);
        assert_eq!(talk.node(2), 1);
        let mut waits = Vec::new();
        for _ in 0..5 {
            talk.asks_nothing();
            waits.push(talk.sleep());
            let lookup = talk.asks(Group, &["g"]);
            talk.answer(&lookup, &[("g", Err(code))]);
        }
        assert_eq!(waits, [100, 200, 400, 800, 1000]);
        talk.sleep();
        let lookup = talk.asks(Group, &["g"]);
        talk.answer(&lookup, &[("g", Ok(5))]);
        assert_eq!(talk.node(1), 5);
    }
}

#[test]
fn a_lookup_that_nobody_answers_is_tried_again_unless_it_never_can_be() {
    let mut talk = Dialogue::new();
    talk.wait(1, Transaction, "t", 60_000);
    let lookup = talk.asks(Transaction, &["t"]);
    let failed = Error::new(ErrorKind::Connect);
    talk.machine.on_failure(talk.at(0), &lookup, &failed);
    assert_eq!(talk.sleep(), 100);
    let lookup = talk.asks(Transaction, &["t"]);
    let too_old = Error::new(ErrorKind::UnsupportedVersion);
    talk.machine.on_failure(talk.at(100), &lookup, &too_old);
    talk.collect();
    let error = talk.error(1);
    assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    assert!(error.to_string().contains("0.11"), "{error}");
    assert_eq!(talk.machine.waiting(), 0);
}

#[test]
fn refusals_are_told_at_once() {
    for (kind, code, hint) in [
        (
            Group,
            ErrorCode::GroupAuthorizationFailed,
            "READ permission on group \"k\"",
        ),
        (
            Transaction,
            ErrorCode::TransactionalIdAuthorizationFailed,
            "WRITE permission on transactional id \"k\"",
        ),
        (Group, ErrorCode::InvalidGroupId, ""),
        (Group, ErrorCode::InvalidRequest, ""),
    ] {
        let mut talk = Dialogue::new();
        talk.wait(1, kind, "k", 60_000);
        let lookup = talk.asks(kind, &["k"]);
        talk.answer(&lookup, &[("k", Err(code))]);
        let error = talk.error(1);
        assert_eq!(error.broker_error(), Some(code));
        assert!(error.to_string().contains(hint), "{error}");
        talk.asks_nothing();
    }
}

#[test]
fn the_deadline_names_the_last_failure() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, "g", 150);
    talk.wait(2, Group, "silent", 150);
    let lookup = talk.asks(Group, &["g", "silent"]);
    let code = ErrorCode::CoordinatorNotAvailable;
    talk.answer(&lookup, &[("g", Err(code)), ("silent", Err(code))]);
    talk.sleep();
    talk.asks(Group, &["g", "silent"]);
    talk.sleep();
    talk.asks_nothing();
    let error = talk.error(1);
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    let text = error.to_string();
    for part in ["group \"g\"", "150ms", "COORDINATOR_NOT_AVAILABLE"] {
        assert!(text.contains(part), "{text}");
    }
    talk.error(2);
    assert_eq!(talk.machine.wake_at(), None);
}

#[test]
fn a_key_that_the_answer_leaves_out_is_asked_for_again() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, "g", 60_000);
    let lookup = talk.asks(Group, &["g"]);
    talk.answer(&lookup, &[("stranger", Ok(4))]);
    assert!(talk.resolved.is_empty());
    assert_eq!(
        talk.machine.cached(Group, &StrBytes::from("stranger")),
        None
    );
    talk.sleep();
    let lookup = talk.asks(Group, &["g"]);
    talk.answer(&lookup, &[("g", Ok(4))]);
    assert_eq!(talk.node(1), 4);
}

#[test]
fn what_was_asked_before_a_coordinator_turned_out_wrong_does_not_count() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, "g", 60_000);
    let old = talk.asks(Group, &["g"]);
    talk.forget(Group, "g");
    talk.answer(&old, &[("g", Ok(1))]);
    assert!(talk.resolved.is_empty());
    let new = talk.asks(Group, &["g"]);
    talk.answer(&new, &[("g", Ok(2))]);
    assert_eq!(talk.node(1), 2);

    // Also when the one who asked has left in between.
    talk.forget(Group, "g");
    talk.wait(2, Group, "g", 60_000);
    let old = talk.asks(Group, &["g"]);
    talk.machine.cancel(2);
    talk.forget(Group, "g");
    talk.wait(3, Group, "g", 60_000);
    talk.answer(&old, &[("g", Ok(2))]);
    assert!(talk.resolved.is_empty());
    let new = talk.asks(Group, &["g"]);
    talk.answer(&new, &[("g", Ok(3))]);
    assert_eq!(talk.node(3), 3);
}

#[test]
fn who_leaves_leaves_no_trace_and_others_go_on() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, "g", 60_000);
    talk.wait(2, Group, "g", 60_000);
    let lookup = talk.asks(Group, &["g"]);
    talk.machine.cancel(1);
    talk.answer(&lookup, &[("g", Err(ErrorCode::CoordinatorNotAvailable))]);
    talk.machine.cancel(2);
    talk.machine.cancel(2);
    assert_eq!((talk.machine.waiting(), talk.machine.wake_at()), (0, None));
    assert!(talk.machine.wanted.is_empty());
    talk.asks_nothing();
    assert!(talk.resolved.is_empty());
}

#[test]
fn keys_too_long_for_any_request_are_refused_unasked() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, &"g".repeat(40_000), 1000);
    assert_eq!(talk.error(1).kind(), &ErrorKind::InvalidArgument);
    talk.asks_nothing();
}

#[test]
fn closing_resolves_everyone_now_and_later() {
    let mut talk = Dialogue::new();
    talk.wait(1, Group, "g", 60_000);
    let lookup = talk.asks(Group, &["g"]);
    talk.machine.close(&Error::closed("the router"));
    talk.collect();
    talk.wait(2, Group, "h", 60_000);
    assert_eq!(talk.error(1).kind(), &ErrorKind::Closed);
    assert_eq!(talk.error(2).kind(), &ErrorKind::Closed);
    talk.answer(&lookup, &[("g", Ok(1))]);
    talk.asks_nothing();
}

#[test]
fn old_versions_ask_for_one_key_and_new_ones_for_many() {
    let keys = strings(&["a", "b"]);
    let old = request(Transaction, &keys[..1], 3);
    assert_eq!(
        (&*old.key, old.key_type, old.coordinator_keys.len()),
        ("a", 1, 0)
    );
    let new = request(Group, &keys, 4);
    assert_eq!(
        (&*new.key, new.key_type, new.coordinator_keys),
        ("", 0, keys.clone())
    );

    let found = |response, version| -> Vec<(String, Option<i32>)> {
        answers(response, &keys, version)
            .into_iter()
            .map(|(key, result)| (key.to_string(), result.ok()))
            .collect()
    };
    let old = FindCoordinatorResponse::new().with_node_id(3);
    assert_eq!(found(old.clone(), 3), [("a".to_owned(), Some(3))]);
    let refused = old.with_error_code(ErrorCode::CoordinatorNotAvailable.code());
    assert_eq!(found(refused, 0), [("a".to_owned(), None)]);
    let new = FindCoordinatorResponse::new().with_coordinators(vec![
        Coordinator::new().with_key("b").with_node_id(1),
        Coordinator::new().with_key("a").with_node_id(-1),
        Coordinator::new().with_key("c").with_error_code(15_i16),
    ]);
    assert_eq!(
        found(new, 6),
        [
            ("b".to_owned(), Some(1)),
            ("a".to_owned(), None),
            ("c".to_owned(), None)
        ]
    );
}

#[test]
fn only_so_many_coordinators_are_remembered_those_looked_up_last() {
    let mut cache = CoordinatorCache::default();
    let key = |number: usize| StrBytes::from(format!("g{number}"));
    for number in 0..MAX_CACHED {
        cache.insert(Group, key(number), 1);
    }
    // Looked up again: no longer the oldest.
    cache.insert(Group, key(0), 2);
    assert_eq!(cache.by_key.len(), MAX_CACHED);
    cache.insert(Transaction, key(0), 3);
    assert_eq!(cache.get(Group, &key(0)), Some(2));
    assert_eq!(cache.get(Group, &key(1)), None);
    assert_eq!(cache.get(Transaction, &key(0)), Some(3));
    cache.forget(Group, &key(2));
    cache.insert(Group, key(MAX_CACHED), 4);
    assert_eq!(cache.get(Group, &key(3)), Some(1));
    assert_eq!(
        (cache.by_key.len(), cache.by_age.len()),
        (MAX_CACHED, MAX_CACHED)
    );
}
