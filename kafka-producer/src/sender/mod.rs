//! Decides what is sent when, and what an answer means. Plain state: no task,
//! no socket, no clock; `driver` pumps it.
//!
//! ```text
//!  edges (a batch was begun or closed) ─┐            ┌─▶ drafts to seal, requests to send
//!  metadata, answers, failures ─────────┼─▶ Sender ──┤
//!  now ─────────────────────────────────┘            └─▶ effects: outcomes to tell,
//!                                                        metadata to refresh, tasks to wake
//! ```
//!
//! Batches of a partition are sent in the order of their records, one per
//! request. One that comes back is sent again before anything later of its
//! partition; with idempotence, what was in flight behind it is refused by the
//! broker and follows in order. Without, it may already have been written:
//! then, as with Kafka's own client, only `max_in_flight` 1 keeps the order.

mod answers;
mod broker;
mod dispatch;
mod expiry;
mod numbers;
mod partition;
mod schedule;
mod settle;
#[cfg(all(test, not(feature = "shuttle")))]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_net::{Error, ErrorKind, Random};
use kafka_protocol::{StrBytes, Uuid};
use kafka_router::Backoff;

use crate::batch::{BatchId, Finished};
use crate::completion::{Completion, Outcome};
use crate::config::{Acks, Idempotence, ProducerConfig};
use crate::idempotence::{Answer, Identities, Identity};
use crate::inbox::Inbox;
use crate::metrics::Counters;
use crate::queue::Partition;

use broker::BrokerState;
use partition::PartitionState;

pub(crate) use answers::PartAnswer;
pub(crate) use dispatch::{Part, Sealed};
pub(crate) use schedule::{Draft, Step};

/// See the module.
#[derive(Debug)]
pub(crate) struct Sender {
    settings: Settings,
    random: Random,
    identities: Identities,
    partitions: Vec<PartitionState>,
    brokers: BTreeMap<i32, BrokerState>,
    /// Requests without an answer.
    requests: BTreeMap<u64, Request>,
    next_request: u64,
    next_batch: BatchId,
    /// No record without an outcome is older than this less the delivery
    /// timeout; `None` when there are none.
    next_expiry: Option<Instant>,
    /// The main task keeps the coarse clock going.
    ticking: bool,
    counters: Counters,
    effects: Effects,
}

#[derive(Clone, Debug)]
struct Settings {
    answers: bool,
    linger: Duration,
    /// How long an idle broker is left alone after the last request.
    gather: Duration,
    max_in_flight: usize,
    max_request_size: usize,
    delivery_timeout: Duration,
    backoff: Backoff,
}

#[derive(Debug)]
struct Request {
    broker: i32,
    parts: Vec<(u32, BatchId)>,
}

/// What the driver has to do once it holds no lock.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Outcomes to tell.
    pub(crate) finished: Vec<Finished>,
    /// Topics whose metadata proved stale.
    pub(crate) refresh: BTreeSet<StrBytes>,
    /// Brokers whose task has something new to look at.
    pub(crate) wake: BTreeSet<i32>,
    /// The main task has: an identity to ask for, a deadline, an end.
    pub(crate) wake_main: bool,
    /// Why idempotence is off from now on.
    pub(crate) warning: Option<Error>,
}

/// The gathering of early sends takes this part of linger at most.
const GATHER_DIVISOR: u32 = 5;

impl Sender {
    pub(crate) fn new(config: &ProducerConfig, random: Random) -> Self {
        let mode = if config.wants_idempotence() {
            config.idempotence
        } else {
            Idempotence::Disabled
        };
        Self {
            settings: Settings {
                answers: config.acks != Acks::None,
                linger: config.linger,
                gather: config.linger / GATHER_DIVISOR,
                max_in_flight: config.max_in_flight,
                max_request_size: config.max_request_size,
                delivery_timeout: config.delivery_timeout,
                backoff: config.backoff(),
            },
            random,
            identities: Identities::new(mode),
            partitions: Vec::new(),
            brokers: BTreeMap::new(),
            requests: BTreeMap::new(),
            next_request: 0,
            next_batch: 0,
            next_expiry: None,
            ticking: false,
            counters: Counters::default(),
            effects: Effects::default(),
        }
    }

    /// The number that the next partition gets.
    pub(crate) fn next_key(&self) -> u32 {
        u32::try_from(self.partitions.len()).unwrap_or(u32::MAX)
    }

    /// Takes a partition in; its key must be [`next_key`](Self::next_key).
    pub(crate) fn add(&mut self, partition: Arc<Partition>, topic_id: Uuid) {
        debug_assert_eq!(partition.key, self.next_key());
        self.partitions
            .push(PartitionState::new(partition, topic_id));
        if self.identities.want() {
            self.effects.wake_main = true;
        }
    }

    /// The metadata names this leader; `inbox` is its task's.
    pub(crate) fn lead(
        &mut self,
        now: Instant,
        key: u32,
        leader: Option<i32>,
        epoch: i32,
        inbox: &Arc<Inbox>,
    ) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        if partition.leader == leader && partition.leader_epoch == epoch {
            return;
        }
        partition.leader_epoch = epoch;
        // Whatever the pause was for, the answer may be different there.
        partition.retry_at = None;
        partition.sequences.unsettle();
        if partition.leader != leader {
            partition.leader = leader;
            partition.shared.queue().set_home(inbox.clone());
        }
        self.look(now, key);
    }

    /// Metadata came: it is asked for again while records wait for a leader. No broker
    /// would ever say that there is one now, since none is asked.
    pub(crate) fn seek_leaders(&mut self) {
        for partition in &self.partitions {
            if partition.leader.is_none() && partition.oldest().is_some() {
                self.effects.refresh.insert(partition.shared.topic.clone());
            }
        }
    }

    /// Looks at partitions that changed.
    pub(crate) fn on_edges(&mut self, now: Instant, keys: &[u32]) {
        for key in keys {
            self.look(now, *key);
        }
    }

    /// When to ask the cluster for an identity, if at all.
    pub(crate) fn ask_at(&self, now: Instant) -> Option<Instant> {
        self.identities.ask_at(now)
    }

    /// The asking begins: the identity to follow.
    pub(crate) fn asking(&mut self) -> Option<Identity> {
        self.identities.asked()
    }

    pub(crate) fn on_identity(&mut self, now: Instant, answer: Result<Identity, Error>) {
        let pause = self
            .settings
            .backoff
            .delay(self.identities.attempts(), &self.random);
        let answer = self.identities.answered(now, answer, pause);
        self.apply_identity(now, answer);
    }

    fn apply_identity(&mut self, now: Instant, answer: Answer) {
        match answer {
            Answer::Later => return,
            Answer::Known => {}
            Answer::Off(error) => self.effects.warning = Some(error),
            Answer::Failed(error) => self.fail_all(&error, false),
        }
        for key in 0..self.next_key() {
            self.touch(now, key);
        }
    }

    /// A broker could not be reached.
    pub(crate) fn on_unreachable(&mut self, now: Instant, broker: i32, error: Error) {
        if *error.kind() == ErrorKind::Closed {
            // The pool or the router is closed, and nothing will be reached again.
            self.fail_all(&Self::ended(&error), true);
            return;
        }
        let Some(state) = self.brokers.get_mut(&broker) else {
            return;
        };
        let pause = self.settings.backoff.delay(state.failures, &self.random);
        state.failures = state.failures.saturating_add(1);
        state.last_error = Some(error);
        state.pause(now + pause);
        for partition in &self.partitions {
            if partition.leader == Some(broker) && partition.oldest().is_some() {
                self.effects.refresh.insert(partition.shared.topic.clone());
            }
        }
    }

    /// The main task stops its clock: nothing is buffered. It is woken when
    /// something is.
    pub(crate) fn stop_ticking(&mut self) {
        self.ticking = false;
    }

    /// Everything that has no outcome yet.
    pub(crate) fn outstanding(&self) -> Vec<Arc<Completion>> {
        let mut all = Vec::new();
        for partition in &self.partitions {
            all.extend(
                partition
                    .batches
                    .iter()
                    .filter_map(|batch| batch.completion().cloned()),
            );
            all.extend(partition.shared.queue().completions());
        }
        all
    }

    /// Whether every record has its outcome.
    pub(crate) fn is_drained(&self) -> bool {
        self.partitions.iter().all(|partition| {
            partition.batches.iter().all(|batch| batch.is_ghost())
                && partition.shared.queue().next_size().is_none()
        })
    }

    pub(crate) fn partitions(&self) -> impl Iterator<Item = &Arc<Partition>> {
        self.partitions.iter().map(|partition| &partition.shared)
    }

    pub(crate) fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut self.effects)
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Requests in flight now and the most ever, by broker.
    pub(crate) fn in_flight(&self) -> BTreeMap<i32, (usize, usize)> {
        self.brokers
            .iter()
            .map(|(id, broker)| (*id, (broker.in_flight, broker.max_in_flight_seen)))
            .collect()
    }

    fn finish(&mut self, finished: Finished, records: u32) {
        match finished.outcome() {
            Outcome::Written { .. } => self.counters.records_acked += u64::from(records),
            Outcome::Failed(_) => self.counters.records_failed += u64::from(records),
        }
        self.effects.finished.push(finished);
    }

    fn new_batch_id(&mut self) -> BatchId {
        self.next_batch += 1;
        self.next_batch
    }
}
