//! What the consumer's handles and its driver share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use kafka_net::{Error, Random};
use kafka_router::Backoff;
use tokio::sync::{Notify, oneshot};

use crate::batch::Batch;
use crate::commit::Commit;
use crate::commit_queue::{CommitQueue, Finished};
use crate::config::{ConsumerConfig, FOREVER};
use crate::decode::{Decoded, Decoder};
use crate::error;
use crate::subscription::{Lease, Settled, Subscription, Taken};

/// Told when a commit is done.
pub(crate) type CommitWaiter = oneshot::Sender<Result<(), Error>>;

/// State behind one lock, held for short and never across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    nudge: Notify,
    decoder: Decoder,
    pub(crate) config: Arc<ConsumerConfig>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) subscription: Subscription,
    pub(crate) commits: CommitQueue<CommitWaiter>,
    pub(crate) life: Life,
    /// Told when the driver has ended.
    closers: Vec<oneshot::Sender<()>>,
    waiters: BTreeMap<u64, Waker>,
    last_waiter: u64,
    /// The driver has something to do: a caller that never waits otherwise lets it
    /// run now, or nothing is fetched while the caller works on a runtime of one
    /// thread.
    yield_due: bool,
}

/// ```text
/// Open ── close, or the last handle dropped ──► Closing ── driver done ──► Closed
///   └────────────── the runtime ended ──────────────────────────────────────┘
/// ```
#[derive(Clone, Debug)]
pub(crate) enum Life {
    Open,
    /// Commits that were asked for go out, for at most this long.
    Closing(Duration),
    /// By its owner, or else with the reason.
    Closed(Option<Error>),
}

impl Shared {
    pub(crate) fn new(config: ConsumerConfig, random: Random) -> Self {
        let config = Arc::new(config);
        let backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max);
        let group = config.group.clone().unwrap_or_default();
        let state = State {
            subscription: Subscription::new(Arc::clone(&config), random),
            commits: CommitQueue::new(group, backoff, config.api_timeout),
            life: Life::Open,
            closers: Vec::new(),
            waiters: BTreeMap::new(),
            last_waiter: 0,
            yield_due: false,
        };
        Self {
            state: Mutex::new(state),
            nudge: Notify::new(),
            decoder: Decoder::new(&config),
            config,
        }
    }

    /// Changes the state, then wakes whoever that concerns.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let signals = state.subscription.take_signals();
        let woken = if signals.callers {
            std::mem::take(&mut state.waiters)
        } else {
            BTreeMap::new()
        };
        state.yield_due |= signals.driver;
        drop(state);
        if signals.driver {
            self.nudge.notify_one();
        }
        for (_, waker) in woken {
            waker.wake();
        }
        result
    }

    /// Changes the subscription, unless the consumer is closed.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&mut Subscription) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.with(|state| {
            state.life.check()?;
            change(&mut state.subscription)
        })
    }

    /// Wakes the driver.
    pub(crate) fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// Until something changes that the driver has to act on.
    pub(crate) async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// The next batch, or `None` once the consumer is closed.
    pub(crate) fn poll_batch(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Option<u64>,
    ) -> Poll<Result<Option<Batch>, Error>> {
        self.poll_taken(cx, waiter, |state, lease, batch| {
            match state.subscription.settle(lease, Decoded::Batch(batch)) {
                Settled::Batch(batch) => Some(batch),
                // Sought, paused or unassigned while it was decoded.
                Settled::Error(_) | Settled::Nothing => None,
            }
        })
    }

    /// The next batch for someone who hands out its records one by one and keeps
    /// the lease meanwhile.
    pub(crate) fn poll_lease(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Option<u64>,
    ) -> Poll<Result<Option<(Lease, Batch)>, Error>> {
        self.poll_taken(cx, waiter, |state, lease, batch| {
            state.subscription.hold(lease, batch)
        })
    }

    fn poll_taken<T>(
        &self,
        cx: &mut Context<'_>,
        waiter: &mut Option<u64>,
        mut keep: impl FnMut(&mut State, Lease, Batch) -> Option<T>,
    ) -> Poll<Result<Option<T>, Error>> {
        loop {
            let taken = self.with(|state| match &state.life {
                Life::Open => {
                    if std::mem::take(&mut state.yield_due) {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    let taken = state.subscription.take();
                    if matches!(taken, Taken::Nothing) {
                        state.wait(cx, waiter);
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(Some(taken)))
                }
                Life::Closing(_) | Life::Closed(None) => Poll::Ready(Ok(None)),
                Life::Closed(Some(error)) => Poll::Ready(Err(error.clone())),
            });
            let (mut lease, decoded) = match taken {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(None)) => return Poll::Ready(Ok(None)),
                Poll::Ready(Ok(Some(Taken::Error(error)))) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(Some(Taken::Nothing))) => continue,
                Poll::Ready(Ok(Some(Taken::Batch(lease, batch)))) => {
                    (lease, Some(Decoded::Batch(batch)))
                }
                Poll::Ready(Ok(Some(Taken::Chunk(lease)))) => (lease, None),
            };
            // Checking and decompressing happen outside the lock.
            let decoded = decoded.or_else(|| {
                let chunk = lease.chunk.as_mut()?;
                Some(self.decoder.next(&lease.partition, chunk))
            });
            match decoded {
                Some(Decoded::Batch(batch)) => {
                    if let Some(kept) = self.with(|state| keep(state, lease, batch)) {
                        return Poll::Ready(Ok(Some(kept)));
                    }
                }
                Some(other) => {
                    let settled = self.with(|state| state.subscription.settle(lease, other));
                    if let Settled::Error(error) = settled {
                        return Poll::Ready(Err(error));
                    }
                }
                None => self.with(|state| state.subscription.give_back(lease, None)),
            }
        }
    }

    /// Puts a commit in line; `commits` is not empty.
    pub(crate) fn commit(
        &self,
        commits: impl FnOnce(&State) -> Vec<Commit>,
    ) -> Result<Option<oneshot::Receiver<Result<(), Error>>>, Error> {
        let waiting = self.with(|state| {
            state.life.check()?;
            let commits = commits(state);
            if commits.is_empty() {
                return Ok(None);
            }
            for commit in &commits {
                state.subscription.on_commit(commit);
            }
            state.commits.forget(CommitWaiter::is_closed);
            let (sender, receiver) = oneshot::channel();
            state.commits.push(commits, sender);
            Ok(Some(receiver))
        })?;
        if waiting.is_some() {
            self.nudge();
        }
        Ok(waiting)
    }

    /// Ends the consumer: nothing more is handed out; the driver finishes commits
    /// within `timeout`. The receiver hears when it is done; `None` if it is.
    pub(crate) fn close(&self, timeout: Duration) -> Option<oneshot::Receiver<()>> {
        let receiver = self.with(|state| {
            if let Life::Closed(_) = state.life {
                return None;
            }
            if let Life::Open = state.life {
                state.life = Life::Closing(timeout.min(FOREVER));
                state.subscription.clear();
            }
            let (sender, receiver) = oneshot::channel();
            state.closers.push(sender);
            Some(receiver)
        });
        self.wake_all();
        self.nudge();
        receiver
    }

    /// The driver has ended: nobody waits any longer.
    pub(crate) fn ended(&self) {
        let mut finished = Vec::new();
        let closers = self.with(|state| {
            let reason = match &state.life {
                Life::Closing(_) | Life::Closed(None) => None,
                Life::Closed(Some(error)) => Some(error.clone()),
                Life::Open => Some(Error::closed("the runtime that the consumer was built on")),
            };
            let error = reason.clone().unwrap_or_else(error::closed);
            state.life = Life::Closed(reason);
            state.subscription.clear();
            state.commits.abandon(&error, &mut finished);
            std::mem::take(&mut state.closers)
        });
        tell(finished);
        for closer in closers {
            // Whoever closed it may no longer care.
            let _ = closer.send(());
        }
        self.wake_all();
    }

    /// The waiter no longer waits.
    pub(crate) fn forget_waiter(&self, waiter: u64) {
        self.with(|state| state.waiters.remove(&waiter));
    }

    fn wake_all(&self) {
        let woken = self.with(|state| std::mem::take(&mut state.waiters));
        for (_, waker) in woken {
            waker.wake();
        }
    }
}

impl Life {
    /// Refuses what only an open consumer can do.
    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Open => Ok(()),
            Self::Closing(_) | Self::Closed(None) => Err(error::closed()),
            Self::Closed(Some(error)) => Err(error.clone()),
        }
    }
}

impl State {
    /// Remembers to wake the caller, under a number of its own.
    fn wait(&mut self, cx: &Context<'_>, waiter: &mut Option<u64>) {
        let number = *waiter.get_or_insert_with(|| {
            self.last_waiter += 1;
            self.last_waiter
        });
        match self.waiters.get_mut(&number) {
            Some(waker) => waker.clone_from(cx.waker()),
            None => {
                self.waiters.insert(number, cx.waker().clone());
            }
        }
    }
}

/// Tells those who wait for commits what became of them.
pub(crate) fn tell(finished: Vec<Finished<CommitWaiter>>) {
    for (waiter, result) in finished {
        // A waiter that was dropped does not want to know.
        let _ = waiter.send(result);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;
    use crate::assignment::TopicPartition;
    use crate::commit::OffsetAndMetadata;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn shared() -> Shared {
        Shared::new(ConsumerConfig::default(), Random::from_seed(1))
    }

    fn waiters(shared: &Shared) -> usize {
        shared.with(|state| state.waiters.len())
    }

    #[test]
    fn a_waiter_is_kept_once_and_forgotten_when_it_goes() {
        let shared = shared();
        let waker = Waker::noop();
        let (mut one, mut two) = (None, None);
        for _ in 0..3 {
            let mut cx = Context::from_waker(waker);
            assert!(shared.poll_batch(&mut cx, &mut one).is_pending());
            assert!(shared.poll_lease(&mut cx, &mut two).is_pending());
        }
        assert_eq!(waiters(&shared), 2);
        shared.forget_waiter(one.unwrap());
        assert_eq!(waiters(&shared), 1);
        assert!(shared.close(Duration::ZERO).is_some());
        assert_eq!(waiters(&shared), 0);
    }

    #[test]
    fn all_who_wait_are_woken_by_the_end_and_told_why() {
        let shared = shared();
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        for _ in 0..3 {
            assert!(shared.poll_batch(&mut cx, &mut None).is_pending());
        }
        let commit = shared.commit(|_| {
            vec![Commit {
                partition: TopicPartition::new("t", 0),
                topic_id: kafka_protocol::Uuid::default(),
                value: OffsetAndMetadata::new(1),
            }]
        });
        let mut commit = commit.unwrap().unwrap();
        // The driver's end without a close: its runtime is gone.
        shared.ended();
        assert_eq!(count.0.load(Ordering::Relaxed), 3);
        let error = commit.try_recv().unwrap().unwrap_err();
        assert_eq!(*error.kind(), kafka_net::ErrorKind::Closed);
        match shared.poll_batch(&mut cx, &mut None) {
            Poll::Ready(Err(error)) => assert!(error.to_string().contains("runtime"), "{error}"),
            other => panic!("{other:?}"),
        }
        assert!(shared.close(Duration::ZERO).is_none());
        assert!(shared.commit(|_| Vec::new()).is_err());
    }
}
