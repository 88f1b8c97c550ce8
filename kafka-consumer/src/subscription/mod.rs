//! The assigned partitions and all that is decided about them.
//!
//! One pure state machine, behind the consumer's lock. The caller's side assigns,
//! seeks, pauses and takes ([`take`]); the driver asks it what to send
//! ([`plan`]) and tells it the answers ([`answer`], [`look_up`]).

mod answer;
mod cluster;
mod flight;
mod look_up;
mod plan;
mod take;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_net::{Error, ErrorKind, Random};
use kafka_protocol::{StrBytes, Uuid};
use kafka_router::Backoff;

use crate::assignment::{Assignment, Start, TopicPartition, check_start};
use crate::budget::Budget;
use crate::commit::{Commit, OffsetAndMetadata};
use crate::config::ConsumerConfig;
use crate::error;
use crate::partition::Partition;
use crate::position::{Gate, Phase, Retry};

pub(crate) use answer::FetchAnswer;
pub(crate) use cluster::{ClusterView, Leadership};
pub(crate) use look_up::OffsetAnswer;
pub(crate) use plan::{Ask, CommittedAsk, FetchAsk, OffsetsAsk};
pub(crate) use take::{Lease, Settled, Taken};

/// How long a redirection to a follower holds (`metadata.max.age.ms`).
const READ_REPLICA_LEASE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct Subscription {
    config: Arc<ConsumerConfig>,
    backoff: Backoff,
    random: Random,
    /// A partition keeps its place as long as it is assigned.
    partitions: Vec<Option<Partition>>,
    free: Vec<usize>,
    index: BTreeMap<TopicPartition, usize>,
    /// Places of partitions that have something to take, each once, in turn.
    ready: VecDeque<usize>,
    /// Errors that belong to no place in the data; at most one a partition.
    reports: VecDeque<Report>,
    brokers: BTreeMap<i32, Broker>,
    /// Those that the metadata names.
    live_brokers: BTreeSet<i32>,
    topics: BTreeMap<StrBytes, Topic>,
    /// Topics whose leaders have to be asked for again.
    stale: BTreeSet<StrBytes>,
    budget: Budget,
    /// Whether partitions were added that have not met the metadata yet.
    unplaced: bool,
    last_number: u64,
    signals: Signals,
    counters: Counters,
}

/// Who has to be woken after the lock is released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signals {
    /// There is something to take.
    pub(crate) callers: bool,
    /// There is something to send.
    pub(crate) driver: bool,
}

/// Totals since the consumer was built.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) fetches: u64,
    pub(crate) fetch_failures: u64,
    pub(crate) fetched_bytes: u64,
    pub(crate) batches: u64,
    pub(crate) records: u64,
}

/// The state now, for metrics.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) assigned: usize,
    pub(crate) paused: usize,
    pub(crate) stopped: usize,
    pub(crate) buffered_bytes: usize,
    pub(crate) peak_buffered_bytes: usize,
    pub(crate) in_flight_bytes: usize,
    pub(crate) fetches_in_flight: usize,
}

#[derive(Debug)]
struct Report {
    slot: Option<usize>,
    error: Error,
}

/// What is known of a topic that has an assigned partition.
#[derive(Debug, Default)]
struct Topic {
    /// Whether the metadata has it.
    known: bool,
    asked: bool,
    /// The answer was final. A seek asks once more.
    refused: bool,
    retry: Retry,
}

/// What is known of a broker that is asked for records.
#[derive(Debug, Default)]
struct Broker {
    flight: Option<flight::Flight>,
    retry: Retry,
    /// It asked for a pause.
    throttled_until: Option<Instant>,
    /// When to ask again for partitions that had nothing, while others wait for
    /// room.
    idle_until: Option<Instant>,
    /// The place from which the next request begins: what came last time goes to
    /// the end.
    rotor: usize,
    /// It could be asked if there were room in the budget.
    blocked: bool,
}

impl Subscription {
    pub(crate) fn new(config: Arc<ConsumerConfig>, random: Random) -> Self {
        Self {
            backoff: Backoff::new(config.retry_backoff, config.retry_backoff_max),
            budget: Budget::new(config.prefetch_bytes),
            config,
            random,
            partitions: Vec::new(),
            free: Vec::new(),
            index: BTreeMap::new(),
            ready: VecDeque::new(),
            reports: VecDeque::new(),
            brokers: BTreeMap::new(),
            live_brokers: BTreeSet::new(),
            topics: BTreeMap::new(),
            stale: BTreeSet::new(),
            unplaced: false,
            last_number: 0,
            signals: Signals::default(),
            counters: Counters::default(),
        }
    }

    /// Replaces the assignment.
    pub(crate) fn assign(&mut self, assignments: Vec<Assignment>) -> Result<(), Error> {
        self.check(&assignments)?;
        let mut seen = BTreeSet::new();
        for assignment in &assignments {
            if !seen.insert(&assignment.partition) {
                return Err(error::at(
                    &assignment.partition,
                    Error::new(ErrorKind::InvalidArgument).with_message("assigned twice"),
                ));
            }
        }
        self.clear();
        self.add(assignments);
        Ok(())
    }

    /// Adds partitions; those assigned already stay as they are.
    pub(crate) fn assign_more(&mut self, assignments: Vec<Assignment>) -> Result<(), Error> {
        self.check(&assignments)?;
        self.add(assignments);
        Ok(())
    }

    /// Takes partitions away; those not assigned are passed over.
    pub(crate) fn unassign(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            if let Some(slot) = self.index.remove(partition) {
                self.drop_slot(slot);
                self.free.push(slot);
            }
        }
        let index = &self.index;
        self.topics.retain(|topic, _| {
            let first = TopicPartition::new(topic.clone(), i32::MIN);
            index
                .range(first..)
                .next()
                .is_some_and(|(partition, _)| partition.topic == *topic)
        });
        self.signals.driver = true;
    }

    /// Takes everything away.
    pub(crate) fn clear(&mut self) {
        for slot in 0..self.partitions.len() {
            self.drop_slot(slot);
        }
        self.partitions.clear();
        self.free.clear();
        self.index.clear();
        self.ready.clear();
        self.reports.clear();
        self.topics.clear();
        self.stale.clear();
        self.signals.driver = true;
    }

    /// Continues from `start`; what was fetched is dropped.
    pub(crate) fn seek(&mut self, partition: &TopicPartition, start: Start) -> Result<(), Error> {
        check_start(partition, start, self.config.group.is_some())?;
        let generation = self.number();
        let Some(slot) = self.index.get(partition).copied() else {
            return Err(error::not_assigned(partition));
        };
        self.reports.retain(|report| report.slot != Some(slot));
        if let Some(topic) = self.topics.get_mut(&partition.topic) {
            topic.refused = false;
        }
        if let Some(partition) = slot_mut(&mut self.partitions, slot) {
            partition.restart(Phase::starting_at(start), generation, &mut self.budget);
        }
        self.signals.driver = true;
        Ok(())
    }

    /// Keeps the partitions from being handed out and fetched. Nothing changes if
    /// one of them is not assigned.
    pub(crate) fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        for slot in self.slots(partitions)? {
            if let Some(partition) = slot_mut(&mut self.partitions, slot) {
                partition.paused = true;
                partition.cursor.set_gate(Gate::Paused);
            }
            self.shelve(slot);
        }
        // Others may have waited for the caller to take what is now paused.
        self.signals.driver = true;
        Ok(())
    }

    /// Undoes [`Self::pause`].
    pub(crate) fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), Error> {
        for slot in self.slots(partitions)? {
            if let Some(partition) = slot_mut(&mut self.partitions, slot) {
                partition.paused = false;
                partition.cursor.set_gate(Gate::Open);
                // What failed before the pause did not go on failing.
                partition.retry.succeeded();
            }
            self.offer(slot);
        }
        self.signals.driver = true;
        Ok(())
    }

    pub(crate) fn assignment(&self) -> Vec<TopicPartition> {
        self.index.keys().cloned().collect()
    }

    pub(crate) fn paused(&self) -> Vec<TopicPartition> {
        let paused = self.iter().filter(|partition| partition.paused);
        paused.map(|partition| partition.name.clone()).collect()
    }

    /// The offset after the last one handed out.
    pub(crate) fn position(&self, partition: &TopicPartition) -> Option<i64> {
        self.get(partition)?.cursor.position()
    }

    /// How many offsets lie between the position and the end of what can be read.
    pub(crate) fn lag(&self, partition: &TopicPartition) -> Option<i64> {
        let partition = self.get(partition)?;
        let behind = partition.end_offset? - partition.cursor.position()?;
        Some(behind.max(0))
    }

    /// The id of the topic that an assigned partition belongs to.
    pub(crate) fn topic_id(&self, partition: &TopicPartition) -> Option<Uuid> {
        Some(self.get(partition)?.topic_id)
    }

    /// Every position that is not known to be committed.
    pub(crate) fn uncommitted(&self) -> Vec<Commit> {
        self.iter()
            .filter_map(|partition| {
                let offset = partition.cursor.position()?;
                if partition.committed == Some(offset) {
                    return None;
                }
                let mut value = OffsetAndMetadata::new(offset);
                let epoch = partition.cursor.leader_epoch();
                value.leader_epoch = (epoch >= 0).then_some(epoch);
                Some(Commit {
                    partition: partition.name.clone(),
                    topic_id: partition.topic_id,
                    value,
                })
            })
            .collect()
    }

    /// A commit is on its way: until it is known what came of it, nothing is known to be
    /// committed, or a commit of what was before would seem needless.
    pub(crate) fn on_commit(&mut self, commit: &Commit) {
        let slot = self.index.get(&commit.partition).copied();
        if let Some(partition) = slot.and_then(|slot| slot_mut(&mut self.partitions, slot)) {
            partition.committed = None;
            partition.commit_begun = true;
        }
    }

    pub(crate) fn on_committed(&mut self, commit: &Commit) {
        let slot = self.index.get(&commit.partition).copied();
        if let Some(partition) = slot.and_then(|slot| slot_mut(&mut self.partitions, slot))
            && partition.topic_id == commit.topic_id
        {
            partition.committed = Some(commit.value.offset);
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    pub(crate) fn gauges(&self) -> Gauges {
        let count = |wanted: fn(&Partition) -> bool| self.iter().filter(|p| wanted(p)).count();
        Gauges {
            assigned: self.index.len(),
            paused: count(|partition| partition.paused),
            stopped: count(|partition| partition.phase == Phase::Stopped),
            buffered_bytes: self.budget.buffered(),
            peak_buffered_bytes: self.budget.peak_buffered(),
            in_flight_bytes: self.budget.reserved(),
            fetches_in_flight: self.brokers.values().filter(|b| b.flight.is_some()).count(),
        }
    }

    /// Whom to wake; asked once after each change.
    pub(crate) fn take_signals(&mut self) -> Signals {
        std::mem::take(&mut self.signals)
    }

    fn check(&self, assignments: &[Assignment]) -> Result<(), Error> {
        let has_group = self.config.group.is_some();
        assignments
            .iter()
            .try_for_each(|assignment| assignment.check(has_group))
    }

    fn add(&mut self, assignments: Vec<Assignment>) {
        for Assignment { partition, start } in assignments {
            if self.index.contains_key(&partition) {
                continue;
            }
            let generation = self.number();
            let topic = self.topics.entry(partition.topic.clone()).or_default();
            topic.refused = false;
            self.unplaced = true;
            let fetch_bytes = self.config.partition_fetch_bytes;
            let state = Partition::new(partition.clone(), start, generation, fetch_bytes);
            let slot = match self.free.pop() {
                Some(slot) => slot,
                None => {
                    self.partitions.push(None);
                    self.partitions.len() - 1
                }
            };
            if let Some(free) = self.partitions.get_mut(slot) {
                *free = Some(state);
            }
            self.index.insert(partition, slot);
        }
        self.signals.driver = true;
    }

    fn drop_slot(&mut self, slot: usize) {
        let taken = self.partitions.get_mut(slot).and_then(Option::take);
        if let Some(mut partition) = taken {
            partition.discard(&mut self.budget);
            partition.cursor.set_gate(Gate::Retired);
            if partition.queued {
                self.ready.retain(|ready| *ready != slot);
            }
            self.reports.retain(|report| report.slot != Some(slot));
        }
    }

    /// Puts a partition in line if it has something to take.
    fn offer(&mut self, slot: usize) {
        if let Some(partition) = slot_mut(&mut self.partitions, slot)
            && partition.has_work()
        {
            if !partition.queued {
                partition.queued = true;
                self.ready.push_back(slot);
            }
            self.signals.callers = true;
        }
    }

    /// Keeps the data of a paused partition without keeping the whole fetch
    /// answers, or lets go of it where paused data take up too much: it is fetched
    /// again on resume.
    fn shelve(&mut self, slot: usize) {
        let is_paused = slot_mut(&mut self.partitions, slot).is_some_and(|p| p.paused);
        if !is_paused {
            return;
        }
        let paused = self.iter().filter(|partition| partition.paused);
        let kept: usize = paused.map(|partition| partition.buffer.bytes()).sum();
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        let Phase::Fetching { next_offset } = &mut partition.phase else {
            return partition.buffer.detach();
        };
        match partition.cursor.position() {
            Some(position) if kept > self.budget.limit() / 2 && partition.lease.is_none() => {
                *next_offset = position;
                partition.discard(&mut self.budget);
            }
            _ => partition.buffer.detach(),
        }
    }

    /// Tells the caller of something that is no place in the data.
    fn report(&mut self, slot: Option<usize>, error: Error) {
        if let Some(partition) = slot.and_then(|slot| slot_mut(&mut self.partitions, slot)) {
            if partition.reporting {
                return;
            }
            partition.reporting = true;
        }
        self.reports.push_back(Report { slot, error });
        self.signals.callers = true;
    }

    fn slots(&self, partitions: &[TopicPartition]) -> Result<Vec<usize>, Error> {
        let slot = |partition| {
            let slot = self.index.get(partition).copied();
            slot.ok_or_else(|| error::not_assigned(partition))
        };
        partitions.iter().map(slot).collect()
    }

    fn get(&self, partition: &TopicPartition) -> Option<&Partition> {
        let slot = *self.index.get(partition)?;
        self.partitions.get(slot)?.as_ref()
    }

    fn iter(&self) -> impl Iterator<Item = &Partition> {
        self.partitions.iter().flatten()
    }

    /// A number that was never given before.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

/// Borrows only the partitions, so that budget and queues can be used beside.
fn slot_mut(partitions: &mut [Option<Partition>], slot: usize) -> Option<&mut Partition> {
    partitions.get_mut(slot)?.as_mut()
}
