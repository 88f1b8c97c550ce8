//! The outcome of a batch, shared by the handles of all its records.
//!
//! ```text
//!            resolve(range)                     all ranges resolved
//!  pending ─────────────────▶ partly resolved ─────────────────────▶ done
//!     │                      (a batch was split)                      ▲
//!     └───────────────────────────────────────────────────────────────┘
//!                        the whole range at once
//! ```
//!
//! A completion knows nothing of the batch's bytes, so a handle that is kept
//! never pins them. [`Resolver`]s cover its index range without overlap; one
//! that is dropped unresolved fails its records, so none is left waiting.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use kafka_net::{Error, ErrorKind};

use crate::sync::{Mutex, lock};

/// What became of the records of one range.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Appended to the log, as far as the acks setting tells.
    Written {
        /// Offset of the range's first record; `None` where the broker told none.
        base_offset: Option<i64>,
        /// The broker's timestamp, for topics that keep the time of appending.
        log_append_ms: Option<i64>,
    },
    /// Not delivered, or not known to be.
    Failed(Error),
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) offset: Option<i64>,
    pub(crate) log_append_ms: Option<i64>,
}

/// One batch's outcome: see the module.
#[derive(Debug)]
pub(crate) struct Completion {
    partition: i32,
    /// Set once every range has an outcome; read without a lock.
    done: OnceLock<Vec<Segment>>,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    segments: Vec<Segment>,
    /// Indices that have an outcome, of [`ALL`].
    covered: u32,
    waiters: Vec<Waiter>,
}

#[derive(Clone, Debug)]
struct Segment {
    first: u32,
    end: u32,
    outcome: Outcome,
}

#[derive(Debug)]
struct Waiter {
    waker: Waker,
    /// The record whose handle put the waker here, until another handle relies
    /// on it too: only an exclusive one may be replaced.
    owner: Option<u32>,
}

/// Records have indices below this; batches end at 2³¹ − 1 records.
const ALL: u32 = u32::MAX;

/// A handle that has registered no waker.
pub(crate) const NO_SLOT: u32 = u32::MAX;

impl Completion {
    /// A completion for a batch of this partition, and the resolver of all its
    /// records.
    pub(crate) fn new(partition: i32) -> (Arc<Self>, Resolver) {
        let completion = Arc::new(Self {
            partition,
            done: OnceLock::new(),
            progress: Mutex::default(),
        });
        let resolver = Resolver {
            completion: completion.clone(),
            first: 0,
            end: ALL,
        };
        (completion, resolver)
    }

    /// A completion that failed before it began.
    pub(crate) fn failed(partition: i32, error: Error) -> Arc<Self> {
        let (completion, resolver) = Self::new(partition);
        resolver.resolve(Outcome::Failed(error));
        completion
    }

    pub(crate) fn partition(&self) -> i32 {
        self.partition
    }

    /// The outcome of the record at `index`. `slot` is the caller's to keep,
    /// [`NO_SLOT`] at first.
    pub(crate) fn poll_record(
        &self,
        index: u32,
        slot: &mut u32,
        cx: &Context<'_>,
    ) -> Poll<Result<Written, Error>> {
        if let Some(segments) = self.done.get() {
            return Poll::Ready(outcome_of(segments, index));
        }
        let mut progress = lock(&self.progress);
        if let Some(segments) = self.done.get() {
            return Poll::Ready(outcome_of(segments, index));
        }
        if progress.segments.iter().any(|s| s.contains(index)) {
            return Poll::Ready(outcome_of(&progress.segments, index));
        }
        progress.register(Some(index), slot, cx.waker());
        Poll::Pending
    }

    /// Whether every record has its outcome.
    pub(crate) fn poll_done(&self, slot: &mut u32, cx: &Context<'_>) -> Poll<()> {
        if self.is_done() {
            return Poll::Ready(());
        }
        let mut progress = lock(&self.progress);
        if self.is_done() {
            return Poll::Ready(());
        }
        progress.register(None, slot, cx.waker());
        Poll::Pending
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done.get().is_some()
    }

    fn resolve(&self, segment: Segment) {
        let waiters = {
            let mut progress = lock(&self.progress);
            progress.covered += segment.end - segment.first;
            progress.segments.push(segment);
            if progress.covered == ALL {
                let mut segments = std::mem::take(&mut progress.segments);
                segments.sort_unstable_by_key(|s| s.first);
                // Nobody else sets it: ranges don't overlap, so the last one to
                // be covered comes once.
                let _ = self.done.set(segments);
            }
            std::mem::take(&mut progress.waiters)
        };
        // Wakers are the callers' code: not under the lock.
        for waiter in waiters {
            waiter.waker.wake();
        }
    }
}

impl Progress {
    fn register(&mut self, owner: Option<u32>, slot: &mut u32, waker: &Waker) {
        let last = u32::try_from(self.waiters.len())
            .unwrap_or(NO_SLOT)
            .wrapping_sub(1);
        if let Some(mine) = self.waiters.get_mut(*slot as usize) {
            if mine.waker.will_wake(waker) {
                return;
            }
            if owner.is_some() && mine.owner == owner {
                mine.waker.clone_from(waker);
                return;
            }
        }
        // One task that awaits all records of a batch registers once.
        if let Some(newest) = self.waiters.last_mut()
            && newest.waker.will_wake(waker)
        {
            newest.owner = None;
            *slot = last;
            return;
        }
        *slot = last.wrapping_add(1);
        self.waiters.push(Waiter {
            waker: waker.clone(),
            owner,
        });
    }
}

impl Segment {
    fn contains(&self, index: u32) -> bool {
        (self.first..self.end).contains(&index)
    }
}

fn outcome_of(segments: &[Segment], index: u32) -> Result<Written, Error> {
    match segments.iter().find(|s| s.contains(index)) {
        Some(segment) => match &segment.outcome {
            Outcome::Written {
                base_offset,
                log_append_ms,
            } => Ok(Written {
                offset: base_offset
                    .and_then(|base| base.checked_add(i64::from(index - segment.first))),
                log_append_ms: *log_append_ms,
            }),
            Outcome::Failed(error) => Err(error.clone()),
        },
        None => Err(Error::new(ErrorKind::Internal).with_hint("a record without an outcome")),
    }
}

/// The right, and the duty, to resolve a range of a [`Completion`]. Dropped
/// unresolved, it fails the range: the producer ended before there was an
/// outcome.
#[derive(Debug)]
pub(crate) struct Resolver {
    completion: Arc<Completion>,
    first: u32,
    end: u32,
}

impl Resolver {
    pub(crate) fn completion(&self) -> &Arc<Completion> {
        &self.completion
    }

    pub(crate) fn resolve(mut self, outcome: Outcome) {
        self.finish(outcome);
    }

    /// The first `records` indices, and the rest.
    pub(crate) fn split(mut self, records: u32) -> (Self, Self) {
        let middle = self.first.saturating_add(records).min(self.end);
        let rest = Self {
            completion: self.completion.clone(),
            first: middle,
            end: self.end,
        };
        self.end = middle;
        (self, rest)
    }

    fn finish(&mut self, outcome: Outcome) {
        if self.first == self.end {
            return;
        }
        let segment = Segment {
            first: self.first,
            end: self.end,
            outcome,
        };
        self.first = self.end;
        self.completion.resolve(segment);
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        if self.first != self.end {
            self.finish(Outcome::Failed(
                Error::closed("the producer")
                    .with_hint("it ended before this record had an outcome")
                    .with_possibly_written(true),
            ));
        }
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
#[allow(
    clippy::panic,
    reason = "tests, which clippy does not see behind the second condition"
)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn written(base: i64) -> Outcome {
        Outcome::Written {
            base_offset: Some(base),
            log_append_ms: None,
        }
    }

    fn poll(completion: &Completion, index: u32) -> Poll<Result<Option<i64>, Error>> {
        let cx = Context::from_waker(Waker::noop());
        completion
            .poll_record(index, &mut NO_SLOT.clone(), &cx)
            .map_ok(|w| w.offset)
    }

    #[test]
    fn offsets_count_from_the_base() {
        let (completion, resolver) = Completion::new(0);
        assert!(poll(&completion, 0).is_pending());
        resolver.resolve(written(100));
        assert!(matches!(poll(&completion, 7), Poll::Ready(Ok(Some(107)))));
        assert!(completion.is_done());
    }

    #[test]
    fn pieces_resolve_apart_and_in_any_order() {
        let (completion, resolver) = Completion::new(0);
        let (first, rest) = resolver.split(3);
        let (second, third) = rest.split(2);
        third.resolve(written(50));
        assert!(poll(&completion, 0).is_pending());
        assert!(matches!(poll(&completion, 5), Poll::Ready(Ok(Some(50)))));
        first.resolve(written(10));
        second.resolve(Outcome::Failed(Error::new(ErrorKind::RecordTooLarge)));
        assert!(matches!(poll(&completion, 2), Poll::Ready(Ok(Some(12)))));
        let Poll::Ready(Err(error)) = poll(&completion, 4) else {
            panic!("index 4 must have failed");
        };
        assert_eq!(*error.kind(), ErrorKind::RecordTooLarge);
        assert!(completion.is_done());
    }

    #[test]
    fn a_dropped_resolver_fails_its_records() {
        let (completion, resolver) = Completion::new(0);
        let (kept, lost) = resolver.split(1);
        drop(lost);
        assert!(poll(&completion, 0).is_pending());
        assert!(matches!(poll(&completion, 1), Poll::Ready(Err(_))));
        kept.resolve(written(0));
        assert!(matches!(poll(&completion, 0), Poll::Ready(Ok(Some(0)))));
    }

    #[test]
    fn one_task_awaiting_all_records_is_woken_once() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        let cx = Context::from_waker(&waker);
        let (completion, resolver) = Completion::new(0);
        let mut slots = [NO_SLOT; 100];
        for _ in 0..3 {
            for (index, slot) in (0..).zip(&mut slots) {
                assert!(completion.poll_record(index, slot, &cx).is_pending());
            }
        }
        resolver.resolve(written(0));
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_new_waker_replaces_the_handles_own_but_not_a_shared_one() {
        let counts: Vec<_> = (0..3).map(|_| Arc::new(Count::default())).collect();
        let wakers: Vec<_> = counts.iter().map(|c| Waker::from(c.clone())).collect();
        let (completion, resolver) = Completion::new(0);
        let (mut a, mut b) = (NO_SLOT, NO_SLOT);
        let poll = |index, slot: &mut u32, waker: usize| {
            let cx = Context::from_waker(&wakers[waker]);
            assert!(completion.poll_record(index, slot, &cx).is_pending());
        };
        // Exclusive: moved from waker 0 to waker 1.
        poll(0, &mut a, 0);
        poll(0, &mut a, 1);
        // Shared by record 1, then record 0 moves on to waker 2.
        poll(1, &mut b, 1);
        poll(0, &mut a, 2);
        resolver.resolve(written(0));
        let woken: Vec<_> = counts.iter().map(|c| c.0.load(Ordering::SeqCst)).collect();
        assert_eq!(woken, [0, 1, 1]);
    }
}
