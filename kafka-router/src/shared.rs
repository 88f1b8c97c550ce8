//! What the handles and the driver of one router share.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use arc_swap::ArcSwap;
use kafka_net::{BrokerAddress, Error, Pool, clock, watch};
use kafka_protocol::StrBytes;
use tokio::sync::{Notify, oneshot};

use crate::cluster::Cluster;
use crate::config::RouterConfig;
use crate::coordinator::{CoordinatorKind, Coordinators};
use crate::destination::Loads;
use crate::refresh::{Goal, Output, Refresh, Settings, WaiterId};

type Outcome<T> = (oneshot::Sender<Result<T, Error>>, Result<T, Error>);

/// The two state machines behind one lock, and around them what can be read
/// without it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: RouterConfig,
    pub(crate) pool: Pool,
    pub(crate) loads: Arc<Loads>,
    cluster: ArcSwap<Cluster>,
    generation: watch::Sender<u64>,
    state: Mutex<State>,
    /// Told whenever the driver may have something new to do.
    pub(crate) wake: Notify,
    /// False once the driver has ended.
    pub(crate) driver_alive: watch::Sender<bool>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) refresh: Refresh,
    pub(crate) coordinators: Coordinators,
    pub(crate) closed: bool,
    snapshots: BTreeMap<WaiterId, oneshot::Sender<Result<Arc<Cluster>, Error>>>,
    nodes: BTreeMap<WaiterId, oneshot::Sender<Result<i32, Error>>>,
    last_id: WaiterId,
}

impl Shared {
    pub(crate) fn new(config: RouterConfig, pool: Pool) -> Self {
        let random = pool.env().random().fork();
        let settings = Settings {
            max_age: config.metadata_max_age(),
            backoff: config.backoff(),
            allow_auto_topic_creation: config.allow_auto_topic_creation(),
            rebootstrap_after: config.rebootstraps().then(|| config.rebootstrap_trigger()),
        };
        let state = State {
            refresh: Refresh::new(clock::now(), settings, random.fork()),
            coordinators: Coordinators::new(config.backoff(), random),
            closed: false,
            snapshots: BTreeMap::new(),
            nodes: BTreeMap::new(),
            last_id: 0,
        };
        Self {
            config,
            pool,
            loads: Arc::default(),
            cluster: ArcSwap::from(Arc::clone(state.refresh.cluster())),
            generation: watch::Sender::new(0),
            state: Mutex::new(state),
            wake: Notify::new(),
            driver_alive: watch::Sender::new(true),
        }
    }

    pub(crate) fn cluster(&self) -> Arc<Cluster> {
        self.cluster.load_full()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Waits until there is no broker at `address` any more, and one elsewhere that the goal
    /// is about. A controller that is only not named is still there to be asked: KRaft
    /// clusters name another broker each time.
    pub(crate) async fn replaced(&self, goal: &Goal, address: &BrokerAddress) -> Arc<Cluster> {
        let mut changes = self.changes();
        loop {
            let cluster = self.cluster();
            let is_there = cluster.brokers().any(|broker| broker.address() == *address);
            if !is_there && goal.is_met_by(&cluster) {
                return cluster;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Changes the state and delivers what comes of it. Wakers run only after
    /// the lock is free again: they are other people's code.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let value = change(&mut state);
        let mut published = None;
        let mut snapshots = Vec::new();
        for output in state.refresh.take_outputs() {
            match output {
                Output::Publish(cluster) => {
                    published = Some(cluster.generation());
                    self.cluster.store(cluster);
                }
                Output::Resolve(id, result) => {
                    snapshots.extend(state.snapshots.remove(&id).map(|to| (to, result)));
                }
            }
        }
        let nodes: Vec<_> = state
            .coordinators
            .take_outputs()
            .into_iter()
            .filter_map(|(id, result)| Some((state.nodes.remove(&id)?, result)))
            .collect();
        drop(state);
        if let Some(generation) = published {
            self.announce(generation);
        }
        deliver(snapshots);
        deliver(nodes);
        value
    }

    /// Two threads may come here in the wrong order.
    fn announce(&self, generation: u64) {
        self.generation.send_if_modified(|seen| {
            let newer = generation > *seen;
            *seen = generation.max(*seen);
            newer
        });
    }

    /// Begins a wait for metadata.
    pub(crate) fn wait_for(
        self: &Arc<Self>,
        goal: Goal,
        deadline: Instant,
    ) -> Ticket<Arc<Cluster>> {
        let (sender, receiver) = oneshot::channel();
        let id = self.with(|state| {
            let id = state.next_id();
            state.snapshots.insert(id, sender);
            state.refresh.wait(clock::now(), id, goal, deadline);
            id
        });
        self.ticket(id, receiver)
    }

    /// Begins a wait for a coordinator.
    pub(crate) fn wait_for_coordinator(
        self: &Arc<Self>,
        kind: CoordinatorKind,
        key: StrBytes,
        deadline: Instant,
    ) -> Ticket<i32> {
        let (sender, receiver) = oneshot::channel();
        let id = self.with(|state| {
            let id = state.next_id();
            state.nodes.insert(id, sender);
            let now = clock::now();
            state.coordinators.wait(now, id, kind, key, deadline);
            id
        });
        self.ticket(id, receiver)
    }

    fn ticket<T>(
        self: &Arc<Self>,
        id: WaiterId,
        result: oneshot::Receiver<Result<T, Error>>,
    ) -> Ticket<T> {
        self.wake.notify_one();
        Ticket {
            shared: Arc::clone(self),
            id,
            result,
        }
    }

    fn cancel(&self, id: WaiterId) {
        self.with(|state| {
            state.snapshots.remove(&id);
            state.nodes.remove(&id);
            state.refresh.cancel(id);
            state.coordinators.cancel(id);
        });
    }

    /// Resolves everyone who waits and ends the driver.
    pub(crate) fn close(&self, error: &Error) {
        self.with(|state| {
            state.closed = true;
            state.refresh.close(error);
            state.coordinators.close(error);
        });
        self.wake.notify_one();
    }

    /// Does the work, or gives up once the driver has ended, with the error that
    /// `ended` then makes. Work that is done at that moment counts.
    pub(crate) async fn unless_closed<T>(
        &self,
        ended: impl FnOnce() -> Error,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        if self.has_ended() {
            return Err(ended());
        }
        tokio::select! {
            biased;
            result = work => result,
            () = self.ended() => Err(ended()),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.driver_alive.with(|alive| !alive)
    }

    /// Waits until the driver has ended.
    pub(crate) async fn ended(&self) {
        // It fails only when the sender is gone, which lives as long as `self`.
        let _ = self.driver_alive.subscribe().wait_for(|alive| !alive).await;
    }

    /// How many wait for anything.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.with(|state| {
            assert_eq!(state.snapshots.len(), state.refresh.waiting());
            assert_eq!(state.nodes.len(), state.coordinators.waiting());
            state.snapshots.len() + state.nodes.len()
        })
    }
}

impl State {
    fn next_id(&mut self) -> WaiterId {
        self.last_id += 1;
        self.last_id
    }
}

fn deliver<T>(outcomes: Vec<Outcome<T>>) {
    for (to, result) in outcomes {
        // Whoever waited may just have left.
        let _ = to.send(result);
    }
}

/// One wait. Dropping it leaves no trace of it.
#[derive(Debug)]
pub(crate) struct Ticket<T> {
    shared: Arc<Shared>,
    id: WaiterId,
    result: oneshot::Receiver<Result<T, Error>>,
}

impl<T> Future for Ticket<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.result)
            .poll(cx)
            .map(|result| result.unwrap_or_else(|_| Err(closed())))
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        self.shared.cancel(self.id);
    }
}

/// What everyone gets who waits on a router that has ended.
#[cold]
pub(crate) fn closed() -> Error {
    Error::closed("the client")
}
