//! Handing out: the caller takes a chunk, decodes it without the lock, and comes
//! back with what it found. Part of the pure state machine.

use std::sync::Arc;

use kafka_net::Error;

use super::{Subscription, slot_mut};
use crate::assignment::TopicPartition;
use crate::batch::Batch;
use crate::buffer::{Charge, Entry};
use crate::decode::{Chunk, Decoded};
use crate::position::{Cursor, Phase};

/// The right to hand out records of one partition: as long as someone has it,
/// nobody else gets any, so their order holds and the position covers exactly what
/// was handed out.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) partition: TopicPartition,
    pub(crate) cursor: Arc<Cursor>,
    /// What is left of the data that was taken.
    pub(crate) chunk: Option<Chunk>,
    slot: usize,
    generation: u64,
}

/// What the caller's turn brought.
#[derive(Debug)]
pub(crate) enum Taken {
    /// To be decoded.
    Chunk(Lease),
    /// Decoded before.
    Batch(Lease, Batch),
    Error(Error),
    /// There is nothing now.
    Nothing,
}

/// What became of a decoded chunk.
#[derive(Debug)]
pub(crate) enum Settled {
    /// To be handed out, and counted as such.
    Batch(Batch),
    Error(Error),
    /// Nothing to hand out of this one; take again.
    Nothing,
}

impl Subscription {
    /// Gives out the next thing, partitions in turn.
    pub(crate) fn take(&mut self) -> Taken {
        if let Some(report) = self.reports.pop_front() {
            if let Some(partition) = report
                .slot
                .and_then(|slot| slot_mut(&mut self.partitions, slot))
            {
                partition.reporting = false;
            }
            return Taken::Error(report.error);
        }
        while let Some(slot) = self.ready.pop_front() {
            if let Some(taken) = self.take_from(slot) {
                return taken;
            }
        }
        Taken::Nothing
    }

    /// Takes back the lease of a batch that is handed out whole.
    pub(crate) fn settle(&mut self, lease: Lease, decoded: Decoded) -> Settled {
        let settled = match decoded {
            Decoded::Batch(batch) => self.hand_out(lease, batch),
            Decoded::Exhausted(next) => {
                if self.is_current(&lease) {
                    lease.cursor.move_to(next);
                    self.give_back(lease, None);
                }
                Settled::Nothing
            }
            Decoded::Corrupt { at, error } => self.stop(&lease, at, error),
        };
        self.wake_if_drained();
        settled
    }

    /// Lets a stream keep the lease while it hands out the records of `batch` one
    /// by one. `None` if they must not be handed out now.
    pub(crate) fn hold(&mut self, lease: Lease, batch: Batch) -> Option<(Lease, Batch)> {
        let partition = self.current(&lease)?;
        if partition.paused {
            self.give_back(lease, Some(batch));
            return None;
        }
        let before = partition.waiting_bytes();
        lease.cursor.set_leader_epoch(batch.leader_epoch());
        self.counters.batches += 1;
        self.counters.records += batch.len() as u64;
        self.recharge(&lease, lease.charge());
        self.freed(lease.slot, before);
        Some((lease, batch))
    }

    /// Ends a lease. `rest` is what was decoded and not handed out.
    pub(crate) fn give_back(&mut self, lease: Lease, rest: Option<Batch>) {
        let Some(partition) = self.current(&lease) else {
            return;
        };
        let before = partition.waiting_bytes();
        self.recharge(&lease, None);
        let Lease { slot, chunk, .. } = lease;
        let broker = chunk.as_ref().map_or(0, |chunk| chunk.broker);
        let chunk = chunk.filter(|chunk| !chunk.data.is_empty());
        let chunk = chunk.map(Entry::Chunk);
        let batch = rest.map(|batch| {
            let bytes = batch.memory_size();
            Entry::Batch(batch, Charge { broker, bytes })
        });
        if let Some(partition) = slot_mut(&mut self.partitions, slot) {
            for entry in [chunk, batch].into_iter().flatten() {
                partition.buffer.push_front(entry, &mut self.budget);
            }
        }
        self.shelve(slot);
        self.freed(slot, before);
        self.offer(slot);
        self.wake_if_drained();
    }

    /// Counts down what a stream gives back undelivered.
    pub(crate) fn uncount(&mut self, batch: &Batch) {
        self.counters.records = self.counters.records.saturating_sub(batch.len() as u64);
    }

    fn stop(&mut self, lease: &Lease, at: i64, error: Error) -> Settled {
        let Some(partition) = self.current(lease) else {
            return Settled::Nothing;
        };
        lease.cursor.move_to(at);
        partition.phase = Phase::Stopped;
        if let Some(partition) = slot_mut(&mut self.partitions, lease.slot) {
            partition.discard(&mut self.budget);
        }
        self.signals.driver = true;
        Settled::Error(error)
    }

    fn take_from(&mut self, slot: usize) -> Option<Taken> {
        let partition = slot_mut(&mut self.partitions, slot)?;
        partition.queued = false;
        loop {
            if !partition.has_work() {
                return None;
            }
            let before = partition.waiting_bytes();
            let entry = partition.buffer.pop_front(&mut self.budget)?;
            let lease = |chunk| Lease {
                partition: partition.name.clone(),
                cursor: Arc::clone(&partition.cursor),
                chunk,
                slot,
                generation: partition.generation,
            };
            match entry {
                Entry::Jump(position) => partition.cursor.jump_to(position, -1),
                Entry::Failure(error) => return Some(Taken::Error(error)),
                Entry::Batch(batch, _) => {
                    let lease = lease(None);
                    partition.lease = Some(Charge::default());
                    self.freed(slot, before);
                    return Some(Taken::Batch(lease, batch));
                }
                Entry::Chunk(chunk) => {
                    let charge = Charge {
                        broker: chunk.broker,
                        bytes: chunk.data.len(),
                    };
                    let lease = lease(Some(chunk));
                    partition.lease = Some(charge);
                    self.budget.add(charge.broker, charge.bytes);
                    return Some(Taken::Chunk(lease));
                }
            }
        }
    }

    fn hand_out(&mut self, lease: Lease, batch: Batch) -> Settled {
        let Some(partition) = self.current(&lease) else {
            return Settled::Nothing;
        };
        if partition.paused {
            self.give_back(lease, Some(batch));
            return Settled::Nothing;
        }
        lease.cursor.move_to(batch.next_offset());
        lease.cursor.set_leader_epoch(batch.leader_epoch());
        self.counters.batches += 1;
        self.counters.records += batch.len() as u64;
        self.give_back(lease, None);
        Settled::Batch(batch)
    }

    /// Changes what a lease counts for; `None` ends it.
    fn recharge(&mut self, lease: &Lease, charge: Option<Charge>) {
        let Some(partition) = self.current(lease) else {
            return;
        };
        let held = std::mem::replace(&mut partition.lease, charge);
        if let Some(Charge { broker, bytes }) = held {
            self.budget.remove(broker, bytes);
        }
        if let Some(Charge { broker, bytes }) = charge {
            self.budget.add(broker, bytes);
        }
    }

    /// A fetch may have waited for the last of the data to be taken, where paused
    /// partitions hold the rest of the budget.
    fn wake_if_drained(&mut self) {
        if self.ready.is_empty() {
            self.signals.driver |= self.brokers.values().any(|broker| broker.blocked);
        }
    }

    /// Whether this made room for a fetch that had to wait.
    fn freed(&mut self, slot: usize, before: usize) {
        let full = self.config.partition_fetch_bytes;
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        let crossed = before > full && partition.waiting_bytes() <= full;
        if crossed && matches!(partition.phase, Phase::Fetching { .. }) {
            self.signals.driver = true;
        }
        let drained = before > 0 && partition.waiting_bytes() == 0;
        if self.brokers.values().any(|broker| broker.blocked) {
            self.unblock(drained);
        }
    }

    /// Lets the brokers go on for which there is room again, or of which the caller
    /// has nothing left to take.
    fn unblock(&mut self, drained: bool) {
        let resume_at = self.resume_room();
        let blocked = self.brokers.iter().filter(|(_, broker)| broker.blocked);
        let freed: Vec<i32> = blocked
            .map(|(id, _)| *id)
            .filter(|id| self.budget.room(*id) >= resume_at || drained && self.is_starved(*id))
            .collect();
        self.signals.driver |= !freed.is_empty();
        for id in freed {
            if let Some(broker) = self.brokers.get_mut(&id) {
                broker.blocked = false;
            }
        }
    }

    /// Whether nothing that came from a broker is left for the caller to take.
    fn is_starved(&self, broker: i32) -> bool {
        !self.iter().any(|partition| {
            let replica = partition.read_replica.map(|(replica, _)| replica);
            let sources = [partition.leader, replica];
            !partition.paused && partition.waiting_bytes() > 0 && sources.contains(&Some(broker))
        })
    }

    fn is_current(&mut self, lease: &Lease) -> bool {
        self.current(lease).is_some()
    }

    /// The lease's partition, unless a seek or an assignment has made the lease
    /// worthless.
    fn current(&mut self, lease: &Lease) -> Option<&mut crate::partition::Partition> {
        slot_mut(&mut self.partitions, lease.slot)
            .filter(|partition| partition.generation == lease.generation)
    }
}

impl Lease {
    /// What the data that is left counts for.
    fn charge(&self) -> Option<Charge> {
        let chunk = self.chunk.as_ref();
        Some(chunk.map_or_else(Charge::default, |chunk| Charge {
            broker: chunk.broker,
            bytes: chunk.data.len(),
        }))
    }
}
