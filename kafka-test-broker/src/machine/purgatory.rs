use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::Uuid;

use super::{ConnectionId, Ticket};
use crate::cluster::Event;
use crate::faults::Plan;
use crate::handlers::fetch::FetchWait;

/// Who waits for which partition. Kafka calls the place so.
#[derive(Debug, Default)]
pub(super) struct Purgatory {
    waiting: BTreeMap<(Uuid, i32), BTreeSet<ConnectionId>>,
}

/// A fetch that waits for data, and what is needed to answer it.
#[derive(Debug)]
pub(super) struct ParkedFetch {
    pub wait: Box<FetchWait>,
    pub version: i16,
    pub correlation_id: i32,
    pub plan: Plan,
}

/// A request whose answer comes later, and what is needed to send it.
#[derive(Debug)]
pub(super) struct Parked {
    pub ticket: Ticket,
    pub version: i16,
    pub correlation_id: i32,
    pub plan: Plan,
}

impl Purgatory {
    pub(super) fn add(&mut self, id: ConnectionId, wait: &FetchWait) {
        for partition in &wait.partitions {
            self.waiting.entry(*partition).or_default().insert(id);
        }
    }

    pub(super) fn remove(&mut self, id: ConnectionId, wait: &FetchWait) {
        for partition in &wait.partitions {
            if let Some(ids) = self.waiting.get_mut(partition) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.waiting.remove(partition);
                }
            }
        }
    }

    /// The connections that wait for the partition that something happened to.
    pub(super) fn waiting_for(&self, event: &Event) -> Vec<ConnectionId> {
        let (Event::Appended {
            topic, partition, ..
        }
        | Event::Changed { topic, partition }) = *event;
        let ids = self.waiting.get(&(topic, partition));
        ids.map(|ids| ids.iter().copied().collect())
            .unwrap_or_default()
    }
}
