//! The bound on buffered bytes, and those who wait for room.
//!
//! Room is charged when a batch grows by a chunk and given back when the batch
//! has its outcome. Who finds none waits in line: room given back is granted in
//! order of arrival, in the waiter's name, so that nobody else can take it in
//! between; while somebody waits, nobody overtakes.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use kafka_net::{Error, ErrorKind};

use crate::sync::{AtomicUsize, Mutex, Ordering, lock};

/// The account of one producer.
pub(crate) struct Memory {
    limit: usize,
    used: AtomicUsize,
    /// Length of the line, so that the fast paths need no lock.
    waiting: AtomicUsize,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    waiters: VecDeque<Arc<Waiter>>,
    /// No waiter's deadline is earlier; `None` when nobody waits.
    earliest: Option<Instant>,
    refusal: Option<Error>,
}

struct Waiter {
    bytes: usize,
    deadline: Instant,
    state: Mutex<WaiterState>,
}

enum WaiterState {
    Waiting(Option<Waker>),
    Granted,
    Failed(Error),
    /// Granted and taken, or given up.
    Gone,
}

/// What joining the line means for whoever enforces deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// An earlier deadline than any so far, or the first waiter: look again.
    Sooner,
    /// Nothing to do.
    Behind,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            used: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            line: Mutex::default(),
        }
    }

    /// Bytes charged now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether somebody waits for room, so that batches should not linger.
    pub(crate) fn is_short(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Takes the bytes if there is room and nobody is in line for it.
    pub(crate) fn try_take(&self, bytes: usize) -> bool {
        !self.is_short() && self.take(bytes)
    }

    fn take(&self, bytes: usize) -> bool {
        self.used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                used.checked_add(bytes).filter(|total| *total <= self.limit)
            })
            .is_ok()
    }

    /// Gives bytes back and wakes those for whom that makes room.
    pub(crate) fn give_back(&self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.used.fetch_sub(bytes, Ordering::SeqCst);
        // A waiter that joins now reads `used` after raising `waiting`, so one
        // of the two sees the other.
        if self.is_short() {
            self.grant();
        }
    }

    /// Joins the line for `bytes`, which must not be above the limit.
    pub(crate) fn wait(self: &Arc<Self>, bytes: usize, deadline: Instant) -> (Room, Joined) {
        let waiter = Arc::new(Waiter {
            bytes,
            deadline,
            state: Mutex::new(WaiterState::Waiting(None)),
        });
        let joined = {
            let mut line = lock(&self.line);
            if let Some(refusal) = &line.refusal {
                *lock(&waiter.state) = WaiterState::Failed(refusal.clone());
                Joined::Behind
            } else {
                line.waiters.push_back(waiter.clone());
                self.waiting.store(line.waiters.len(), Ordering::SeqCst);
                match line.earliest {
                    Some(earliest) if earliest <= deadline => Joined::Behind,
                    _ => {
                        line.earliest = Some(deadline);
                        Joined::Sooner
                    }
                }
            }
        };
        self.grant();
        let room = Room {
            memory: self.clone(),
            waiter,
        };
        (room, joined)
    }

    /// When [`expire`](Self::expire) has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        if !self.is_short() {
            return None;
        }
        lock(&self.line).earliest
    }

    /// Fails the waiters whose deadline has passed.
    pub(crate) fn expire(&self, now: Instant, error: impl Fn() -> Error) {
        if self.next_deadline().is_none_or(|earliest| earliest > now) {
            return;
        }
        let expired = {
            let mut line = lock(&self.line);
            let (expired, kept): (VecDeque<_>, VecDeque<_>) =
                line.waiters.drain(..).partition(|w| w.deadline <= now);
            line.waiters = kept;
            line.earliest = line.waiters.iter().map(|w| w.deadline).min();
            self.waiting.store(line.waiters.len(), Ordering::SeqCst);
            expired
        };
        for waiter in expired {
            waiter.fail(error());
        }
        // Those behind may fit where the expired ones did not.
        self.grant();
    }

    /// Fails everyone who waits, now and from now on.
    pub(crate) fn refuse(&self, error: &Error) {
        let refused = {
            let mut line = lock(&self.line);
            line.refusal.get_or_insert_with(|| error.clone());
            line.earliest = None;
            self.waiting.store(0, Ordering::SeqCst);
            std::mem::take(&mut line.waiters)
        };
        for waiter in refused {
            waiter.fail(error.clone());
        }
    }

    /// Grants room to the front of the line while there is any.
    fn grant(&self) {
        let mut granted = Vec::new();
        {
            let mut line = lock(&self.line);
            while let Some(front) = line.waiters.front() {
                if !self.take(front.bytes) {
                    break;
                }
                granted.extend(line.waiters.pop_front());
            }
            if line.waiters.is_empty() {
                line.earliest = None;
            }
            self.waiting.store(line.waiters.len(), Ordering::SeqCst);
        }
        for waiter in granted {
            let waker = {
                let mut state = lock(&waiter.state);
                match std::mem::replace(&mut *state, WaiterState::Granted) {
                    WaiterState::Waiting(waker) => waker,
                    // Given up between leaving the line and here: `Room::drop`
                    // saw `Waiting` and left the room to us.
                    other => {
                        *state = other;
                        drop(state);
                        self.give_back(waiter.bytes);
                        None
                    }
                }
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// A waiter that was given up leaves the line.
    fn leave(&self, waiter: &Arc<Waiter>) {
        {
            let mut line = lock(&self.line);
            line.waiters.retain(|other| !Arc::ptr_eq(other, waiter));
            self.waiting.store(line.waiters.len(), Ordering::SeqCst);
        }
        // It may have been the one that held up those behind.
        self.grant();
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("limit", &self.limit)
            .field("used", &self.used())
            .field("waiting", &self.waiting.load(Ordering::Relaxed))
            .finish()
    }
}

impl Waiter {
    fn fail(&self, error: Error) {
        let waker = {
            let mut state = lock(&self.state);
            match std::mem::replace(&mut *state, WaiterState::Failed(error)) {
                WaiterState::Waiting(waker) => waker,
                other => {
                    *state = other;
                    None
                }
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A place in line. Dropped, it is given up, and so is the room if it was
/// granted by then.
#[derive(Debug)]
pub(crate) struct Room {
    memory: Arc<Memory>,
    waiter: Arc<Waiter>,
}

impl Future for Room {
    type Output = Result<Charge, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.waiter.state);
        match &mut *state {
            WaiterState::Waiting(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            WaiterState::Granted => {
                *state = WaiterState::Gone;
                Poll::Ready(Ok(Charge {
                    memory: self.memory.clone(),
                    bytes: self.waiter.bytes,
                }))
            }
            WaiterState::Failed(error) => Poll::Ready(Err(error.clone())),
            WaiterState::Gone => Poll::Ready(Err(
                Error::new(ErrorKind::Internal).with_hint("polled after it resolved")
            )),
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let was = std::mem::replace(&mut *lock(&self.waiter.state), WaiterState::Gone);
        match was {
            WaiterState::Waiting(_) => self.memory.leave(&self.waiter),
            WaiterState::Granted => self.memory.give_back(self.waiter.bytes),
            WaiterState::Failed(_) | WaiterState::Gone => {}
        }
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Bytes taken from a [`Memory`], given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Charge {
    /// Nothing yet.
    pub(crate) fn none(memory: &Arc<Memory>) -> Self {
        Self {
            memory: memory.clone(),
            bytes: 0,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows to `wanted` bytes, or at least to `needed`.
    pub(crate) fn try_grow(&mut self, needed: usize, wanted: usize) -> bool {
        for target in [wanted.max(needed), needed] {
            match target.checked_sub(self.bytes) {
                None | Some(0) => return true,
                Some(more) if self.memory.try_take(more) => {
                    self.bytes = target;
                    return true;
                }
                Some(_) => {}
            }
        }
        false
    }

    /// Gives back what is above `total`.
    pub(crate) fn shrink(&mut self, total: usize) {
        if let Some(excess) = self.bytes.checked_sub(total) {
            self.bytes = total;
            self.memory.give_back(excess);
        }
    }

    /// Parts with up to `bytes` of its own.
    pub(crate) fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self {
            memory: self.memory.clone(),
            bytes,
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.give_back(self.bytes);
    }
}
