use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::wire::Segments;
use kafka_protocol::{ApiKey, EncodeError};
use tokio::sync::{Notify, oneshot};

use super::Connection;
use super::in_flight::{Kind, Released, Submission};
use super::room::Room;
use super::stats::Counters;
use crate::clock::after;
use crate::{BrokerAddress, Error, ErrorKind, Lane, NetConfig, watch};

/// What the handles of a connection and its driver share: the queue of new
/// requests, and how the connection stands.
pub(crate) struct Link {
    pub(super) peer: Peer,
    pub(super) counters: Counters,
    /// Held from taking a correlation id to queueing its request, so that ids
    /// go up in the order of the wire; apart from `queue`, so that the driver
    /// never waits for someone's encoding.
    next_id: Mutex<i32>,
    queue: Mutex<Queue>,
    /// Mirrors `State::Closed`, for the hot path.
    closed: AtomicBool,
    /// Signalled once per release of room, to one who waits for it.
    room_freed: Notify,
    ended: watch::Sender<bool>,
}

/// Whom a connection leads to.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) broker: BrokerAddress,
    pub(crate) lane: Lane,
    pub(crate) address: SocketAddr,
}

struct Queue {
    new: VecDeque<Submission<Reply>>,
    room: Room,
    state: State,
    gate: Gate,
    /// Until when the broker wants to be left alone, or wanted to be.
    throttled_until: Option<Instant>,
    /// Set while the driver sleeps and `new` is empty.
    driver: Option<Waker>,
}

/// `Open ─► Draining or Retired ─► Closed`, or straight to the last.
enum State {
    Open,
    /// Nothing new is taken; what is under way comes to its end.
    Draining,
    /// The same, and what is not written yet fails for this reason.
    Retired(Error),
    /// The reason. The driver has ended, or does when it next runs.
    Closed(Error),
}

/// Through which a request's caller hears of its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) api: ApiKey,
    pub(super) version: i16,
    pub(super) sender: oneshot::Sender<Result<Bytes, Error>>,
}

/// The answer's frame without its length; empty for a one-way request.
pub(super) type Answer = oneshot::Receiver<Result<Bytes, Error>>;

/// Why a request was not taken.
#[derive(Debug)]
pub(super) enum Refused {
    /// No room for a request of this many bytes.
    Full(usize),
    Error(Error),
}

/// When requests that are not about logging in may be written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gate {
    pub(super) held: bool,
    /// When the login ends, which the broker would answer by closing.
    until: Option<Instant>,
    /// The broker has asked for a pause that the driver does not know of yet.
    pub(super) throttle: Duration,
}

impl Gate {
    pub(super) fn is_shut(self, now: Instant) -> bool {
        self.held || self.until.is_some_and(|end| now >= end)
    }
}

/// What the driver is to do with the connection.
#[derive(Debug)]
pub(super) enum Command {
    Run,
    Drain,
    Retire(Error),
    Close(Error),
}

impl Link {
    pub(super) fn new(peer: Peer, config: &NetConfig, counters: Counters) -> Self {
        let max_requests = config.max_in_flight() + config.max_queued_requests();
        Self {
            peer,
            counters,
            next_id: Mutex::new(0),
            queue: Mutex::new(Queue {
                new: VecDeque::new(),
                room: Room::new(max_requests, config.max_queued_bytes()),
                state: State::Open,
                gate: Gate::default(),
                throttled_until: None,
                driver: None,
            }),
            closed: AtomicBool::new(false),
            room_freed: Notify::new(),
            ended: watch::Sender::new(false),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Encodes a request and queues it. Never waits for anything but other
    /// callers' encoding.
    pub(super) fn submit(
        &self,
        (api, version): (ApiKey, i16),
        timeout: Duration,
        expects_answer: bool,
        encode: impl FnOnce(i32) -> Result<Segments, EncodeError>,
    ) -> Result<Answer, Refused> {
        let asked = (api, version);
        self.enqueue(asked, timeout, expects_answer, Kind::Ordinary, encode)
    }

    /// Queues a step of logging in before all requests that wait. It needs no
    /// room, and can be part of a connection's draining.
    pub(super) fn submit_login(
        &self,
        api: ApiKey,
        timeout: Duration,
        kind: Kind,
        encode: impl FnOnce(i32) -> Result<Segments, EncodeError>,
    ) -> Result<Answer, Refused> {
        // No version of these is throttled.
        self.enqueue((api, 0), timeout, true, kind, encode)
    }

    fn enqueue(
        &self,
        (api, version): (ApiKey, i16),
        timeout: Duration,
        expects_answer: bool,
        kind: Kind,
        encode: impl FnOnce(i32) -> Result<Segments, EncodeError>,
    ) -> Result<Answer, Refused> {
        let mut next_id = lock(&self.next_id);
        // Before the work of encoding; the length is checked after it.
        self.lock_queue().admit(kind, 0)?;
        let correlation_id = *next_id;
        let frame = encode(correlation_id).map_err(|error| {
            Refused::Error(
                Error::new(ErrorKind::Encode)
                    .with_source(error)
                    .with_possibly_written(false),
            )
        })?;
        let (sender, answer) = oneshot::channel();
        let driver = {
            let mut queue = self.lock_queue();
            queue.admit(kind, frame.len())?;
            queue.room.take(frame.len());
            queue.new.push_back(Submission {
                kind,
                correlation_id,
                frame,
                timeout,
                expects_answer,
                reply: Reply {
                    api,
                    version,
                    sender,
                },
            });
            queue.driver.take()
        };
        // A token has no header to carry an id.
        if kind != Kind::Token {
            *next_id = correlation_id.checked_add(1).unwrap_or(0);
        }
        drop(next_id);
        if let Some(driver) = driver {
            driver.wake();
        }
        Ok(answer)
    }

    /// Holds back what is not about logging in, until [`Link::let_go`].
    pub(super) fn hold(&self) {
        self.lock_queue().gate.held = true;
    }

    /// Logged in: requests are written until this instant.
    pub(super) fn let_go(&self, until: Option<Instant>) {
        let driver = {
            let mut queue = self.lock_queue();
            queue.gate.held = false;
            queue.gate.until = until;
            queue.driver.take()
        };
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Holds back what is not about logging in for so long from now on.
    pub(super) fn throttle(&self, now: Instant, pause: Duration) {
        let driver = {
            let mut queue = self.lock_queue();
            queue.gate.throttle = queue.gate.throttle.max(pause);
            queue.throttle(now, pause);
            queue.driver.take()
        };
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// For the driver, whom an answer or a caller has told to pause: until when to.
    pub(super) fn throttled(&self, now: Instant, pause: Duration) -> Instant {
        self.lock_queue().throttle(now, pause)
    }

    /// When the pause ends, if there is one.
    pub(super) fn throttled_until(&self, now: Instant) -> Option<Instant> {
        let until = self.lock_queue().throttled_until;
        until.filter(|until| now < *until)
    }

    /// Ends the connection for `reason`, at once: what is in flight fails.
    pub(super) fn close_with(&self, reason: Error) {
        self.change(|state| {
            if !matches!(state, State::Closed(_)) {
                *state = State::Closed(reason);
            }
        });
        self.closed.store(true, Ordering::Release);
        self.room_freed.notify_waiters();
    }

    /// Takes nothing new and ends the connection when the rest is done.
    pub(super) fn drain(&self) {
        self.change(|state| {
            if matches!(state, State::Open) {
                *state = State::Draining;
            }
        });
        self.closed.store(true, Ordering::Release);
        self.room_freed.notify_waiters();
    }

    /// Takes nothing new, fails what is not written and ends the connection when
    /// the answers to the rest are there.
    pub(super) fn retire(&self, reason: Error) {
        self.change(|state| {
            if matches!(state, State::Open | State::Draining) {
                *state = State::Retired(reason);
            }
        });
        self.closed.store(true, Ordering::Release);
        self.room_freed.notify_waiters();
    }

    /// Resolves when there is room for a request of `len` bytes, or the
    /// connection is closed; the grant passes the turn on when dropped.
    pub(super) async fn room(self: Arc<Self>, len: usize) -> RoomGrant {
        let grant = RoomGrant(self);
        loop {
            let freed = grant.0.room_freed.notified();
            let Err(Refused::Full(_)) = grant.0.lock_queue().admit(Kind::Ordinary, len) else {
                break;
            };
            freed.await;
        }
        grant
    }

    /// Resolves when the driver has ended.
    pub(super) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ended = self.ended.subscribe();
        async move {
            // The sender lives in the link, which outlives its driver: an error
            // is an end as well.
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }

    /// For the driver: moves the new requests to `into` and says how to go on.
    /// The waker is called at the next change.
    pub(super) fn take_new(
        &self,
        waker: &Waker,
        into: &mut VecDeque<Submission<Reply>>,
    ) -> (Command, Gate) {
        let mut queue = self.lock_queue();
        if into.is_empty() {
            std::mem::swap(into, &mut queue.new);
        } else {
            into.append(&mut queue.new);
        }
        match &queue.driver {
            Some(known) if known.will_wake(waker) => {}
            _ => queue.driver = Some(waker.clone()),
        }
        let command = match &queue.state {
            State::Open => Command::Run,
            State::Draining => Command::Drain,
            State::Retired(reason) => Command::Retire(reason.clone()),
            State::Closed(reason) => Command::Close(reason.clone()),
        };
        let gate = queue.gate;
        queue.gate.throttle = Duration::ZERO;
        (command, gate)
    }

    /// For the driver: gives room back.
    pub(super) fn release(&self, released: Released) {
        if released != Released::default() {
            self.lock_queue().room.release(released);
            self.room_freed.notify_one();
        }
    }

    /// For the driver: ends the connection unless a request came in meanwhile.
    pub(super) fn close_if_unused(&self, reason: impl FnOnce() -> Error) -> bool {
        let mut queue = self.lock_queue();
        let unused = queue.new.is_empty();
        if unused && !matches!(queue.state, State::Closed(_)) {
            queue.state = State::Closed(reason());
            self.closed.store(true, Ordering::Release);
        }
        unused
    }

    /// For the driver, when it ends: returns the requests it never saw.
    pub(super) fn end(&self, reason: &Error) -> VecDeque<Submission<Reply>> {
        let left = {
            let mut queue = self.lock_queue();
            if !matches!(queue.state, State::Closed(_)) {
                queue.state = State::Closed(reason.clone());
            }
            queue.driver = None;
            std::mem::take(&mut queue.new)
        };
        self.closed.store(true, Ordering::Release);
        self.room_freed.notify_waiters();
        left
    }

    /// For the driver: the last thing it does.
    pub(super) fn announce_end(&self) {
        self.ended.send_replace(true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let driver = {
            let mut queue = self.lock_queue();
            change(&mut queue.state);
            queue.driver.take()
        };
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    fn lock_queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

impl Queue {
    /// Returns when the pause ends, by this word or by an earlier one.
    fn throttle(&mut self, now: Instant, pause: Duration) -> Instant {
        let until = after(now, pause.min(Connection::MAX_THROTTLE));
        *self
            .throttled_until
            .insert(self.throttled_until.map_or(until, |known| known.max(until)))
    }

    fn admit(&self, kind: Kind, len: usize) -> Result<(), Refused> {
        match &self.state {
            State::Open | State::Draining if kind != Kind::Ordinary => Ok(()),
            State::Open if self.room.fits(len) => Ok(()),
            State::Open => Err(Refused::Full(len)),
            State::Draining => Err(Refused::Error(
                Error::closed("the connection").with_possibly_written(false),
            )),
            State::Retired(reason) | State::Closed(reason) => {
                Err(Refused::Error(after_close(reason)))
            }
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("peer", &self.peer)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// The turn of one who waited for room. Dropped, used or not, it gives the turn
/// to the next one.
pub(super) struct RoomGrant(Arc<Link>);

impl Drop for RoomGrant {
    fn drop(&mut self) {
        self.0.room_freed.notify_one();
    }
}

/// What a request fails with when the connection was over before it came.
#[cold]
fn after_close(reason: &Error) -> Error {
    let error = match reason.kind() {
        ErrorKind::Closed => reason.clone(),
        _ => Error::new(ErrorKind::Disconnected)
            .with_message("the connection is closed")
            .with_source(reason.clone()),
    };
    error.with_possibly_written(false)
}

/// A panic elsewhere never leaves these values half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
