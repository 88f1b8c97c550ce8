//! What to send next. Part of the pure state machine.
//!
//! At most one fetch is in flight to each broker: a broker works on one request of
//! a connection at a time, so a second would only wait there. The next goes out
//! as soon as the answer is in, while the caller works on what came.
//!
//! A fetch that waits at the broker for data keeps the connection busy for up to
//! `fetch_max_wait`. So it may wait only if it covers every partition of the
//! broker that is to be read. While some have no room, or no position yet, the
//! others are asked without waiting, at intervals, and those can join at any time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_protocol::messages::FetchRequest;
use kafka_protocol::{StrBytes, Uuid};

use super::cluster::no_leader;
use super::flight::{Flight, FlightItem};
use super::look_up::LookUpItem;
use super::{Broker, Subscription, slot_mut};
use crate::assignment::TopicPartition;
use crate::error;
use crate::fetch;
use crate::position::{LookUp, Phase};

/// How often partitions that had nothing are asked again while a fetch may not
/// wait at the broker.
const IDLE_INTERVAL: Duration = Duration::from_millis(50);

/// Something for the driver to send.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Make the metadata cover this topic.
    Topic(StrBytes),
    /// The metadata of this topic is out of date.
    Refresh(StrBytes),
    Offsets(OffsetsAsk),
    Committed(CommittedAsk),
    Fetch(FetchAsk),
}

/// Positions to ask a leader for.
#[derive(Debug)]
pub(crate) struct OffsetsAsk {
    pub(crate) broker: i32,
    pub(crate) ticket: u64,
    pub(crate) items: Vec<LookUpItem>,
}

/// Positions to ask the group's coordinator for.
#[derive(Debug)]
pub(crate) struct CommittedAsk {
    pub(crate) ticket: u64,
    pub(crate) items: Vec<(TopicPartition, Uuid)>,
}

/// Records to ask a broker for.
#[derive(Debug)]
pub(crate) struct FetchAsk {
    pub(crate) broker: i32,
    pub(crate) ticket: u64,
    pub(crate) request: FetchRequest,
    /// The highest version that can express it.
    pub(crate) max_version: Option<i16>,
    /// How long the broker may hold it.
    pub(crate) wait: Duration,
}

/// What a pass over the partitions finds for one broker.
#[derive(Default)]
struct Candidates {
    /// Places of the partitions to fetch, ascending.
    slots: Vec<usize>,
    /// Whether the last answer brought something for one of them, or was never
    /// asked for.
    hungry: bool,
    /// Whether others of the broker's partitions wait for room or for a position.
    others_wait: bool,
    /// Whether the caller has data of this broker left to take.
    stocked: bool,
}

impl Subscription {
    /// Adds to `asks` what is to be sent now; returns when to ask again if nothing
    /// happens before.
    pub(crate) fn plan(&mut self, now: Instant, asks: &mut Vec<Ask>) -> Option<Instant> {
        let mut wake = Wake(None);
        self.plan_topics(now, asks, &mut wake);
        self.report_stuck_brokers();
        let mut look_ups: BTreeMap<i32, Vec<LookUpItem>> = BTreeMap::new();
        let mut committed = Vec::new();
        let mut brokers: BTreeMap<i32, Candidates> = BTreeMap::new();
        for slot in 0..self.partitions.len() {
            self.report_if_stuck(slot);
            let Some(partition) = slot_mut(&mut self.partitions, slot) else {
                continue;
            };
            if let Phase::Stopped = partition.phase {
                continue;
            }
            if partition.phase == Phase::Needed(LookUp::Committed) {
                if partition.retry.is_due(now) {
                    committed.push(slot);
                } else {
                    wake.at(partition.retry.due_at());
                }
                continue;
            }
            let Some(source) = partition.source(now) else {
                let known = self
                    .topics
                    .get(&partition.name.topic)
                    .is_some_and(|topic| topic.known);
                if known {
                    self.seek_leader(slot, now);
                    let partition = slot_mut(&mut self.partitions, slot);
                    wake.at(partition.and_then(|partition| partition.retry.due_at()));
                }
                continue;
            };
            if !partition.retry.is_due(now) {
                wake.at(partition.retry.due_at());
                continue;
            }
            match partition.phase {
                Phase::Needed(look_up) => {
                    let leader = partition.leader.unwrap_or(source);
                    brokers.entry(leader).or_default().others_wait = true;
                    if let Some(timestamp) = look_up.timestamp() {
                        look_ups.entry(leader).or_default().push(LookUpItem {
                            slot,
                            partition: partition.name.clone(),
                            leader_epoch: partition.leader_epoch,
                            timestamp,
                        });
                    }
                }
                Phase::LookingUp(_) => {
                    brokers.entry(source).or_default().others_wait = true;
                }
                Phase::Fetching { .. } => {
                    let full = partition.waiting_bytes() > self.config.partition_fetch_bytes;
                    let candidates = brokers.entry(source).or_default();
                    candidates.stocked |= !partition.paused && partition.waiting_bytes() > 0;
                    if partition.paused || partition.ticket != 0 {
                        // Not wanted, or wanted already.
                    } else if full {
                        candidates.others_wait = true;
                    } else {
                        candidates.slots.push(slot);
                        candidates.hungry |= !partition.caught_up;
                    }
                }
                Phase::Stopped => {}
            }
        }
        self.plan_committed(committed, asks);
        self.plan_look_ups(now, look_ups, asks, &mut wake);
        for (broker, candidates) in brokers {
            self.plan_fetch(now, broker, candidates, asks, &mut wake);
        }
        for topic in std::mem::take(&mut self.stale) {
            asks.push(Ask::Refresh(topic));
        }
        wake.0
    }

    /// How much room a broker that had none must have before it is asked again.
    pub(super) fn resume_room(&self) -> usize {
        let share = self.budget.share();
        (share / 4).max(self.config.partition_fetch_bytes.min(share / 2))
    }

    fn plan_topics(&mut self, now: Instant, asks: &mut Vec<Ask>, wake: &mut Wake) {
        for (name, topic) in &mut self.topics {
            if topic.known || topic.asked || topic.refused {
                continue;
            }
            if topic.retry.is_due(now) {
                topic.asked = true;
                asks.push(Ask::Topic(name.clone()));
            } else {
                wake.at(topic.retry.due_at());
            }
        }
    }

    /// Asks for the leader of a partition that has none, at growing intervals.
    fn seek_leader(&mut self, slot: usize, now: Instant) {
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        if partition.retry.is_due(now) {
            self.stale.insert(partition.name.topic.clone());
            let error = no_leader(partition);
            partition
                .retry
                .failed(now, error, &self.backoff, &self.random);
        }
    }

    /// Tells the caller of a partition that has made no progress for long.
    fn report_if_stuck(&mut self, slot: usize) {
        let limit = self.config.api_timeout;
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        let lasting = partition.retry.report(limit);
        if let Some(error) = lasting {
            let error = error::at(&partition.name, error);
            self.report(Some(slot), error);
        }
    }

    /// Tells the caller of a broker that has not answered for long.
    fn report_stuck_brokers(&mut self) {
        let limit = self.config.api_timeout;
        let mut lasting = Vec::new();
        for broker in self.brokers.values_mut() {
            lasting.extend(broker.retry.report(limit));
        }
        for error in lasting {
            self.report(None, error);
        }
    }

    fn plan_committed(&mut self, slots: Vec<usize>, asks: &mut Vec<Ask>) {
        if slots.is_empty() {
            return;
        }
        let ticket = self.number();
        let mut items = Vec::with_capacity(slots.len());
        for slot in slots {
            if let Some(partition) = slot_mut(&mut self.partitions, slot) {
                partition.phase = Phase::LookingUp(LookUp::Committed);
                partition.ticket = ticket;
                items.push((partition.name.clone(), partition.topic_id));
            }
        }
        asks.push(Ask::Committed(CommittedAsk { ticket, items }));
    }

    fn plan_look_ups(
        &mut self,
        now: Instant,
        look_ups: BTreeMap<i32, Vec<LookUpItem>>,
        asks: &mut Vec<Ask>,
        wake: &mut Wake,
    ) {
        for (broker, items) in look_ups {
            if let Some(known) = self.brokers.get(&broker)
                && !known.retry.is_due(now)
            {
                wake.at(known.retry.due_at());
                continue;
            }
            let ticket = self.number();
            for item in &items {
                if let Some(partition) = slot_mut(&mut self.partitions, item.slot)
                    && let Phase::Needed(look_up) = partition.phase
                {
                    partition.phase = Phase::LookingUp(look_up);
                    partition.ticket = ticket;
                }
            }
            asks.push(Ask::Offsets(OffsetsAsk {
                broker,
                ticket,
                items,
            }));
        }
    }

    fn plan_fetch(
        &mut self,
        now: Instant,
        id: i32,
        mut candidates: Candidates,
        asks: &mut Vec<Ask>,
        wake: &mut Wake,
    ) {
        if candidates.slots.is_empty() {
            return;
        }
        let broker = self.brokers.entry(id).or_default();
        if broker.flight.is_some() {
            return;
        }
        if let Some(later) = broker.not_before(now, &candidates) {
            wake.at(Some(later));
            return;
        }
        let resume = broker.blocked;
        let rotor = broker.rotor;
        let Some(max_bytes) = self.allowance(id, &candidates, resume) else {
            if let Some(broker) = self.brokers.get_mut(&id) {
                broker.blocked = true;
            }
            return;
        };
        let begin = candidates.slots.partition_point(|slot| *slot < rotor);
        candidates.slots.rotate_left(begin);
        let ticket = self.number();
        let wait = if candidates.others_wait {
            Duration::ZERO
        } else {
            self.config.fetch_max_wait
        };
        let mut request = fetch::Builder::new(&self.config, max_bytes, wait);
        let mut items = Vec::with_capacity(candidates.slots.len());
        for slot in candidates.slots {
            if let Some(partition) = slot_mut(&mut self.partitions, slot)
                && let Phase::Fetching { next_offset } = partition.phase
            {
                partition.ticket = ticket;
                request.add(partition, next_offset);
                items.push(FlightItem {
                    slot,
                    topic: partition.name.topic.clone(),
                    topic_id: partition.topic_id,
                    partition: partition.name.partition,
                    offset: next_offset,
                });
            }
        }
        self.budget.reserve(id, max_bytes);
        let (request, max_version) = request.build();
        self.counters.fetches += 1;
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.blocked = false;
            broker.flight = Some(Flight {
                ticket,
                reserved: max_bytes,
                waits: !candidates.others_wait,
                items,
            });
        }
        asks.push(Ask::Fetch(FetchAsk {
            broker: id,
            ticket,
            request,
            max_version,
            wait,
        }));
    }

    /// How many bytes a fetch from `broker` may bring; `None` if it has to wait
    /// for room. Someone who has nothing to take can't make room, so then there
    /// always is enough for one partition.
    fn allowance(&self, broker: i32, candidates: &Candidates, resume: bool) -> Option<usize> {
        let configured = self.config.partition_fetch_bytes;
        let sizes = candidates
            .slots
            .iter()
            .filter_map(|slot| self.partitions.get(*slot)?.as_ref())
            .map(|partition| partition.fetch_bytes);
        let (sum, largest) = sizes.fold((0_usize, 0), |(sum, largest), bytes| {
            (sum.saturating_add(bytes), bytes.max(largest))
        });
        // More than configured only where a batch is known not to fit in less.
        let one = if largest > configured {
            largest
        } else {
            configured.min(self.budget.share()).max(1)
        };
        // The last batch of an answer keeps all of it in memory: answers of a
        // quarter of the share bound what that can waste.
        let part = self.budget.share() / 4;
        let wanted = self.config.fetch_max_bytes.min(part).max(one).min(sum);
        let least = if resume {
            self.resume_room().max(one)
        } else {
            one
        };
        let room = self.budget.room(broker);
        if room >= least.min(wanted) {
            Some(room.min(wanted))
        } else if candidates.stocked {
            None
        } else {
            Some(one)
        }
    }
}

impl Broker {
    /// Until when it must not be asked for these partitions.
    fn not_before(&self, now: Instant, candidates: &Candidates) -> Option<Instant> {
        let idle = self
            .idle_until
            .filter(|_| candidates.others_wait && !candidates.hungry);
        let retry = self.retry.due_at();
        let waits = [idle, retry, self.throttled_until];
        waits.into_iter().flatten().filter(|at| *at > now).max()
    }

    /// An answer came.
    pub(super) fn answered(&mut self, now: Instant, waited: bool, empty: bool) {
        self.retry.succeeded();
        self.idle_until = (!waited && empty).then(|| now + IDLE_INTERVAL);
    }
}

/// The earliest of several instants.
struct Wake(Option<Instant>);

impl Wake {
    fn at(&mut self, at: Option<Instant>) {
        self.0 = match (self.0, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}
