//! What the sender knows of one partition.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use kafka_net::Error;
use kafka_protocol::{ApiKey, Uuid};

use crate::batch::{Batch, BatchId, State};
use crate::idempotence::{Current, Health, Sequences};
use crate::queue::{Backlog, Partition};

/// See the module.
#[derive(Debug)]
pub(super) struct PartitionState {
    pub(super) shared: Arc<Partition>,
    pub(super) topic_id: Uuid,
    pub(super) leader: Option<i32>,
    pub(super) leader_epoch: i32,
    /// Picked up and without an outcome, in the order of their records: those
    /// that were sent come before those that were not.
    pub(super) batches: VecDeque<Batch>,
    /// What the shared queue held when it was last looked at.
    pub(super) backlog: Backlog,
    pub(super) sequences: Sequences,
    /// Nothing is sent before this.
    pub(super) retry_at: Option<Instant>,
    /// The broker's list that the partition is in.
    pub(super) place: Option<(i32, Place)>,
}

/// One of a broker's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Ready,
    Lingering(Instant),
    Delayed(Instant),
}

/// What comes next for a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing is there.
    Empty,
    /// Something is, but must wait for an answer or an identity.
    Blocked,
    /// Not before this.
    At(Instant),
    /// The picked up batch at this place.
    Send(usize),
    /// A batch that is closed.
    Pull,
    /// The open batch, begun then.
    PullOpen(Instant),
}

impl PartitionState {
    pub(super) fn new(shared: Arc<Partition>, topic_id: Uuid) -> Self {
        Self {
            shared,
            topic_id,
            leader: None,
            leader_epoch: -1,
            batches: VecDeque::new(),
            backlog: Backlog::default(),
            sequences: Sequences::default(),
            retry_at: None,
            place: None,
        }
    }

    /// What may be sent to the leader now, which knows so many numbered batches
    /// again.
    pub(super) fn next(&mut self, now: Instant, current: &Current, remembers: usize) -> Next {
        let Some(leader) = self.leader else {
            return Next::Blocked;
        };
        if self.batches.is_empty() && self.backlog.oldest.is_none() {
            return Next::Empty;
        }
        if !self.may_fly(leader) {
            return Next::Blocked;
        }
        if let Some(at) = self.retry_at.filter(|at| *at > now) {
            return Next::At(at);
        }
        for (index, batch) in self.batches.iter().enumerate() {
            match batch.state {
                State::InFlight(_) | State::Ghost(_) => {}
                State::Sealing => return Next::Blocked,
                State::Idle if !self.is_within(index, remembers) => return Next::Blocked,
                State::Idle if batch.is_numbered() => return Next::Send(index),
                State::Idle => return self.unless_unnumbered(current, Next::Send(index)),
            }
        }
        let next = if self.backlog.closed > 0 {
            Next::Pull
        } else if let Some(since) = self.backlog.open_since {
            Next::PullOpen(since)
        } else {
            return Next::Empty;
        };
        if !self.is_within(self.batches.len(), remembers) {
            return Next::Blocked;
        }
        self.unless_unnumbered(current, next)
    }

    fn unless_unnumbered(&mut self, current: &Current, next: Next) -> Next {
        if self.prepare(current) {
            next
        } else {
            Next::Blocked
        }
    }

    /// Gets ready to number a batch that has no number.
    pub(super) fn prepare(&mut self, current: &Current) -> bool {
        let numbered = self.batches.iter().any(Batch::is_numbered);
        self.sequences.prepare(current, numbered)
    }

    /// Whether the batch at `index` is the next one to go to this broker.
    pub(super) fn is_next(&self, index: usize, broker: i32, remembers: usize) -> bool {
        self.leader == Some(broker)
            && self.may_fly(broker)
            && self.is_within(index, remembers)
            && self
                .batches
                .iter()
                .take(index)
                .all(|earlier| matches!(earlier.state, State::InFlight(_) | State::Ghost(_)))
    }

    /// Whether one more batch may go to this broker: not while an answer is out
    /// at another one, which decides what comes first, nor beside the very first
    /// under an identity.
    fn may_fly(&self, broker: i32) -> bool {
        let mut flights = self.batches.iter().filter_map(Batch::flight);
        match flights.next() {
            None => true,
            Some(_) if self.sequences.is_one_at_a_time() => false,
            Some(first) => first.broker == broker && flights.all(|flight| flight.broker == broker),
        }
    }

    /// Whether the leader will still know the oldest numbered batch again once it
    /// has appended the one at `index`, should that have to be sent once more. A
    /// batch that it no longer knows is refused as if it left a gap. (One that was
    /// restarted may know the latest only: its snapshots keep no more.)
    fn is_within(&self, index: usize, remembers: usize) -> bool {
        let mut before = self.batches.iter().take(index);
        let awaits = |batch: &&Batch| batch.is_numbered() && !batch.is_ghost();
        match before.find(awaits) {
            None => true,
            Some(oldest) => {
                let between = before.filter(|batch| batch.is_numbered()).count();
                oldest.followers + between + 1 < remembers
            }
        }
    }

    /// A batch is about to be sent. After a pause the leader may have let go of
    /// what it knew of the producer.
    pub(super) fn begin_flight(&mut self, now: Instant) {
        if !self.batches.iter().any(|batch| batch.flight().is_some()) {
            self.sequences.resume(now);
        }
    }

    pub(super) fn position(&self, id: BatchId) -> Option<usize> {
        self.batches.iter().position(|batch| batch.id == id)
    }

    /// Whether an earlier batch with numbers may still be written.
    pub(super) fn waits_for_earlier(&self, index: usize) -> bool {
        self.batches
            .iter()
            .take(index)
            .any(|earlier| earlier.is_numbered() && !earlier.is_ghost())
    }

    /// Whether later batches have numbers that count on this one's.
    pub(super) fn is_counted_on(&self, index: usize) -> bool {
        self.batches.iter().skip(index + 1).any(Batch::is_numbered)
    }

    /// Lets go of ghosts that no longer matter: the batch at `before` was
    /// accepted, so everything before it is in the log.
    pub(super) fn accepted_up_to(&mut self, before: usize) {
        let mut followers = 1;
        for batch in self.batches.iter_mut().take(before).rev() {
            if matches!(batch.state, State::Ghost(None)) {
                followers += 1;
            } else {
                batch.followers += followers;
            }
        }
        let mut index = 0;
        self.batches.retain(|batch| {
            let settled = index < before && matches!(batch.state, State::Ghost(None));
            index += 1;
            !settled
        });
        if !self.batches.iter().any(Batch::is_ghost) {
            self.sequences.recovered();
        }
    }

    /// Lets go of ghosts behind which nothing numbered can be tried any more.
    pub(super) fn drop_ghosts(&mut self) {
        let pending = self
            .batches
            .iter()
            .any(|batch| (batch.is_numbered() && !batch.is_ghost()) || batch.flight().is_some());
        if !pending {
            self.batches.retain(|batch| !batch.is_ghost());
        }
    }

    /// `error` as the outcome of the batch at `index`.
    pub(super) fn describe(&self, index: usize, error: Error, possibly_written: bool) -> Error {
        let error = error
            .with_api(ApiKey::Produce)
            .with_topic(self.shared.topic.clone())
            .with_partition(self.shared.index)
            .with_possibly_written(possibly_written);
        match self.batches.get(index) {
            Some(batch) if batch.attempts > 0 => error.with_attempts(batch.attempts),
            _ => error,
        }
    }

    /// When the oldest record that has no outcome was first seen.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.batches
            .iter()
            .filter(|batch| !batch.is_ghost())
            .map(|batch| batch.created)
            .chain(self.backlog.oldest)
            .min()
    }

    /// Whether no batch can be numbered under the present identity.
    pub(super) fn needs_identity(&self) -> bool {
        matches!(self.sequences.health(), Health::Doubtful | Health::Broken)
    }
}
