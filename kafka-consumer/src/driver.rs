//! The consumer's one task: sends what the state machines ask for, and tells them
//! what came of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use kafka_net::{BrokerAddress, Connection, Error, Lane, Pool, Waiting, clock};
use kafka_protocol::StrBytes;
use kafka_router::{Cluster, CoordinatorKind, Router};
use tokio::time::sleep_until;

use crate::assignment::TopicPartition;
use crate::commit::{Commit, OffsetAndMetadata};
use crate::commit_queue::CommitOutcome;
use crate::coordinator;
use crate::leader;
use crate::shared::{Life, Shared, State, tell};
use crate::subscription::{
    Ask, ClusterView, CommittedAsk, FetchAnswer, FetchAsk, Leadership, OffsetAnswer, OffsetsAsk,
};

/// Resolves everyone who waits when the driver ends, however it ends: closed,
/// or dropped with its runtime.
pub(crate) struct DriverGuard(pub(crate) Arc<Shared>);

impl Drop for DriverGuard {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// What a question led to.
enum Event {
    Topic(StrBytes, Result<(), Error>),
    Fetched(FetchAnswer),
    Offsets(OffsetAnswer),
    Committed {
        ticket: u64,
        asked: Vec<TopicPartition>,
        result: Result<Vec<Result<Option<OffsetAndMetadata>, Error>>, Error>,
    },
    Stored(Result<Vec<CommitOutcome>, Error>),
}

/// Runs until the consumer is closed.
pub(crate) async fn run(guard: DriverGuard, router: Router) {
    let mut driver = Driver {
        shared: Arc::clone(&guard.0),
        fetching: router.pool().branch(),
        router,
        flights: FuturesUnordered::new(),
        closing: None,
    };
    let mut changes = driver.router.changes();
    // Once the router is closed there are no changes to wait for.
    let mut watching = true;
    while let Some(wake_at) = driver.advance() {
        tokio::select! {
            biased;
            Some(event) = driver.flights.next(), if !driver.flights.is_empty() => {
                driver.on_event(event);
            }
            changed = changes.changed(), if watching => {
                watching = changed.is_ok();
                driver.place();
            }
            () = driver.shared.nudged() => {}
            () = sleep_until(wake_at.unwrap_or_else(clock::now).into()), if wake_at.is_some() => {}
        }
    }
}

struct Driver {
    shared: Arc<Shared>,
    router: Router,
    /// Connections for fetches alone: a broker works on one request per connection
    /// at a time, so that another consumer's long poll would hold up ours.
    fetching: Pool,
    flights: FuturesUnordered<BoxFuture<'static, Event>>,
    /// When closing ends, done or not.
    closing: Option<Instant>,
}

impl Driver {
    /// Sends what is to be sent now. Returns when to do so again, or `None` when
    /// there is nothing left to do for good.
    fn advance(&mut self) -> Option<Option<Instant>> {
        let now = clock::now();
        if self.shared.with(|state| state.subscription.is_unplaced()) {
            self.place();
        }
        let mut asks = Vec::new();
        let mut finished = Vec::new();
        let (plan_at, commits, commit_at, closing) = self.shared.with(|state| {
            let plan_at = state.subscription.plan(now, &mut asks);
            state.commits.expire(now, &mut finished);
            let commits = state.commits.next_request(now);
            let closing = match state.life {
                Life::Open => None,
                Life::Closing(timeout) => Some((timeout, state.commits.is_idle())),
                Life::Closed(_) => Some((std::time::Duration::ZERO, true)),
            };
            (plan_at, commits, state.commits.wake_at(), closing)
        });
        tell(finished);
        for ask in asks {
            self.start(now, ask);
        }
        if let Some(commits) = commits {
            let flight = self.store(now, commits);
            self.flights.push(flight);
        }
        let mut wake_at = plan_at.into_iter().chain(commit_at).min();
        if let Some((timeout, idle)) = closing {
            let until = *self.closing.get_or_insert(now + timeout);
            if idle || until <= now {
                return None;
            }
            wake_at = Some(wake_at.map_or(until, |at| at.min(until)));
        }
        Some(wake_at)
    }

    /// Tells the partitions what the metadata says of them.
    fn place(&self) {
        let cluster = View(self.router.cluster());
        self.shared
            .with(|state| state.subscription.on_cluster(&cluster));
    }

    fn start(&mut self, now: Instant, ask: Ask) {
        let flight: BoxFuture<'static, Event> = match ask {
            Ask::Topic(name) => {
                let waiting = self
                    .router
                    .topic(&name, now + self.shared.config.api_timeout);
                Box::pin(async move {
                    let result = waiting.await.map(drop);
                    Event::Topic(name, result)
                })
            }
            Ask::Refresh(topic) => return self.router.request_refresh(Some(&topic)),
            Ask::Fetch(ask) => self.fetch(now, ask),
            Ask::Offsets(ask) => self.offsets(ask),
            Ask::Committed(ask) => self.committed(now, ask),
        };
        self.flights.push(flight);
    }

    fn fetch(&self, now: Instant, ask: FetchAsk) -> BoxFuture<'static, Event> {
        let FetchAsk {
            broker,
            ticket,
            request,
            max_version,
            wait,
        } = ask;
        let limit = self.shared.config.request_timeout;
        let mut options = kafka_net::SendOptions::new(limit + wait);
        options.max_version = max_version;
        // With a connection at hand the request is on its way before this returns.
        let address = self.router.broker(broker);
        let existing = address
            .as_ref()
            .and_then(|address| self.fetching.existing(address, Lane::Fetch));
        let started = existing.map(|connection| connection.start(&request, &options));
        let connecting = started
            .is_none()
            .then(|| self.connect(broker, address, now + limit));
        Box::pin(async move {
            let result = async {
                let pending = match (started, connecting) {
                    (Some(pending), _) => pending,
                    (None, Some(connecting)) => connecting.await?.start(&request, &options),
                    (None, None) => return Err(crate::error::closed()),
                };
                let version = pending.version();
                Ok((pending.await?, version))
            };
            Event::Fetched(FetchAnswer {
                broker,
                ticket,
                result: result.await,
            })
        })
    }

    /// Tries once: a leader that is gone has to be looked for, not waited for.
    fn connect(
        &self,
        broker: i32,
        address: Option<BrokerAddress>,
        deadline: Instant,
    ) -> Waiting<Connection> {
        match address {
            Some(address) => self.fetching.attempt(&address, Lane::Fetch, deadline),
            // Unknown: the router looks for it, or says what is wrong.
            None => self.router.attempt(broker, Lane::Fetch, deadline),
        }
    }

    fn offsets(&self, ask: OffsetsAsk) -> BoxFuture<'static, Event> {
        let router = self.router.clone();
        let config = Arc::clone(&self.shared.config);
        let OffsetsAsk {
            broker,
            ticket,
            items,
        } = ask;
        Box::pin(async move {
            let questions = items
                .iter()
                .map(|item| (&item.partition, item.leader_epoch, item.timestamp))
                .collect::<Vec<_>>();
            let result = leader::ask(&router, &config, broker, &questions).await;
            Event::Offsets(OffsetAnswer {
                broker,
                ticket,
                items,
                result,
            })
        })
    }

    fn committed(&self, now: Instant, ask: CommittedAsk) -> BoxFuture<'static, Event> {
        let router = self.router.clone();
        let config = Arc::clone(&self.shared.config);
        let deadline = now + config.api_timeout;
        let CommittedAsk { ticket, items } = ask;
        Box::pin(async move {
            let result = coordinator::committed(&router, &config, &items, deadline).await;
            Event::Committed {
                ticket,
                asked: items.into_iter().map(|(partition, _)| partition).collect(),
                result,
            }
        })
    }

    fn store(&self, now: Instant, commits: Vec<Commit>) -> BoxFuture<'static, Event> {
        let router = self.router.clone();
        let config = Arc::clone(&self.shared.config);
        let deadline = now + config.request_timeout;
        Box::pin(async move {
            Event::Stored(coordinator::commit(&router, &config, &commits, deadline).await)
        })
    }

    fn on_event(&mut self, event: Event) {
        let now = clock::now();
        match event {
            Event::Topic(name, result) => {
                let found = result.is_ok();
                self.with(|state| state.subscription.on_topic(now, &name, result));
                if found {
                    self.place();
                }
            }
            Event::Fetched(mut answer) => {
                if let Ok((response, _)) = &mut answer.result {
                    self.router.learn_leaders(answer.broker, response);
                }
                self.with(|state| state.subscription.on_fetched(now, answer));
            }
            Event::Offsets(answer) => {
                self.with(|state| state.subscription.on_offsets(now, answer));
            }
            Event::Committed {
                ticket,
                asked,
                result,
            } => self.with(|state| {
                state
                    .subscription
                    .on_committed_offsets(now, ticket, &asked, result);
            }),
            Event::Stored(result) => self.on_stored(now, result),
        }
    }

    fn on_stored(&self, now: Instant, result: Result<Vec<CommitOutcome>, Error>) {
        let random = self.router.env().random();
        let mut finished = Vec::new();
        if needs_coordinator(&result)
            && let Some(group) = &self.shared.config.group
        {
            self.router
                .forget_coordinator(CoordinatorKind::Group, group);
        }
        self.with(|state| match result {
            Ok(outcomes) => {
                let committed = state.commits.answered(now, outcomes, random, &mut finished);
                for commit in &committed {
                    state.subscription.on_committed(commit);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a commit failed");
                state.commits.failed(now, error, random, &mut finished);
            }
        });
        tell(finished);
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        self.shared.with(change)
    }
}

/// Whether another broker may have become the coordinator.
fn needs_coordinator(result: &Result<Vec<CommitOutcome>, Error>) -> bool {
    use crate::group::{GroupVerdict, verdict};
    match result {
        Ok(outcomes) => outcomes
            .iter()
            .any(|(_, code)| verdict(*code) == GroupVerdict::FindCoordinator),
        Err(_) => true,
    }
}

/// The router's snapshot, as the subscription sees it.
struct View(Arc<Cluster>);

impl ClusterView for View {
    fn leadership(&self, partition: &TopicPartition) -> Leadership {
        let Some(topic) = self.0.topic(&partition.topic) else {
            return Leadership::NoTopic;
        };
        if topic.partitions().is_empty() {
            return Leadership::NoTopic;
        }
        match topic.partition(partition.partition) {
            None => Leadership::NoPartition,
            Some(found) => Leadership::Known {
                topic_id: topic.id(),
                leader: found.leader,
                leader_epoch: found.leader_epoch,
            },
        }
    }

    fn broker_ids(&self) -> BTreeSet<i32> {
        self.0.brokers().map(|broker| broker.id).collect()
    }
}
