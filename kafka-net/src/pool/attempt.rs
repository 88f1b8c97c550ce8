use std::sync::{Arc, Weak};

use tokio::time::sleep_until;

use super::Inner;
use super::slots::Plan;
use crate::clock::now;
use crate::connection::dial::{Dial, Known, Stage};
use crate::connection::{Connection, Counters};
use crate::transport::Transport;
use crate::watch;
use crate::{BrokerAddress, Environment, Error, ErrorKind, Lane, NetConfig};

/// How a task that connects fares, for all who wait for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// Attempts that failed.
    pub(super) failures: u32,
    /// With what the last of them failed.
    pub(super) last_error: Option<Error>,
    /// How far the attempt under way has come.
    pub(super) stage: Option<Stage>,
    pub(super) outcome: Option<Result<Connection, Error>>,
}

/// Connects one lane of one broker, on behalf of everyone who waits for it:
/// attempt after attempt, with pauses between them, until it succeeds, fails for
/// good, or nobody waits any more.
pub(super) struct Connecting {
    /// Weak: an attempt does not keep the pool.
    pub(super) pool: Weak<Inner>,
    pub(super) config: NetConfig,
    pub(super) env: Environment,
    pub(super) transport: Transport,
    pub(super) broker: BrokerAddress,
    pub(super) lane: Lane,
    pub(super) counters: Counters,
    pub(super) progress: Arc<watch::Sender<Progress>>,
}

impl Connecting {
    pub(super) async fn run(self) {
        loop {
            let Some(Plan { timeout, known, .. }) = self.turn().await else {
                return;
            };
            let began = now();
            // Nobody is woken for a stage; it is looked up at a deadline.
            let on_stage = |stage| {
                self.progress.send_if_modified(|progress| {
                    progress.stage = Some(stage);
                    false
                });
            };
            let dial = Dial {
                config: &self.config,
                env: &self.env,
                transport: &self.transport,
                broker: &self.broker,
                mapped: self.mapped(),
                lane: self.lane,
                counters: self.counters.clone(),
                timeout,
                known,
                on_stage: &on_stage,
            };
            match dial.run().await {
                Ok(connection) => return self.succeed(known, connection),
                Err(error) => {
                    let pool = self.pool.upgrade();
                    let stays =
                        pool.is_some_and(|pool| pool.attempt_failed(&self.broker, began, &error));
                    let failures = self.progress.with(|progress| progress.failures) + 1;
                    tracing::debug!(
                        broker = %self.broker, id = self.broker.id, lane = %self.lane,
                        failures, %error, "connecting failed",
                    );
                    if !may_pass(&error) || !stays {
                        return self.fail(error);
                    }
                    self.progress.send_modify(|progress| {
                        progress.failures = failures;
                        progress.last_error = Some(error);
                    });
                }
            }
        }
    }

    /// Where the broker is to be dialled, if not where it listens.
    fn mapped(&self) -> Option<BrokerAddress> {
        let mapped = self.config.address_map()?.dialled(&self.broker);
        let elsewhere = mapped.host != self.broker.host || mapped.port != self.broker.port;
        elsewhere.then_some(mapped)
    }

    /// Waits until the broker may be dialled; `None` when nobody waits with us.
    /// Otherwise how to go about it.
    async fn turn(&self) -> Option<Plan> {
        loop {
            let pool = self.pool.upgrade()?;
            let at = now();
            let plan = {
                let mut slots = pool.slots();
                // Under the same lock new ones join, so none is left behind.
                if self.progress.is_closed() {
                    slots.given_up(&self.broker, &self.progress);
                    return None;
                }
                pool.plan(&slots, at, &self.broker)
            };
            drop(pool);
            if plan.not_before <= at {
                return Some(plan);
            }
            tokio::select! {
                biased;
                () = self.progress.closed() => {}
                () = sleep_until(plan.not_before.into()) => {}
            }
        }
    }

    fn succeed(&self, known: Known, connection: Connection) {
        let pool = self.pool.upgrade();
        if pool.is_none_or(|pool| {
            pool.attempt_succeeded(&self.broker, known, &self.progress, &connection)
        }) {
            self.finish(Ok(connection));
        } else {
            // Closed meanwhile, and those who waited have been told.
            connection.drain();
        }
    }

    fn fail(&self, error: Error) {
        if let Some(pool) = self.pool.upgrade() {
            pool.slots().given_up(&self.broker, &self.progress);
        }
        self.finish(Err(error));
    }

    fn finish(&self, outcome: Result<Connection, Error>) {
        self.progress
            .send_modify(|progress| progress.outcome = Some(outcome));
    }
}

/// Whether another attempt may do better. What does not speak Kafka, or refuses
/// us, will do so again.
fn may_pass(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Resolve
        | ErrorKind::Connect
        | ErrorKind::Disconnected
        | ErrorKind::Timeout
        | ErrorKind::Credentials => true,
        ErrorKind::Broker(code) => code.is_retriable(),
        _ => false,
    }
}
