//! The handle that everything above asks for metadata and connections.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_net::watch;
use kafka_net::{
    BrokerAddress, Connection, Environment, Error, ErrorKind, Lane, Pool, Waiting, clock,
};
use kafka_protocol::StrBytes;

use crate::ask::connect_any;
use crate::cluster::{Cluster, Topic};
use crate::config::RouterConfig;
use crate::coordinator::CoordinatorKind;
use crate::driver::{self, DriverGuard};
use crate::refresh::Goal;
use crate::shared::{Shared, Ticket, closed};

/// The driver ends waits at their deadlines with errors that say what was
/// missing. Should it ever be late by this much, the wait ends without them.
const GRACE: Duration = Duration::from_secs(1);

/// Knows the cluster: who leads, who coordinates, where to connect.
///
/// A handle to one task on the client's runtime; clones share it. The task ends
/// with [`Router::close`] or when the last handle and the last unfinished wait
/// are dropped. It asks the cluster nothing until something is wanted.
///
/// Every future returned here may be polled anywhere, on the client's runtime or
/// not, and may be dropped at any time: the wait is then over and leaves no
/// trace, and others who wait for the same thing go on. When the runtime ends,
/// they resolve with [`ErrorKind::Closed`].
#[derive(Clone, Debug)]
pub struct Router {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close(&closed());
    }
}

impl Router {
    /// A router that uses this pool's connections and runtime.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] as from [`RouterConfig::validate`].
    pub fn new(config: RouterConfig, pool: Pool) -> Result<Self, Error> {
        config.validate()?;
        let env = pool.env().clone();
        let shared = Arc::new(Shared::new(config, pool));
        // The task ends by itself once it is closed; nobody waits on its handle.
        drop(env.spawn(driver::run(DriverGuard(Arc::clone(&shared)))));
        Ok(Self {
            handle: Arc::new(Handle(shared)),
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }

    /// The connections in use.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.shared().pool
    }

    /// The runtime, network, clock and randomness in use.
    #[must_use]
    pub fn env(&self) -> &Environment {
        self.pool().env()
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &RouterConfig {
        &self.shared().config
    }

    /// The newest snapshot; generation 0 before the first answer. Takes no lock.
    #[must_use]
    pub fn cluster(&self) -> Arc<Cluster> {
        self.shared().cluster()
    }

    /// Tells the newest snapshot's generation, and when there is a newer one.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared().changes()
    }

    /// Waits for a first snapshot, from any bootstrap address. It has brokers, except
    /// in a cluster of Kafka 0.8 without a topic, whose brokers name none until one is
    /// asked for; the bootstrap addresses stand for them until then.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] at the deadline, with the last failure as its
    /// source. At once, when every address failed in a way that trying again
    /// cannot mend, for instance one where something other than Kafka listens.
    pub fn ready(&self, deadline: Instant) -> Waiting<Arc<Cluster>> {
        self.snapshot_for(Goal::Ready, deadline)
    }

    /// The topic: from the snapshot when it is there without an error and with
    /// partitions, else the cluster is asked until it is. From now on the topic
    /// is in use, that is, kept up to date until [`Router::forget_topic`].
    ///
    /// A topic that does not exist is waited for until the deadline, since
    /// creating it takes time, whoever creates it: the brokers on being asked
    /// ([`RouterConfig::with_allow_auto_topic_creation`]) or someone else. Kafka's
    /// own client does the same.
    ///
    /// # Errors
    ///
    /// At once, [`ErrorKind::InvalidArgument`] for a name that no request can
    /// carry, and [`ErrorKind::Broker`] when the brokers say that the name is
    /// invalid or that this client may not see or create the topic. At the
    /// deadline, [`ErrorKind::Broker`] with what the brokers said last, or
    /// [`ErrorKind::Timeout`] when none answered.
    pub fn topic(&self, name: &str, deadline: Instant) -> Waiting<Arc<Topic>> {
        if let Some(topic) = self.cluster().topic(name).filter(|topic| topic.is_usable()) {
            return Waiting::ready(Ok(Arc::clone(topic)));
        }
        let name = StrBytes::from(name);
        let goal = Goal::Topic(name.clone());
        self.wait(goal, deadline, move |_, cluster| async move {
            let topic = cluster.topic(&name).cloned();
            topic.ok_or_else(|| Error::new(ErrorKind::Internal).with_topic(name))
        })
    }

    /// Asks for these topics, or without any for all topics in use, and waits
    /// for an answer to a question that was asked after this call. All who call
    /// this at the same time share one. The topics are in use from now on, as
    /// far as they exist.
    ///
    /// # Errors
    ///
    /// As [`Router::ready`]. That a topic does not exist is no error here.
    pub fn refresh(&self, topics: &[&str], deadline: Instant) -> Waiting<Arc<Cluster>> {
        let topics = topics.iter().copied().map(StrBytes::from).collect();
        self.snapshot_for(Goal::Round(topics), deadline)
    }

    /// Asks for news of a topic in use, or of all of them, without waiting: what
    /// to do when a broker turned out not to lead a partition. Calls in quick
    /// succession become one question, the more spaced out the less the answers
    /// change anything.
    pub fn request_refresh(&self, topic: Option<&str>) {
        self.shared().with(|state| state.refresh.nudge(topic));
        self.shared().wake.notify_one();
    }

    /// Drops the topic from the snapshot and no longer asks for it, until
    /// someone asks for it again.
    pub fn forget_topic(&self, name: &str) {
        self.shared().with(|state| state.refresh.forget(name));
    }

    /// The address of a broker, if the snapshot has it.
    #[must_use]
    pub fn broker(&self, id: i32) -> Option<BrokerAddress> {
        Some(self.cluster().broker(id)?.address())
    }

    /// The live connection to a broker, if there is one now. For the hot path:
    /// neither waits nor connects.
    #[must_use]
    pub fn existing(&self, broker_id: i32, lane: Lane) -> Option<Connection> {
        self.pool().existing(&self.broker(broker_id)?, lane)
    }

    /// A live connection to a broker, newly made if need be: attempt after attempt
    /// until the deadline, at the address that the newest metadata gives. Each
    /// failure brings a refresh on, so a broker that moves is followed; one that
    /// the snapshot doesn't have is asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Timeout`] at the deadline, with the last failure as its
    /// source. At once what would be the same next time, as from
    /// [`Pool::connection`].
    pub fn connection(&self, broker_id: i32, lane: Lane, deadline: Instant) -> Waiting<Connection> {
        match self.existing(broker_id, lane) {
            Some(connection) => Waiting::ready(Ok(connection)),
            None => self.dial(Goal::Broker(broker_id), lane, deadline),
        }
    }

    /// A live connection to any broker: one that is connected if there is one,
    /// else whichever takes a connection first, bootstrap addresses included.
    ///
    /// # Errors
    ///
    /// When none does, that of the last attempt.
    pub fn any_connection(&self, lane: Lane, deadline: Instant) -> Waiting<Connection> {
        self.any_connection_but(None, lane, deadline)
    }

    pub(crate) fn any_connection_but(
        &self,
        avoid: Option<i32>,
        lane: Lane,
        deadline: Instant,
    ) -> Waiting<Connection> {
        let router = self.clone();
        let begun = clock::now();
        let late = move || {
            let waited = deadline.saturating_duration_since(begun);
            Error::timeout("no broker took a connection", waited)
        };
        self.env().within(deadline, late, async move {
            let shared = router.shared();
            let connecting = connect_any(Arc::clone(shared), lane, deadline, avoid);
            shared.unless_closed(closed, connecting).await
        })
    }

    /// A live connection to the controller. While the metadata names none, it is
    /// asked for until the deadline. In a KRaft cluster this is any broker.
    ///
    /// # Errors
    ///
    /// As [`Router::connection`].
    pub fn controller_connection(&self, lane: Lane, deadline: Instant) -> Waiting<Connection> {
        self.dial(Goal::Controller, lane, deadline)
    }

    /// The broker that coordinates a group or a transactional id: the one found
    /// last, else it is looked up, until the deadline while the cluster has none
    /// to offer. [`Router::forget_coordinator`] when a broker turns out not to
    /// coordinate it. The 10,000 looked up last stay, asked for or not.
    ///
    /// # Errors
    ///
    /// At once, [`ErrorKind::Broker`] when the brokers refuse, for instance for
    /// want of a permission, and [`ErrorKind::UnsupportedVersion`] from brokers
    /// that know no transactions. At the deadline [`ErrorKind::Timeout`], with
    /// the last failure as its source.
    pub fn coordinator(&self, kind: CoordinatorKind, key: &str, deadline: Instant) -> Waiting<i32> {
        let key = StrBytes::from(key);
        let cached = self
            .shared()
            .with(|state| state.coordinators.cached(kind, &key));
        if let Some(node) = cached {
            return Waiting::ready(Ok(node));
        }
        let ticket = self.shared().wait_for_coordinator(kind, key, deadline);
        self.run(deadline, ticket)
    }

    /// The broker found turned out not to coordinate this group or transactional
    /// id: the next [`Router::coordinator`] looks it up anew.
    pub fn forget_coordinator(&self, kind: CoordinatorKind, key: &str) {
        let key = StrBytes::from(key);
        self.shared()
            .with(|state| state.coordinators.forget(kind, &key));
    }

    /// Ends the router, for all its clones: everyone who waits gets
    /// [`ErrorKind::Closed`]. Takes effect at once, even if the future is never
    /// polled; the future is done when the router's task has ended, at the
    /// deadline at the latest. The pool stays open.
    pub fn close(&self, deadline: Instant) -> impl Future<Output = ()> + Send + use<> {
        self.shared().close(&closed());
        let mut alive = self.shared().driver_alive.subscribe();
        let ended = self.env().within(deadline, closed, async move {
            // It fails only when the router is gone, and then so is its task.
            let _ = alive.wait_for(|alive| !alive).await;
            Ok(())
        });
        async move {
            // Late or not, there is nothing more to do.
            let _ = ended.await;
        }
    }

    fn snapshot_for(&self, goal: Goal, deadline: Instant) -> Waiting<Arc<Cluster>> {
        let cluster = self.cluster();
        if goal.is_met_by(&cluster) {
            return Waiting::ready(Ok(cluster));
        }
        self.wait(goal, deadline, |_, cluster| async { Ok(cluster) })
    }

    /// Waits for a snapshot with what is wanted, then goes on with it.
    fn wait<T, F, Fut>(&self, goal: Goal, deadline: Instant, then: F) -> Waiting<T>
    where
        T: Send + 'static,
        F: FnOnce(Router, Arc<Cluster>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        // Begun here and not when first polled, so that a question is under way
        // by the time someone looks.
        let ticket: Ticket<Arc<Cluster>> = self.shared().wait_for(goal, deadline);
        let router = self.clone();
        self.run(deadline, async move {
            let cluster = ticket.await?;
            then(router, cluster).await
        })
    }

    /// Runs work whose every wait ends at the deadline by itself, with errors that
    /// say more. It keeps the router going, and ends when the router is closed.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Waiting<T> {
        let router = self.clone();
        self.env().within(later(deadline), stuck, async move {
            router.shared().unless_closed(closed, work).await
        })
    }

    /// Like [`Router::run`] for work whose every wait ends when the router is closed, too,
    /// and which then has the last word.
    pub(crate) fn run_to_its_end<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Waiting<T> {
        self.env().within(later(deadline), stuck, work)
    }

    /// Like [`Router::run`] for work that may end by itself when the router is closed, and
    /// then has the last word; `describe` adds to the error that comes in the place of work
    /// that was cut short what the work would have said.
    pub(crate) fn run_describing<T: Send + 'static>(
        &self,
        deadline: Instant,
        describe: impl Fn(Error) -> Error + Clone + Send + 'static,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Waiting<T> {
        let router = self.clone();
        let describe_stuck = describe.clone();
        let late = move || describe_stuck(stuck());
        self.env().within(later(deadline), late, async move {
            tokio::select! {
                biased;
                result = work => result,
                () = router.shared().ended() => Err(describe(closed())),
            }
        })
    }

    /// Connects to the broker that the goal is about.
    fn dial(&self, goal: Goal, lane: Lane, deadline: Instant) -> Waiting<Connection> {
        let router = self.clone();
        let begun = clock::now();
        let first = self.shared().wait_for(goal.clone(), deadline);
        self.run(deadline, async move {
            let mut cluster = first.await?;
            let mut attempts = 0;
            loop {
                let Some(address) = goal.address_in(&cluster) else {
                    return Err(Error::new(ErrorKind::Internal));
                };
                let attempt = router.pool().attempt(&address, lane, deadline);
                let error = tokio::select! {
                    biased;
                    attempted = attempt => match attempted {
                        Ok(connection) => return Ok(connection),
                        Err(error) if !error.is_retriable() => return Err(error),
                        Err(error) => error,
                    },
                    // Who is gone may stay silent for long.
                    snapshot = router.shared().replaced(&goal, &address) => {
                        cluster = snapshot;
                        continue;
                    }
                };
                attempts += 1;
                if clock::now() >= deadline {
                    let waited = deadline.saturating_duration_since(begun);
                    return Err(Error::timeout("no connection", waited)
                        .with_broker(address)
                        .with_attempts(attempts)
                        .with_possibly_written(false)
                        .with_source(error));
                }
                // It may be elsewhere by now.
                router.request_refresh(None);
                cluster = router.shared().wait_for(goal.clone(), deadline).await?;
            }
        })
    }
}

/// `deadline` and the grace that its own errors get.
fn later(deadline: Instant) -> Instant {
    deadline.checked_add(GRACE).unwrap_or(deadline)
}

/// The error when the task that keeps the deadlines did not.
#[cold]
fn stuck() -> Error {
    Error::new(ErrorKind::Timeout)
        .with_message("the deadline passed (timeout)")
        .with_hint("the client's runtime is overloaded or blocked")
}
