mod attempt;
mod knowledge;
mod reconnect;
mod slots;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::time::timeout_at;
use tracing::Instrument;

use crate::clock::now;
use crate::connection::dial::Known;
use crate::connection::{Connection, ConnectionStats, Counters, Counts};
use crate::transport::Transport;
use crate::waiting::runtime_gone;
use crate::watch;
use crate::{BrokerAddress, Environment, Error, ErrorKind, Lane, NetConfig, Random, Waiting};
use attempt::{Connecting, Progress};
use reconnect::Pauses;
use slots::{Attempt, Plan, Slots};

/// Connections to any number of brokers, one per broker and [`Lane`], opened
/// when first asked for and again when lost.
///
/// A handle; clones share the connections. When the last one is dropped, so are
/// the pool's handles of its connections: see [`Connection`] for what is under
/// way then. [`Pool::close`] waits for that.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    config: NetConfig,
    env: Environment,
    /// Its own stream, so that the pauses do not depend on who else draws.
    random: Random,
    /// Shared with the pool's branches.
    transport: Transport,
    slots: Mutex<Slots>,
    traffic: Arc<Counts>,
    connects: AtomicU64,
    reconnects: AtomicU64,
    connect_failures: AtomicU64,
}

/// What a pool has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections open now.
    pub connections: u64,
    /// Connections opened.
    pub connects: u64,
    /// Connections opened again, where the same lane of the same broker had one before.
    pub reconnects: u64,
    /// Attempts to connect that failed.
    pub connect_failures: u64,
    /// Times that changed certificate files were taken over.
    pub tls_reloads: u64,
    /// Times that changed certificate files could not be used and what they held
    /// before stayed in use: each connection opened meanwhile counts.
    pub tls_reload_failures: u64,
    /// Over all connections, past ones included. Here `in_flight` is the sum,
    /// and `max_in_flight` the most at once over all connections together.
    pub traffic: ConnectionStats,
}

impl Pool {
    /// A pool without connections yet.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Config`], as [`NetConfig::validate`] finds.
    pub fn new(config: NetConfig, env: Environment) -> Result<Self, Error> {
        config.validate()?;
        let transport = Transport::new(&config, &env);
        let slots = Slots::default();
        Ok(Self::with_traffic(
            config,
            env,
            transport,
            Arc::default(),
            slots,
        ))
    }

    /// A pool with the same settings and connections of its own, for someone
    /// whose requests wait on the broker: on shared connections they would hold
    /// up everyone else's. What its connections carry counts in this pool's
    /// [`Pool::stats`] too. Closing either leaves the other open.
    pub fn branch(&self) -> Self {
        let Inner {
            config,
            env,
            transport,
            traffic,
            ..
        } = &*self.0;
        let slots = self.0.slots().branch();
        Self::with_traffic(
            config.clone(),
            env.clone(),
            transport.clone(),
            Arc::clone(traffic),
            slots,
        )
    }

    fn with_traffic(
        config: NetConfig,
        env: Environment,
        transport: Transport,
        traffic: Arc<Counts>,
        slots: Slots,
    ) -> Self {
        Self(Arc::new(Inner {
            random: env.random().fork(),
            config,
            env,
            transport,
            slots: Mutex::new(slots),
            traffic,
            connects: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            connect_failures: AtomicU64::new(0),
        }))
    }

    /// The environment it was built with.
    pub fn env(&self) -> &Environment {
        &self.0.env
    }

    /// The settings it was built with.
    pub fn config(&self) -> &NetConfig {
        &self.0.config
    }

    /// The connection to a broker's lane: the live one, or a new one.
    ///
    /// All who ask at the same time share one attempt, which goes on when any of
    /// them leaves. Failed attempts are repeated, with growing pauses, until
    /// each one's deadline; the name is resolved anew and all its addresses are
    /// tried each time. Dropping the result gives up the wait; an attempt that
    /// is under way is finished and its connection kept for the next who asks.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Timeout`] at the deadline, with the last attempt's
    /// error as its source. At once what would be the same next time: the port
    /// does not speak Kafka, there is no version in common, or the broker does
    /// not let this client in ([`crate::ErrorKind::Authentication`]).
    /// [`crate::ErrorKind::Closed`] after [`Pool::close`].
    pub fn connection(
        &self,
        broker: &BrokerAddress,
        lane: Lane,
        deadline: Instant,
    ) -> Waiting<Connection> {
        self.connect(broker, lane, deadline, Patience::UntilDeadline)
    }

    /// Like [`Pool::connection`], but one failed attempt is enough: fails with
    /// the error of the attempt under way, or of the next one after its pause.
    ///
    /// For whoever has another broker to turn to.
    pub fn attempt(
        &self,
        broker: &BrokerAddress,
        lane: Lane,
        deadline: Instant,
    ) -> Waiting<Connection> {
        self.connect(broker, lane, deadline, Patience::OneAttempt)
    }

    /// The connection to a broker's lane if it is live now.
    pub fn existing(&self, broker: &BrokerAddress, lane: Lane) -> Option<Connection> {
        self.0.slots().live(broker, lane).cloned()
    }

    /// Counts since the pool was made.
    pub fn stats(&self) -> PoolStats {
        let (tls_reloads, tls_reload_failures) = self.0.transport.reloads();
        let live = |connection: &&Connection| !connection.is_closed();
        PoolStats {
            connections: self.0.slots().connections().filter(live).count() as u64,
            connects: self.0.connects.load(Ordering::Relaxed),
            reconnects: self.0.reconnects.load(Ordering::Relaxed),
            connect_failures: self.0.connect_failures.load(Ordering::Relaxed),
            tls_reloads,
            tls_reload_failures,
            traffic: self.0.traffic.snapshot(),
        }
    }

    /// Every connection that is open now, in the order of addresses and lanes: whom it
    /// leads to, and its own counts.
    pub fn connection_stats(&self) -> Vec<(BrokerAddress, Lane, ConnectionStats)> {
        let slots = self.0.slots();
        let live = slots.connections().filter(|known| !known.is_closed());
        live.map(|known| (known.broker().clone(), known.lane(), known.stats()))
            .collect()
    }

    /// Closes all connections, for everyone who holds one: nothing new is taken,
    /// what was started is finished, and at `deadline` what is left fails with
    /// [`crate::ErrorKind::Closed`]. Attempts to connect end at once.
    ///
    /// Begins at once, polled or not; the future only waits for the end. Dropped,
    /// the closing goes on without being waited for. Calling it again waits again.
    pub fn close(&self, deadline: Instant) -> impl Future<Output = ()> + Send + use<> {
        let (attempts, connections) = {
            let mut slots = self.0.slots();
            slots.closed = true;
            let connections: Vec<_> = slots.connections().cloned().collect();
            (slots.take_attempts(), connections)
        };
        for attempt in attempts {
            attempt.task.abort();
            attempt
                .progress
                .send_modify(|progress| progress.outcome = Some(Err(pool_closed())));
        }
        for connection in &connections {
            connection.drain();
        }
        let closing = self.0.env.run(async move {
            let drained = async {
                for connection in &connections {
                    connection.ended().await;
                }
            };
            if timeout_at(deadline.into(), drained).await.is_err() {
                for connection in &connections {
                    connection.close_with(pool_closed());
                }
                for connection in &connections {
                    connection.ended().await;
                }
            }
            Ok(())
        });
        let closing = closing.keep_running();
        async move {
            // Without its runtime, all of them are closed already.
            let _ = closing.await;
        }
    }

    fn connect(
        &self,
        broker: &BrokerAddress,
        lane: Lane,
        deadline: Instant,
        patience: Patience,
    ) -> Waiting<Connection> {
        let progress = match self.0.join(&self.0, broker, lane) {
            Joined::Now(result) => return Waiting::ready(result),
            Joined::Wait(progress) => progress,
        };
        // Now, not when the wait is first polled: the attempt runs already.
        let seen = progress.with(|progress| progress.failures);
        let at_the_end = progress.clone();
        let broker = broker.clone();
        let transport = self.0.transport.clone();
        let asked = now();
        let late = move || {
            let timeout = deadline.saturating_duration_since(asked);
            let error = Error::timeout("no connection", timeout).with_broker(broker);
            at_the_end.with(|progress| {
                let hint = progress.stage.and_then(|stage| stage.hint(&transport));
                match (&progress.last_error, hint) {
                    // It may be from before this one asked.
                    (Some(last), _) if progress.failures == 0 => error.with_source(last.clone()),
                    (Some(last), _) => error
                        .with_attempts(progress.failures)
                        .with_source(last.clone()),
                    (None, Some(hint)) => error.with_hint(hint),
                    (None, None) => error,
                }
            })
        };
        self.0
            .env
            .within(deadline, late, patience.wait_for(progress, seen))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// How many failed attempts one who waits puts up with.
#[derive(Clone, Copy, Debug)]
enum Patience {
    UntilDeadline,
    OneAttempt,
}

impl Patience {
    /// `seen`: the failures before this one came to wait.
    async fn wait_for(
        self,
        mut progress: watch::Receiver<Progress>,
        seen: u32,
    ) -> Result<Connection, Error> {
        loop {
            let done = progress.with_latest(|now| {
                let failed = matches!(self, Self::OneAttempt) && now.failures > seen;
                let failure = now.last_error.clone().filter(|_| failed);
                now.outcome.clone().or(failure.map(Err))
            });
            if let Some(outcome) = done {
                return outcome;
            }
            if progress.changed().await.is_err() {
                return Err(runtime_gone());
            }
        }
    }
}

enum Joined {
    Now(Result<Connection, Error>),
    Wait(watch::Receiver<Progress>),
}

impl Inner {
    /// The live connection, or a seat with those who wait for one.
    fn join(&self, own: &Arc<Self>, broker: &BrokerAddress, lane: Lane) -> Joined {
        let mut slots = self.slots();
        if slots.closed {
            return Joined::Now(Err(pool_closed().with_broker(broker)));
        }
        if let Some(connection) = slots.live(broker, lane) {
            return Joined::Now(Ok(connection.clone()));
        }
        if let Some(attempt) = slots.attempt(broker, lane) {
            return Joined::Wait(attempt.progress.subscribe());
        }
        let (progress, seat) = watch::channel(Progress {
            // Who comes during the pause after it hears of it at the deadline.
            last_error: slots.failure(now(), broker),
            ..Progress::default()
        });
        let progress = Arc::new(progress);
        let connecting = Connecting {
            pool: Arc::downgrade(own),
            config: self.config.clone(),
            env: self.env.clone(),
            transport: self.transport.clone(),
            broker: broker.clone(),
            lane,
            counters: Counters::of_pool(self.traffic.clone()),
            progress: progress.clone(),
        };
        // Whoever asks first does not own the attempt.
        let span = tracing::debug_span!(parent: None, "connecting", %broker, id = broker.id, %lane);
        let task = self.env.spawn(connecting.run().instrument(span));
        let task = task.abort_handle();
        slots.connecting(now(), broker, lane, Attempt { progress, task });
        Joined::Wait(seat)
    }

    /// Returns false if there is no use in another attempt: the broker has moved.
    fn attempt_failed(&self, broker: &BrokerAddress, began: Instant, error: &Error) -> bool {
        self.connect_failures.fetch_add(1, Ordering::Relaxed);
        let refused = error.kind() == &ErrorKind::Authentication;
        let factor = if refused { REFUSED_PAUSE_FACTOR } else { 1 };
        let pauses = Pauses {
            first: self.config.reconnect_backoff().saturating_mul(factor),
            max: self.config.reconnect_backoff_max().saturating_mul(factor),
        };
        let random = self.random.f64();
        self.slots()
            .failed(now(), began, broker, pauses, random, error)
    }

    fn attempt_succeeded(
        &self,
        broker: &BrokerAddress,
        known: Known,
        attempt: &Arc<watch::Sender<Progress>>,
        connection: &Connection,
    ) -> bool {
        self.connects.fetch_add(1, Ordering::Relaxed);
        let mut slots = self.slots();
        if slots.had_connection(broker, connection.lane()) {
            self.reconnects.fetch_add(1, Ordering::Relaxed);
        }
        slots.connected(now(), broker, known, attempt, connection)
    }

    /// When and how the broker may be dialled.
    fn plan(&self, slots: &Slots, at: Instant, broker: &BrokerAddress) -> Plan {
        slots.plan(at, broker, &self.config, self.random.f64())
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        // A panic elsewhere never leaves the slots half changed.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After a login that was refused, pauses are this many times as long: many
/// identity stores lock an account after a few wrong passwords.
const REFUSED_PAUSE_FACTOR: u32 = 10;

#[cold]
fn pool_closed() -> Error {
    Error::closed("the connection pool")
}
