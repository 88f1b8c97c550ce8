use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attempt::Progress;
use super::knowledge::Knowledge;
use super::reconnect::{Pauses, Reconnect};
use crate::connection::Connection;
use crate::connection::dial::Known;
use crate::watch;
use crate::{BrokerAddress, Error, Lane, NetConfig, Release};
use kafka_protocol::ApiKey;
use tokio::task::AbortHandle;

/// What a pool knows of each broker address.
#[derive(Debug, Default)]
pub(super) struct Slots {
    brokers: BTreeMap<BrokerAddress, BrokerSlot>,
    knowledge: Knowledge,
    pub(super) closed: bool,
}

#[derive(Debug, Default)]
struct BrokerSlot {
    lanes: [LaneSlot; Lane::ALL.len()],
    /// Which of them have had a connection.
    connected: [bool; Lane::ALL.len()],
    /// When one of them last got one, or was seen to have lost it.
    connected_at: Option<Instant>,
    /// Which of them were told to take the broker for an old one, and did not ask.
    on_belief: [bool; Lane::ALL.len()],
    reconnect: Reconnect,
    /// Why the last attempt failed; `None` after one that succeeded.
    failure: Option<Error>,
    /// An attempt has failed since the last one that succeeded: what a live connection
    /// shows may be over.
    doubted: bool,
}

#[derive(Debug, Default)]
enum LaneSlot {
    #[default]
    Empty,
    Connecting(Attempt),
    Live(Connection),
}

/// A task that connects, and where it says how it fares.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) progress: Arc<watch::Sender<Progress>>,
    pub(super) task: AbortHandle,
}

/// How long a failed attempt is remembered when nobody asks for the broker: whoever
/// does so later starts from where it left off.
const FAILURE_KEPT_FOR: Duration = Duration::from_secs(60);

/// How long it is remembered that there was a connection: one that is opened after a
/// longer while is not one that was opened again.
const CONNECTED_KEPT_FOR: Duration = Duration::from_secs(5 * 60);

/// How to go about the next attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Not before this instant.
    pub(super) not_before: Instant,
    /// With this much time.
    pub(super) timeout: Duration,
    pub(super) known: Known,
}

impl Slots {
    /// Those of a branch: without connections, with what is known of the brokers.
    pub(super) fn branch(&self) -> Self {
        Self {
            knowledge: self.knowledge.clone(),
            ..Self::default()
        }
    }

    pub(super) fn live(&self, broker: &BrokerAddress, lane: Lane) -> Option<&Connection> {
        match self.lane(broker, lane)? {
            LaneSlot::Live(connection) if !connection.is_closed() => Some(connection),
            _ => None,
        }
    }

    /// The attempt under way. One whose task was lost, with its runtime or by a
    /// panic, does not count.
    pub(super) fn attempt(&self, broker: &BrokerAddress, lane: Lane) -> Option<&Attempt> {
        match self.lane(broker, lane)? {
            LaneSlot::Connecting(attempt) if !attempt.task.is_finished() => Some(attempt),
            _ => None,
        }
    }

    /// Also forgets what is of no use any more: closed connections, and a
    /// broker's former addresses.
    pub(super) fn connecting(
        &mut self,
        now: Instant,
        broker: &BrokerAddress,
        lane: Lane,
        attempt: Attempt,
    ) {
        self.brokers.retain(|address, slot| {
            let moved = address.id.is_some() && address.id == broker.id && address != broker;
            !moved && slot.is_of_use(now)
        });
        let slot = self.brokers.entry(broker.clone()).or_default();
        slot.lanes[lane as usize] = LaneSlot::Connecting(attempt);
    }

    /// When the broker may be dialled, how long that may take, and what it is known as.
    /// `random` is in `[0, 1)`.
    pub(super) fn plan(
        &self,
        now: Instant,
        broker: &BrokerAddress,
        config: &NetConfig,
        random: f64,
    ) -> Plan {
        let (first, max) = (config.connect_timeout(), config.connect_timeout_max());
        match self.brokers.get(broker) {
            Some(slot) => Plan {
                not_before: slot.reconnect.not_before(now),
                timeout: slot.reconnect.setup_timeout(first, max, random),
                known: slot
                    .shown()
                    .unwrap_or_else(|| self.knowledge.of(now, broker)),
            },
            None => Plan {
                not_before: now,
                timeout: first,
                known: self.knowledge.of(now, broker),
            },
        }
    }

    /// Why the last attempt at the broker failed, if it did lately.
    pub(super) fn failure(&self, now: Instant, broker: &BrokerAddress) -> Option<Error> {
        let slot = self.brokers.get(broker)?;
        slot.failure.clone().filter(|_| slot.has_failed_lately(now))
    }

    /// Whether the lane has had a connection.
    pub(super) fn had_connection(&self, broker: &BrokerAddress, lane: Lane) -> bool {
        let slot = self.brokers.get(broker);
        slot.is_some_and(|slot| slot.connected[lane as usize])
    }

    /// The lane's attempt has succeeded, with what the broker was known as. Returns false
    /// if the pool is closed.
    pub(super) fn connected(
        &mut self,
        now: Instant,
        broker: &BrokerAddress,
        known: Known,
        attempt: &Arc<watch::Sender<Progress>>,
        connection: &Connection,
    ) -> bool {
        if self.closed {
            return false;
        }
        let on_belief =
            matches!(known, Known::Old(_)) && !connection.api_versions().is_negotiated();
        if !on_belief {
            self.knowledge.learn(now, broker, shown_by(connection));
        }
        // Gone when the broker has moved; who waits gets the connection still.
        let Some(slot) = self.brokers.get_mut(broker) else {
            return true;
        };
        slot.reconnect.connected();
        slot.failure = None;
        slot.doubted = false;
        slot.connected[connection.lane() as usize] = true;
        slot.connected_at = Some(now);
        slot.on_belief[connection.lane() as usize] = on_belief;
        slot.replace(attempt, LaneSlot::Live(connection.clone()));
        true
    }

    /// An attempt has failed that began at `began`. Returns false if the broker has moved
    /// meanwhile: nobody keeps the pauses of its old address any more.
    pub(super) fn failed(
        &mut self,
        now: Instant,
        began: Instant,
        broker: &BrokerAddress,
        pauses: Pauses,
        random: f64,
        error: &Error,
    ) -> bool {
        let Some(slot) = self.brokers.get_mut(broker) else {
            return false;
        };
        slot.reconnect.failed(now, began, pauses, random);
        slot.failure = Some(error.clone());
        slot.doubted = true;
        self.knowledge.doubt(broker);
        true
    }

    /// The attempt is over without a connection.
    pub(super) fn given_up(
        &mut self,
        broker: &BrokerAddress,
        attempt: &Arc<watch::Sender<Progress>>,
    ) {
        if let Some(slot) = self.brokers.get_mut(broker) {
            slot.replace(attempt, LaneSlot::Empty);
        }
    }

    /// Every connection, in the order of addresses and lanes.
    pub(super) fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.lanes().filter_map(|lane| match lane {
            LaneSlot::Live(connection) => Some(connection),
            _ => None,
        })
    }

    /// Takes out every attempt under way.
    pub(super) fn take_attempts(&mut self) -> Vec<Attempt> {
        let lanes = self.brokers.values_mut().flat_map(|slot| &mut slot.lanes);
        lanes
            .filter_map(|lane| match lane {
                LaneSlot::Connecting(attempt) => {
                    let attempt = attempt.clone();
                    *lane = LaneSlot::Empty;
                    Some(attempt)
                }
                _ => None,
            })
            .collect()
    }

    fn lanes(&self) -> impl Iterator<Item = &LaneSlot> {
        self.brokers.values().flat_map(|slot| &slot.lanes)
    }

    fn lane(&self, broker: &BrokerAddress, lane: Lane) -> Option<&LaneSlot> {
        self.brokers
            .get(broker)
            .map(|slot| &slot.lanes[lane as usize])
    }
}

impl BrokerSlot {
    fn is_of_use(&mut self, now: Instant) -> bool {
        for lane in &mut self.lanes {
            if matches!(lane, LaneSlot::Live(connection) if connection.is_closed()) {
                *lane = LaneSlot::Empty;
                self.connected_at = Some(now);
            }
        }
        self.lanes
            .iter()
            .any(|lane| !matches!(lane, LaneSlot::Empty))
            || self.reconnect.is_waiting(now)
            || self.has_failed_lately(now)
            || self.was_connected_lately(now)
    }

    fn was_connected_lately(&self, now: Instant) -> bool {
        let lately = |at| now.saturating_duration_since(at) < CONNECTED_KEPT_FOR;
        self.connected_at.is_some_and(lately)
    }

    fn has_failed_lately(&self, now: Instant) -> bool {
        let failed_at = self.reconnect.failed_at();
        failed_at.is_some_and(|at| now.saturating_duration_since(at) < FAILURE_KEPT_FOR)
    }

    /// What a live connection that asked shows the broker to be: nobody can have replaced
    /// it. One that did not ask shows nothing, or a belief would confirm itself for ever.
    fn shown(&self) -> Option<Known> {
        let lanes = self.lanes.iter().zip(self.on_belief);
        let mut asked = lanes.filter(|(_, on_belief)| !on_belief && !self.doubted);
        asked.find_map(|(lane, _)| match lane {
            LaneSlot::Live(connection) if !connection.is_closed() => Some(shown_by(connection)),
            _ => None,
        })
    }

    fn replace(&mut self, attempt: &Arc<watch::Sender<Progress>>, with: LaneSlot) {
        let own = self.lanes.iter_mut().find(|lane| {
            matches!(lane, LaneSlot::Connecting(held) if Arc::ptr_eq(&held.progress, attempt))
        });
        if let Some(lane) = own {
            *lane = with;
        }
    }
}

fn shown_by(connection: &Connection) -> Known {
    let versions = connection.api_versions();
    match versions.is_negotiated() {
        true => Known::Current,
        // The two that cannot be asked differ in their groups.
        false if versions.range(ApiKey::JoinGroup).is_some() => Known::Old(Release::V0_9),
        false => Known::Old(Release::V0_8_2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// Brokers that come and go with new ids at one address, which others keep known.
    #[tokio::test(start_paused = true)]
    async fn what_is_of_no_use_is_forgotten() {
        let start = clock::now();
        let mut slots = Slots::default();
        for id in 0..100 {
            let now = start + Duration::from_secs(30) * id;
            let id = i32::try_from(id).unwrap();
            let broker = BrokerAddress::new("kafka", 9092).with_id(id);
            let progress = Arc::new(watch::channel(Progress::default()).0);
            let task = tokio::spawn(async {}).abort_handle();
            let attempt = Attempt {
                progress: progress.clone(),
                task,
            };
            slots.connecting(now, &broker, Lane::Control, attempt);
            slots.knowledge.learn(now, &broker, Known::Current);
            slots.brokers.get_mut(&broker).unwrap().connected_at = Some(now);
            slots.given_up(&broker, &progress);
        }
        // Those of the last five minutes.
        assert_eq!(slots.brokers.len(), 10);
    }
}
