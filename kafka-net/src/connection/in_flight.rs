use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::Buf;
use kafka_protocol::wire::Segments;

use crate::clock::after;

/// The requests of one connection, from being accepted to being answered.
///
/// ```text
/// accept ─► unsent ─► partly written ─► sent ─► answered
///              │             │            │
///              │             └────────────┴─ deadline: the connection must close
///              └─ deadline: fails alone, nothing of it was written
/// ```
///
/// Kafka answers in the order of the requests, so an answer belongs to the front
/// of `sent` or to nobody. For the same reason a request whose answer is
/// overdue cannot be given up alone: what comes next on the wire would be its
/// answer. A request without an answer (acks=0) ends when it is written.
///
/// Pure: bytes written, answers and time come in, outcomes go out. `T` is the
/// handle through which whoever asked is told.
#[derive(Debug)]
pub(super) struct InFlight<T> {
    /// Not written, except for the front, of which a part may be.
    unsent: VecDeque<Entry<T>>,
    /// Written and unanswered, in the order of writing.
    sent: VecDeque<Entry<T>>,
    max_in_flight: usize,
    /// See [`InFlight::hold`].
    held: bool,
    /// No deadline is earlier; the request it belonged to may be gone.
    earliest: Option<Instant>,
    idle_since: Instant,
    idle_timeout: Duration,
    released: Released,
}

/// How a request stands to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Written in its turn.
    Ordinary,
    /// A step of logging in: written before all that wait, also while they are
    /// held.
    Login,
    /// The same without Kafka's headers: the next frame is its answer.
    Token,
}

/// A request to be sent.
#[derive(Debug)]
pub(super) struct Submission<T> {
    pub(super) kind: Kind,
    pub(super) correlation_id: i32,
    pub(super) frame: Segments,
    /// From [`InFlight::accept`] to the answer.
    pub(super) timeout: Duration,
    /// False for a Produce with acks=0.
    pub(super) expects_answer: bool,
    pub(super) reply: T,
}

/// A request that ended without an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failed<T> {
    pub(super) reply: T,
    /// False only if no byte of it was handed to the socket.
    pub(super) possibly_written: bool,
    /// Its timeout, if that is what ended it.
    pub(super) timed_out: Option<Duration>,
    /// The one whose answer was next.
    pub(super) was_next: bool,
}

/// An answer that is not to the request whose turn it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// `None`: no answer was outstanding.
    pub(super) expected: Option<i32>,
    pub(super) found: i32,
}

/// What no longer counts against the connection's bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Released {
    pub(super) requests: usize,
    pub(super) bytes: usize,
}

#[derive(Debug)]
struct Entry<T> {
    request: Submission<T>,
    deadline: Instant,
    touched: bool,
    /// When its last byte was written; before that, when it came.
    sent_at: Instant,
}

/// A request whose answer arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered<T> {
    pub(super) reply: T,
    /// From its last byte.
    pub(super) took: Duration,
}

impl<T> InFlight<T> {
    pub(super) fn new(now: Instant, max_in_flight: usize, idle_timeout: Duration) -> Self {
        Self {
            unsent: VecDeque::new(),
            sent: VecDeque::new(),
            max_in_flight,
            held: false,
            earliest: None,
            idle_since: now,
            idle_timeout,
            released: Released::default(),
        }
    }

    /// Takes over a request; its time runs from now.
    pub(super) fn accept(&mut self, now: Instant, request: Submission<T>) {
        let deadline = after(now, request.timeout);
        self.earliest = Some(self.earliest.map_or(deadline, |known| known.min(deadline)));
        let ordinary = request.kind == Kind::Ordinary;
        let entry = Entry {
            request,
            deadline,
            touched: false,
            sent_at: now,
        };
        if ordinary {
            self.unsent.push_back(entry);
        } else {
            let begun = self.unsent.front().is_some_and(|entry| entry.touched);
            self.unsent.insert(usize::from(begun), entry);
        }
    }

    /// Whether requests that are not about logging in are to wait. One that is
    /// partly written is finished.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether the next frame answers a token without Kafka's headers.
    pub(super) fn expects_token(&self) -> bool {
        let next = self.sent.front();
        next.is_some_and(|entry| entry.request.kind == Kind::Token)
    }

    /// Whether a step of logging in is under way.
    pub(super) fn is_logging_in(&self) -> bool {
        let mut all = self.sent.iter().chain(&self.unsent);
        all.any(|entry| entry.request.kind != Kind::Ordinary)
    }

    /// Requests written, in part or whole, and not answered.
    pub(super) fn in_flight(&self) -> usize {
        let partly = self.unsent.front().is_some_and(|entry| entry.touched);
        self.sent.len() + usize::from(partly)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unsent.is_empty() && self.sent.is_empty()
    }

    /// Whether the in-flight limit leaves something to write.
    pub(super) fn has_output(&self) -> bool {
        self.writable().next().is_some()
    }

    /// Fills `slices` with what to write next; returns how many.
    pub(super) fn output<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for entry in self.writable() {
            match slices.get_mut(filled..) {
                Some(rest) if !rest.is_empty() => {
                    filled += entry.request.frame.chunks_vectored(rest);
                }
                _ => break,
            }
        }
        filled
    }

    /// The first piece of what to write next; empty if there is nothing.
    pub(super) fn output_chunk(&self) -> &[u8] {
        self.writable()
            .next()
            .map_or(&[], |entry| entry.request.frame.chunk())
    }

    /// The unsent requests that the in-flight limit lets out.
    fn writable(&self) -> impl Iterator<Item = &Entry<T>> {
        let room = self.max_in_flight.saturating_sub(self.sent.len());
        let passes =
            |entry: &&Entry<T>| !self.held || entry.touched || entry.request.kind != Kind::Ordinary;
        self.unsent.iter().take(room).take_while(passes)
    }

    /// The socket took the next `count` bytes of the output. Returns those whose
    /// request is thereby written and has no answer to wait for.
    pub(super) fn wrote(&mut self, now: Instant, mut count: usize) -> Vec<T> {
        self.released.bytes += count;
        let mut done = Vec::new();
        while count > 0
            && let Some(mut entry) = self.unsent.pop_front()
        {
            let part = count.min(entry.request.frame.remaining());
            entry.request.frame.advance(part);
            entry.touched = true;
            count -= part;
            if entry.request.frame.has_remaining() {
                self.unsent.push_front(entry);
            } else if entry.request.expects_answer {
                entry.sent_at = now;
                self.sent.push_back(entry);
            } else {
                self.release_request(now, entry.request.kind);
                done.push(entry.request.reply);
            }
        }
        done
    }

    /// An answer with this correlation id arrived. Returns who asked.
    ///
    /// After a mismatch, nothing that arrives can be trusted any more.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        correlation_id: i32,
    ) -> Result<Answered<T>, Mismatch> {
        match self.sent.pop_front() {
            Some(entry) if entry.request.correlation_id == correlation_id => {
                self.release_request(now, entry.request.kind);
                Ok(entry.answered(now))
            }
            Some(entry) => {
                let expected = entry.request.correlation_id;
                self.sent.push_front(entry);
                Err(Mismatch {
                    expected: Some(expected),
                    found: correlation_id,
                })
            }
            None => Err(Mismatch {
                expected: None,
                found: correlation_id,
            }),
        }
    }

    /// The answer to a token arrived. Returns who sent it; see
    /// [`InFlight::expects_token`].
    pub(super) fn token_answered(&mut self, now: Instant) -> Option<Answered<T>> {
        let entry = self.sent.pop_front()?;
        self.release_request(now, entry.request.kind);
        Some(entry.answered(now))
    }

    /// Takes out the requests of which nothing was written.
    pub(super) fn give_up_unsent(&mut self) -> Vec<Failed<T>> {
        let first = usize::from(self.unsent.front().is_some_and(|entry| entry.touched));
        let mut failed = Vec::with_capacity(self.unsent.len());
        for entry in self.unsent.drain(first..) {
            self.released.bytes += entry.request.frame.remaining();
            self.released.requests += 1;
            failed.push(entry.fail(None, false));
        }
        failed
    }

    /// What was written, if only in part, is given so much more time.
    pub(super) fn postpone(&mut self, by: Duration) {
        let touched = self.unsent.iter_mut().filter(|entry| entry.touched);
        for entry in self.sent.iter_mut().chain(touched) {
            entry.deadline = after(entry.deadline, by);
        }
    }

    /// When to call [`InFlight::expire`] at the latest. May be too early, never
    /// too late.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        if self.is_empty() {
            self.idle_since.checked_add(self.idle_timeout)
        } else {
            self.earliest
        }
    }

    /// Whether there has been nothing to do for the whole idle time.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.is_empty() && now.saturating_duration_since(self.idle_since) >= self.idle_timeout
    }

    /// Takes out the overdue requests of which nothing was written. With
    /// `Expired::must_close` there is one of which something was.
    pub(super) fn expire(&mut self, now: Instant) -> Expired<T> {
        let mut failed = Vec::new();
        if self.earliest.is_none_or(|earliest| now < earliest) {
            return Expired {
                failed,
                must_close: false,
            };
        }
        let mut kept = VecDeque::with_capacity(self.unsent.len());
        for entry in self.unsent.drain(..) {
            if entry.touched || now < entry.deadline {
                kept.push_back(entry);
            } else {
                self.released.bytes += entry.request.frame.remaining();
                self.released.requests += 1;
                failed.push(entry.fail(Some(now), false));
            }
        }
        self.unsent = kept;
        let left = self.sent.iter().chain(&self.unsent);
        self.earliest = left.map(|entry| entry.deadline).min();
        if !failed.is_empty() && self.is_empty() {
            self.idle_since = now;
        }
        Expired {
            failed,
            must_close: self.earliest.is_some_and(|earliest| earliest <= now),
        }
    }

    /// The first, in the order of the wire, whose deadline has passed.
    pub(super) fn first_overdue(&self, now: Instant) -> Option<(Duration, &T)> {
        self.sent
            .iter()
            .chain(&self.unsent)
            .find(|entry| entry.deadline <= now)
            .map(|entry| (entry.request.timeout, &entry.request.reply))
    }

    /// The connection is over. Returns everyone in the order of asking; with
    /// `overdue_at`, those whose deadline had passed then are timed out.
    pub(super) fn fail_all(&mut self, overdue_at: Option<Instant>) -> Vec<Failed<T>> {
        self.earliest = None;
        let mut entries = self.sent.drain(..).chain(self.unsent.drain(..));
        let next = entries.next().map(|entry| entry.fail(overdue_at, true));
        let others = entries.map(|entry| entry.fail(overdue_at, false));
        next.into_iter().chain(others).collect()
    }

    /// What was released since the last call.
    pub(super) fn take_released(&mut self) -> Released {
        std::mem::take(&mut self.released)
    }

    /// Logging in anew does not make a connection look used.
    fn release_request(&mut self, now: Instant, kind: Kind) {
        self.released.requests += 1;
        if self.is_empty() {
            if kind == Kind::Ordinary {
                self.idle_since = now;
            }
            self.earliest = None;
        }
    }
}

/// See [`InFlight::expire`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expired<T> {
    pub(super) failed: Vec<Failed<T>>,
    pub(super) must_close: bool,
}

impl<T> Entry<T> {
    fn answered(self, now: Instant) -> Answered<T> {
        Answered {
            reply: self.request.reply,
            took: now.saturating_duration_since(self.sent_at),
        }
    }

    fn fail(self, overdue_at: Option<Instant>, first: bool) -> Failed<T> {
        Failed {
            reply: self.request.reply,
            possibly_written: self.touched,
            timed_out: overdue_at
                .filter(|now| *now >= self.deadline)
                .map(|_| self.request.timeout),
            was_next: first && self.touched,
        }
    }
}

#[cfg(test)]
mod tests;
