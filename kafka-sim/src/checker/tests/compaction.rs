//! Logs with holes where compaction took records out.

use super::*;

const BOTH: [Evidence; 2] = [Evidence::Logs, Evidence::FreshReaders];

/// A compacted log of four records with two keys, of which compaction took the first two
/// out at 20 s: key a is at 0, 1 and 3, key b at 2.
struct Compacted {
    history: History,
    log: LogId,
    reader: ConsumerId,
    producer: ProducerId,
    stored: Vec<(i64, &'static str, Option<u64>)>,
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Compacted {
    fn new() -> Self {
        let mut history = History::new();
        let log = history.log("t", "1", 0);
        let producer = history.producer("exact", Promise::ExactlyOnce);
        let reader = history.consumer("reader", ReadUncommitted);
        history.compacted(log);
        history.assign(at(0), reader, log, Some(0));
        let mut story = Self {
            history,
            log,
            reader,
            producer,
            stored: vec![
                (0, "a0", Some(20)),
                (1, "a1", Some(20)),
                (2, "b2", None),
                (3, "a3", None),
            ],
        };
        for (key, value, offset) in [
            ("a", "a0", 0),
            ("a", "a1", 1),
            ("b", "b2", 2),
            ("a", "a3", 3),
        ] {
            story.send(Some(key), value, offset);
        }
        story
    }

    fn send(&mut self, key: Option<&str>, value: &str, offset: i64) {
        let (now, producer) = (at(1), self.producer);
        let send = match key {
            Some(key) => self.history.send_keyed(now, producer, key, value),
            None => self.history.send(now, producer, value),
        };
        self.history.resolve(now, send, ack(self.log, Some(offset)));
    }

    fn poll(&mut self, seconds: u64, records: &[(i64, &str)]) {
        let records = records.iter().copied();
        self.history
            .poll(at(seconds), self.reader, self.log, records);
    }

    fn check(mut self, evidence: Evidence) -> Vec<Violation> {
        let fresh = self.history.fresh_consumer("fresh", ReadUncommitted);
        self.history.assign(at(30), fresh, self.log, Some(0));
        let mut left = Vec::new();
        for (offset, value, until) in self.stored {
            match until {
                Some(end) => {
                    let (end, seen) = (at(end), Committed);
                    self.history
                        .stored_until(end, self.log, offset, value, seen);
                }
                None => {
                    self.history.stored(self.log, offset, value, Committed);
                    left.push((offset, value));
                }
            }
        }
        self.history.poll(at(30), fresh, self.log, left);
        self.history.check(evidence)
    }
}

fn found(evidence: Evidence, plant: impl Fn(&mut Compacted)) -> Vec<String> {
    let mut story = Compacted::new();
    plant(&mut story);
    let found = story.check(evidence);
    found.iter().map(Violation::to_string).collect()
}

#[track_caller]
fn check(evidence: &[Evidence], anomaly: Anomaly, facts: &str, plant: impl Fn(&mut Compacted)) {
    for evidence in evidence {
        let found = found(*evidence, &plant);
        assert_eq!(found.len(), 1, "{evidence:?}: {found:#?}");
        let begins = found[0].starts_with(&anomaly.to_string());
        assert!(begins && found[0].contains(facts), "{found:#?}");
    }
}

#[test]
fn what_a_later_record_of_the_key_superseded_may_be_gone() {
    for evidence in BOTH {
        assert_eq!(found(evidence, |_| {}), [""; 0]);
        // Before and after; and who began before sees what is left.
        let read = |story: &mut Compacted| {
            story.poll(10, &[(0, "a0")]);
            story.poll(25, &[(2, "b2"), (3, "a3")]);
        };
        assert_eq!(found(evidence, read), [""; 0]);
        let all = |story: &mut Compacted| {
            story.poll(10, &[(0, "a0"), (1, "a1"), (2, "b2"), (3, "a3")]);
        };
        assert_eq!(found(evidence, all), [""; 0]);
    }
}

#[test]
fn the_last_of_a_key_must_stay() {
    check(&BOTH, Anomaly::LostWrite, "t#1-0@2", |story| {
        match story.stored.iter_mut().find(|stored| stored.1 == "b2") {
            Some(stored) => stored.2 = Some(20),
            None => unreachable!(),
        }
    });
    // As told by the owner of the logs, and as told by nobody.
    check(&BOTH, Anomaly::LostWrite, "t#1-0@2", |story| {
        story.stored.retain(|stored| stored.1 != "b2");
    });
}

#[test]
fn what_has_no_key_must_stay() {
    check(&BOTH, Anomaly::LostWrite, "t#1-0@4", |story| {
        story.send(None, "keyless", 4);
        story.send(Some("a"), "a5", 5);
        story.stored.push((5, "a5", None));
    });
}

#[test]
fn another_log_s_record_supersedes_nothing() {
    check(&BOTH, Anomaly::LostWrite, "t#1-1@0", |story| {
        let (now, producer) = (at(1), story.producer);
        let history = &mut story.history;
        let other = history.log("t", "1", 1);
        history.compacted(other);
        for (key, value, offset) in [("a", "elsewhere", 0), ("c", "c1", 1)] {
            let send = history.send_keyed(now, producer, key, value);
            history.resolve(now, send, ack(other, Some(offset)));
        }
        history.stored(other, 1, "c1", Committed);
        let fresh = history.fresh_consumer("other", ReadUncommitted);
        history.assign(now, fresh, other, Some(0));
        history.poll(now, fresh, other, [(1, "c1")]);
    });
}

#[test]
fn what_was_not_gone_yet_must_be_handed_out() {
    check(
        &[Evidence::Logs],
        Anomaly::PollSkip,
        "past t#1-0@1, which was there until 20.000s",
        |story| story.poll(19, &[(0, "a0"), (2, "b2")]),
    );
    // Nor may what stayed be passed over with what went.
    check(&BOTH, Anomaly::PollSkip, "the first t#1-0@2", |story| {
        story.poll(25, &[(3, "a3")]);
    });
}

#[test]
fn a_hole_is_nothing_to_go_back_over() {
    check(&BOTH, Anomaly::NonmonotonicPoll, "t#1-0@2", |story| {
        story.poll(25, &[(2, "b2"), (3, "a3")]);
        story.poll(26, &[(2, "b2"), (3, "a3")]);
    });
}

#[test]
fn a_log_that_is_not_compacted_has_no_holes() {
    let mut history = History::new();
    let log = history.log("t", "1", 0);
    let producer = history.producer("exact", Promise::ExactlyOnce);
    for (value, offset) in [("first", 0), ("second", 1)] {
        let send = history.send_keyed(at(1), producer, "key", value);
        history.resolve(at(2), send, ack(log, Some(offset)));
    }
    history.stored(log, 1, "second", Committed);
    let found = history.check(Evidence::Logs);
    let found: Vec<_> = found.iter().map(Violation::anomaly).collect();
    assert_eq!(found, [Anomaly::LostWrite]);
}
