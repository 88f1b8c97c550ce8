//! Faults carried out, and counted where they met requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka_client::Kafka;
use tokio::time::sleep;

use super::TOPIC;
use super::arena::Arena;
use super::leadership;
use super::schedule::{Fault, Strike};
use super::traffic::Traffic;
use crate::proxy::{Flow, Way};
use crate::{BoxError, clock};

/// How long a strike waits for a request to be in flight.
const AIM: Duration = Duration::from_secs(3);

/// How often a fault struck, and how often with requests in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Struck {
    /// All told.
    pub times: u64,
    /// With produce requests in flight to the broker that it struck.
    pub in_flight: u64,
}

pub(super) struct Striker {
    arena: Arc<Arena>,
    traffic: Arc<Traffic>,
    operator: Kafka,
    counts: Mutex<BTreeMap<Fault, Struck>>,
}

impl Striker {
    pub(super) async fn new(arena: Arc<Arena>, traffic: Arc<Traffic>) -> Result<Self, BoxError> {
        Ok(Self {
            operator: arena.connect_directly().await?,
            arena,
            traffic,
            counts: Mutex::default(),
        })
    }

    /// One after the other, until the end; each is over before the next, and before this
    /// returns.
    pub(super) async fn run(
        &self,
        strikes: impl Iterator<Item = Strike>,
        end: Instant,
    ) -> Result<(), BoxError> {
        for strike in strikes {
            if clock::now() + strike.after >= end {
                sleep(end.saturating_duration_since(clock::now())).await;
                break;
            }
            sleep(strike.after).await;
            if let Some(in_flight) = self.strike(&strike).await? {
                let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
                let count = counts.entry(strike.fault).or_default();
                count.times += 1;
                count.in_flight += u64::from(in_flight > 0);
            }
        }
        Ok(())
    }

    pub(super) fn counts(&self) -> BTreeMap<Fault, Struck> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.clone()
    }

    /// How many requests it met; `None` if it could not be carried out.
    async fn strike(&self, strike: &Strike) -> Result<Option<usize>, BoxError> {
        let broker = strike.broker;
        if strike.fault == Fault::MoveLeader {
            return Ok(self.move_leader(strike.partition).await);
        }
        let Some(proxy) = self.arena.proxy(broker) else {
            return Ok(None);
        };
        let silent = Flow {
            silent: true,
            ..Flow::default()
        };
        let met = self.aim(broker, strike.fault).await;
        match strike.fault {
            Fault::Kill => {
                self.arena
                    .with_cluster(move |cluster| cluster.kill_hard(broker))
                    .await?;
                sleep(strike.lasts / 3).await;
                self.arena
                    .with_cluster(move |cluster| cluster.restart(broker))
                    .await?;
            }
            Fault::Stop => {
                self.arena
                    .with_cluster(move |cluster| cluster.pause(broker))
                    .await?;
                sleep(strike.lasts).await;
                self.arena
                    .with_cluster(move |cluster| cluster.resume(broker))
                    .await?;
            }
            Fault::Cut => {
                proxy.cut();
            }
            Fault::CutAll => {
                for proxy in self.arena.proxies() {
                    proxy.cut();
                }
            }
            Fault::Refuse => {
                proxy.refuse(true);
                proxy.cut();
                sleep(strike.lasts).await;
            }
            Fault::Silence => {
                proxy.set(Way::ToBroker, silent);
                proxy.set(Way::FromBroker, silent);
                sleep(strike.lasts).await;
            }
            Fault::SilenceRequests => {
                proxy.set(Way::ToBroker, silent);
                sleep(strike.lasts).await;
            }
            Fault::SilenceAnswers => {
                proxy.set(Way::FromBroker, silent);
                sleep(strike.lasts).await;
            }
            Fault::Delay => {
                let flow = Flow {
                    // From 50 ms to a second.
                    delay: Duration::from_millis(50) + strike.lasts / 10,
                    ..Flow::default()
                };
                proxy.set(Way::ToBroker, flow);
                proxy.set(Way::FromBroker, flow);
                sleep(strike.lasts).await;
            }
            Fault::Slow => {
                let flow = Flow {
                    bytes_per_second: Some(10_000),
                    ..Flow::default()
                };
                proxy.set(Way::ToBroker, flow);
                proxy.set(Way::FromBroker, flow);
                sleep(strike.lasts).await;
            }
            Fault::MoveLeader => {}
        }
        // The network's; a broker of another strike stays down.
        if !matches!(strike.fault, Fault::Kill | Fault::Stop) {
            proxy.heal();
        }
        Ok(Some(met))
    }

    async fn move_leader(&self, partition: i32) -> Option<usize> {
        // While brokers are down this can fail: then it was no fault.
        let leader = leadership::leader(&self.operator, TOPIC, partition)
            .await
            .ok()??;
        let leader = u32::try_from(leader).ok()?;
        let moved = leadership::move_away(&self.operator, TOPIC, partition, || {
            self.traffic.in_flight(leader)
        });
        moved.await.ok()?
    }

    /// Waits for the moment at which requests are in flight, and tells how many.
    async fn aim(&self, broker: u32, fault: Fault) -> usize {
        let deadline = clock::now() + AIM;
        loop {
            let met = match fault {
                Fault::CutAll => (1..=self.arena.proxies().len() as u32)
                    .map(|broker| self.traffic.in_flight(broker))
                    .sum(),
                _ => self.traffic.in_flight(broker),
            };
            if met > 0 || clock::now() >= deadline {
                return met;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}
