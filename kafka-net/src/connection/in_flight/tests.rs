use bytes::Bytes;
use kafka_protocol::wire::Sink;

use super::*;
use crate::clock;

/// A connection's table and its clock; requests are 10 bytes in two pieces.
struct Dialogue {
    table: InFlight<&'static str>,
    start: Instant,
    now: Instant,
}

const SECOND: Duration = Duration::from_secs(1);

impl Dialogue {
    fn new(max_in_flight: usize) -> Self {
        let now = clock::now();
        Self {
            table: InFlight::new(now, max_in_flight, 60 * SECOND),
            start: now,
            now,
        }
    }

    fn at(&mut self, seconds: u32) -> &mut Self {
        self.now = self.start + seconds * SECOND;
        self
    }

    fn asks(&mut self, correlation_id: i32, who: &'static str, timeout_s: u32) -> &mut Self {
        self.submit(correlation_id, who, timeout_s, true)
    }

    fn tells(&mut self, correlation_id: i32, who: &'static str) -> &mut Self {
        self.submit(correlation_id, who, 30, false)
    }

    /// A step of logging in.
    fn logs_in(&mut self, id: i32, who: &'static str, kind: Kind) -> &mut Self {
        self.take(kind, id, who, 30, true)
    }

    fn submit(&mut self, id: i32, who: &'static str, timeout_s: u32, answer: bool) -> &mut Self {
        self.take(Kind::Ordinary, id, who, timeout_s, answer)
    }

    fn take(
        &mut self,
        kind: Kind,
        id: i32,
        who: &'static str,
        timeout_s: u32,
        answer: bool,
    ) -> &mut Self {
        let mut sink = Sink::new();
        sink.put_slice(b"head");
        sink.put_shared(Bytes::from_static(b"shared"));
        self.table.accept(
            self.now,
            Submission {
                kind,
                correlation_id: id,
                frame: sink.finish(),
                timeout: timeout_s * SECOND,
                expects_answer: answer,
                reply: who,
            },
        );
        self
    }

    #[track_caller]
    fn socket_takes(&mut self, count: usize, done: &[&'static str]) -> &mut Self {
        assert_eq!(self.table.wrote(self.now, count), done);
        self
    }

    #[track_caller]
    fn answer_to(
        &mut self,
        correlation_id: i32,
        who: Result<&'static str, Option<i32>>,
    ) -> &mut Self {
        let found = self.table.answered(self.now, correlation_id);
        let found = found.map(|answered| answered.reply);
        assert_eq!(found.map_err(|mismatch| mismatch.expected), who);
        self
    }

    #[track_caller]
    fn overdue(&mut self, failed: &[&'static str], must_close: bool) -> &mut Self {
        let expired = self.table.expire(self.now);
        for failed in &expired.failed {
            assert!(!failed.possibly_written && failed.timed_out.is_some());
        }
        let names: Vec<_> = expired.failed.iter().map(|failed| failed.reply).collect();
        assert_eq!((names.as_slice(), expired.must_close), (failed, must_close));
        self
    }

    /// (who, possibly written, timed out, was next) of all, in order.
    #[track_caller]
    fn ends(&mut self, overdue: bool, expected: &[(&'static str, bool, bool, bool)]) {
        let failed = self.table.fail_all(overdue.then_some(self.now));
        let found: Vec<_> = failed
            .iter()
            .map(|failed| {
                let timed_out = failed.timed_out.is_some();
                (
                    failed.reply,
                    failed.possibly_written,
                    timed_out,
                    failed.was_next,
                )
            })
            .collect();
        assert_eq!(found, expected);
        assert!(self.table.is_empty());
        assert_eq!(self.table.in_flight(), 0);
    }

    fn output(&self) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 64];
        let count = self.table.output(&mut slices);
        slices[..count]
            .iter()
            .flat_map(|slice| slice.to_vec())
            .collect()
    }
}

#[test]
fn answers_go_to_who_asked_in_order() {
    Dialogue::new(10)
        .asks(1, "first", 30)
        .asks(2, "second", 30)
        .socket_takes(20, &[])
        .answer_to(1, Ok("first"))
        .answer_to(2, Ok("second"))
        .ends(false, &[]);
}

#[test]
fn an_answer_out_of_turn_reaches_nobody() {
    let mut dialogue = Dialogue::new(10);
    dialogue
        .asks(1, "first", 30)
        .asks(2, "second", 30)
        .socket_takes(20, &[])
        .answer_to(2, Err(Some(1)))
        .ends(
            false,
            &[("first", true, false, true), ("second", true, false, false)],
        );
}

#[test]
fn an_answer_that_nothing_asked_for_is_a_mismatch() {
    Dialogue::new(10).answer_to(0, Err(None));
    // Nor may an answer come before the whole request was written.
    Dialogue::new(10)
        .asks(1, "early", 30)
        .socket_takes(9, &[])
        .answer_to(1, Err(None))
        .ends(false, &[("early", true, false, true)]);
}

#[test]
fn a_partial_write_goes_on_where_it_stopped() {
    let mut dialogue = Dialogue::new(10);
    dialogue.asks(1, "first", 30).asks(2, "second", 30);
    let whole = b"headsharedheadshared";
    for written in 0..20 {
        assert_eq!(dialogue.output(), &whole[written..]);
        dialogue.socket_takes(1, &[]);
    }
    assert!(!dialogue.table.has_output());
    assert_eq!(dialogue.table.output_chunk(), b"");
    dialogue
        .answer_to(1, Ok("first"))
        .answer_to(2, Ok("second"));
}

#[test]
fn the_in_flight_limit_holds_back_and_lets_go() {
    let mut dialogue = Dialogue::new(2);
    dialogue.asks(1, "a", 30).asks(2, "b", 30).asks(3, "c", 30);
    assert_eq!(dialogue.output().len(), 20);
    dialogue.socket_takes(15, &[]);
    assert_eq!(dialogue.table.in_flight(), 2);
    assert_eq!(
        dialogue.output().len(),
        5,
        "the one begun is finished, no other begun"
    );
    dialogue.socket_takes(5, &[]);
    assert!(!dialogue.table.has_output());
    dialogue.answer_to(1, Ok("a"));
    assert!(dialogue.table.has_output());
    assert_eq!(dialogue.output().len(), 10);
}

#[test]
fn one_way_requests_end_when_written() {
    Dialogue::new(1)
        .tells(1, "x")
        .asks(2, "y", 30)
        .tells(3, "z")
        .socket_takes(9, &[])
        .socket_takes(1, &["x"])
        .socket_takes(10, &[])
        .answer_to(2, Ok("y"))
        .socket_takes(10, &["z"])
        .ends(false, &[]);
    let mut dialogue = Dialogue::new(3);
    dialogue
        .tells(1, "x")
        .tells(2, "y")
        .socket_takes(20, &["x", "y"]);
}

#[test]
fn possibly_written_is_exact_to_the_byte() {
    for written in 0..=30 {
        let mut dialogue = Dialogue::new(10);
        dialogue.asks(1, "a", 30).asks(2, "b", 30).tells(3, "c");
        let done: &[_] = if written == 30 { &["c"] } else { &[] };
        dialogue.socket_takes(written, done);
        let mut expected = vec![
            ("a", written > 0, false, written > 0),
            ("b", written > 10, false, false),
            ("c", written > 20, false, false),
        ];
        expected.truncate(3 - done.len());
        dialogue.ends(false, &expected);
    }
}

#[test]
fn an_overdue_answer_ends_the_connection() {
    let mut dialogue = Dialogue::new(10);
    dialogue
        .asks(1, "slow", 10)
        .at(5)
        .asks(2, "behind", 10)
        .socket_takes(20, &[])
        .at(9)
        .overdue(&[], false)
        .at(10)
        .overdue(&[], true);
    dialogue.ends(
        true,
        &[("slow", true, true, true), ("behind", true, false, false)],
    );
}

#[test]
fn an_unsent_request_is_late_alone() {
    let mut dialogue = Dialogue::new(1);
    dialogue
        .asks(1, "in flight", 30)
        .asks(2, "impatient", 5)
        .asks(3, "patient", 30)
        .socket_takes(10, &[])
        .at(5)
        .overdue(&["impatient"], false)
        .answer_to(1, Ok("in flight"))
        .socket_takes(10, &[])
        .answer_to(3, Ok("patient"));
}

#[test]
fn a_request_begun_is_not_late_alone() {
    let mut dialogue = Dialogue::new(10);
    dialogue.asks(1, "begun", 5).asks(2, "unsent", 5);
    dialogue
        .socket_takes(1, &[])
        .at(5)
        .overdue(&["unsent"], true);
    dialogue.ends(true, &[("begun", true, true, true)]);
}

#[test]
fn the_timer_is_never_late() {
    let mut dialogue = Dialogue::new(10);
    let wake =
        |dialogue: &Dialogue| (dialogue.table.next_wake().unwrap() - dialogue.start).as_secs();
    assert_eq!(wake(&dialogue), 60, "idle from the start");
    dialogue.asks(1, "a", 30).socket_takes(10, &[]);
    assert_eq!(wake(&dialogue), 30);
    dialogue.at(1).asks(2, "b", 5).socket_takes(10, &[]);
    assert_eq!(wake(&dialogue), 6);
    dialogue.at(2).answer_to(1, Ok("a"));
    assert_eq!(wake(&dialogue), 6);
    dialogue.at(6).overdue(&[], true);
    dialogue.ends(true, &[("b", true, true, true)]);
}

#[test]
fn the_timer_moves_on_when_it_was_early() {
    let mut dialogue = Dialogue::new(10);
    dialogue
        .asks(1, "a", 5)
        .at(4)
        .asks(2, "b", 5)
        .socket_takes(20, &[]);
    dialogue.answer_to(1, Ok("a")).at(5).overdue(&[], false);
    assert_eq!(
        dialogue.table.next_wake(),
        Some(dialogue.start + 9 * SECOND)
    );
}

#[test]
fn the_timer_forgets_requests_that_are_done() {
    let mut dialogue = Dialogue::new(10);
    dialogue.asks(1, "a", 5).socket_takes(10, &[]);
    dialogue.answer_to(1, Ok("a")).at(40).asks(2, "b", 30);
    assert_eq!(
        dialogue.table.next_wake(),
        Some(dialogue.start + 70 * SECOND)
    );
}

#[test]
fn idle_counts_from_the_last_answer() {
    let mut dialogue = Dialogue::new(10);
    dialogue
        .at(50)
        .asks(1, "a", 30)
        .socket_takes(10, &[])
        .at(70);
    assert!(
        !dialogue.table.is_idle(dialogue.now),
        "a request is under way"
    );
    dialogue.answer_to(1, Ok("a"));
    assert_eq!(
        dialogue.table.next_wake(),
        Some(dialogue.start + 130 * SECOND)
    );
    dialogue.at(129);
    assert!(!dialogue.table.is_idle(dialogue.now));
    dialogue.at(130);
    assert!(dialogue.table.is_idle(dialogue.now));
}

#[test]
fn room_comes_back_exactly() {
    let mut dialogue = Dialogue::new(1);
    let released = |dialogue: &mut Dialogue, requests, bytes| {
        assert_eq!(dialogue.table.take_released(), Released { requests, bytes });
    };
    dialogue
        .asks(1, "a", 30)
        .asks(2, "late", 5)
        .tells(3, "c")
        .socket_takes(4, &[]);
    released(&mut dialogue, 0, 4);
    dialogue
        .socket_takes(6, &[])
        .at(5)
        .overdue(&["late"], false);
    released(&mut dialogue, 1, 16);
    dialogue.answer_to(1, Ok("a")).socket_takes(10, &["c"]);
    released(&mut dialogue, 2, 10);
    released(&mut dialogue, 0, 0);
}

/// Of what is next on the wire, the first byte of each request: all begin alike,
/// so the lengths tell.
#[test]
fn logging_in_goes_before_what_waits() {
    let mut dialogue = Dialogue::new(10);
    dialogue.asks(1, "before", 30).asks(2, "begun", 30);
    dialogue.socket_takes(13, &[]).asks(3, "waiting", 30);
    dialogue.table.hold(true);
    dialogue.logs_in(4, "handshake", Kind::Login);
    assert_eq!(
        dialogue.output().len(),
        7 + 10,
        "the rest of the begun one, and the handshake"
    );
    dialogue.socket_takes(17, &[]).asks(5, "later", 30);
    assert!(!dialogue.table.has_output(), "the others are held");
    dialogue
        .answer_to(1, Ok("before"))
        .answer_to(2, Ok("begun"))
        .answer_to(4, Ok("handshake"));
    dialogue
        .logs_in(6, "token", Kind::Login)
        .socket_takes(10, &[]);
    dialogue.answer_to(6, Ok("token"));
    assert!(!dialogue.table.has_output());
    dialogue.table.hold(false);
    dialogue
        .socket_takes(20, &[])
        .answer_to(3, Ok("waiting"))
        .answer_to(5, Ok("later"))
        .ends(false, &[]);
}

#[test]
fn a_token_without_headers_is_answered_by_whatever_comes() {
    let mut dialogue = Dialogue::new(10);
    dialogue.logs_in(0, "token", Kind::Token);
    assert!(!dialogue.table.expects_token(), "it is not written yet");
    dialogue.socket_takes(10, &[]).asks(7, "request", 30);
    assert!(dialogue.table.expects_token());
    let answered = dialogue.table.token_answered(dialogue.now).unwrap();
    assert_eq!(answered.reply, "token");
    assert!(!dialogue.table.expects_token());
    dialogue.socket_takes(10, &[]).answer_to(7, Ok("request"));
}

#[test]
fn an_answer_takes_as_long_as_since_the_last_byte() {
    let ms = Duration::from_millis;
    let mut dialogue = Dialogue::new(10);
    dialogue.asks(1, "request", 30);
    let asked = dialogue.now;
    dialogue.now = asked + ms(5);
    dialogue.socket_takes(1, &[]);
    dialogue.now = asked + ms(20);
    dialogue.socket_takes(9, &[]);
    let answered = dialogue.table.answered(asked + ms(50), 1).unwrap();
    assert_eq!(answered.took, ms(30));
}

#[test]
fn what_was_not_written_can_be_given_up() {
    let mut dialogue = Dialogue::new(10);
    dialogue
        .asks(1, "sent", 30)
        .asks(2, "begun", 30)
        .asks(3, "waiting", 30)
        .socket_takes(13, &[]);
    dialogue.table.take_released();
    let failed = dialogue.table.give_up_unsent();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].reply, "waiting");
    assert!(!failed[0].possibly_written);
    let released = dialogue.table.take_released();
    assert_eq!((released.requests, released.bytes), (1, 10));
    dialogue
        .socket_takes(7, &[])
        .answer_to(1, Ok("sent"))
        .answer_to(2, Ok("begun"))
        .ends(false, &[]);
}

#[test]
fn logging_in_anew_does_not_look_like_use() {
    let mut dialogue = Dialogue::new(10);
    dialogue.at(59).logs_in(1, "login", Kind::Login);
    dialogue.socket_takes(10, &[]).answer_to(1, Ok("login"));
    dialogue.at(60);
    assert!(dialogue.table.is_idle(dialogue.now));
}
