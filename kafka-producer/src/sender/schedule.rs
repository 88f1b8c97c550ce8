//! Which batches go into the next request.

use std::time::Instant;

use crate::batch::{Batch, BatchId, Content, State};
use crate::idempotence::Current;
use crate::leader::USUALLY_REMEMBERED;

use super::Sender;
use super::partition::{Next, Place};

/// What a broker's task does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Seal these, then [`Sender::dispatch`] them. A request's place is taken.
    Seal(Vec<Draft>),
    /// There is something to send but no connection.
    Connect,
    /// Nothing, until something changes or this time.
    Wait(Option<Instant>),
}

/// A batch to seal, or one that is and goes out again.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) partition: u32,
    pub(crate) batch: BatchId,
    pub(crate) content: Content,
}

impl Sender {
    /// What to do for this broker. `remembers` is how many of a partition's latest
    /// numbered batches it knows again, `None` while there is no connection.
    /// `short` says that callers wait for memory, so that no batch lingers.
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        broker: i32,
        remembers: Option<usize>,
        short: bool,
    ) -> Step {
        if let Some((state, remembers)) = self.brokers.get_mut(&broker).zip(remembers) {
            state.remembers = remembers;
        }
        self.promote(now, broker, short);
        let gather = self.settings.gather;
        let max_in_flight = self.settings.max_in_flight;
        let Some(state) = self.brokers.get_mut(&broker) else {
            return Step::Wait(None);
        };
        while let Some(key) = state.ready.front() {
            let place = self.partitions.get(*key as usize).and_then(|p| p.place);
            if place == Some((broker, Place::Ready)) {
                break;
            }
            state.ready.pop_front();
        }
        if state.in_flight >= max_in_flight {
            return Step::Wait(None);
        }
        if state.ready.is_empty() {
            return Step::Wait(state.next_time(gather));
        }
        if let Some(until) = state.paused_until(now) {
            return Step::Wait(Some(until));
        }
        if remembers.is_none() {
            return Step::Connect;
        }
        let drafts = self.draft(now, broker);
        if drafts.is_empty() {
            let next = self.brokers.get(&broker).and_then(|b| b.next_time(gather));
            return Step::Wait(next);
        }
        if let Some(state) = self.brokers.get_mut(&broker) {
            state.occupy();
        }
        Step::Seal(drafts)
    }

    /// Moves partitions whose time has come to the ready ones.
    fn promote(&mut self, now: Instant, broker: i32, short: bool) {
        let gather = self.settings.gather;
        while let Some(key) = self.brokers.get(&broker).and_then(|b| b.next_delayed(now)) {
            self.touch(now, key);
        }
        loop {
            let Some(state) = self.brokers.get(&broker) else {
                return;
            };
            let hurry = short || state.is_idle(now, gather);
            let Some(key) = state.next_lingering(now, hurry) else {
                return;
            };
            self.place(key, Some((broker, Place::Ready)));
        }
    }

    fn draft(&mut self, now: Instant, broker: i32) -> Vec<Draft> {
        let current = self.identities.current();
        let remembers = self.remembers(Some(broker));
        let mut drafts = Vec::new();
        let mut bytes: usize = 0;
        while let Some(state) = self.brokers.get_mut(&broker)
            && let Some(key) = state.ready.pop_front()
        {
            let Some(partition) = self.partitions.get_mut(key as usize) else {
                continue;
            };
            if partition.place != Some((broker, Place::Ready)) {
                continue;
            }
            let next = partition.next(now, &current, remembers);
            let size = match next {
                Next::Send(index) => partition.batches.get(index).map(|batch| batch.size),
                Next::Pull | Next::PullOpen(_) => partition.shared.queue().next_size(),
                Next::Empty | Next::Blocked | Next::At(_) => None,
            };
            if let Some(size) = size {
                let total = bytes.saturating_add(size);
                if !drafts.is_empty() && total > self.settings.max_request_size {
                    state.ready.push_front(key);
                    break;
                }
                bytes = total;
            }
            partition.place = None;
            match size {
                Some(_) => drafts.extend(self.take(now, key, next)),
                None => self.look(now, key),
            }
        }
        drafts
    }

    /// Lends the content of the batch that is next.
    fn take(&mut self, now: Instant, key: u32, next: Next) -> Option<Draft> {
        let id = self.new_batch_id();
        let partition = self.partitions.get_mut(key as usize)?;
        let batch = if let Next::Send(index) = next {
            partition.batches.get_mut(index)?
        } else {
            let (building, backlog) = partition.shared.queue().take(now)?;
            partition.backlog = backlog;
            partition.batches.push_back(Batch::new(id, building, now));
            partition.batches.back_mut()?
        };
        let content = batch.lend()?;
        batch.state = State::Sealing;
        Some(Draft {
            partition: key,
            batch: batch.id,
            content,
        })
    }

    /// Looks at what callers have put into a partition, then places it.
    pub(super) fn look(&mut self, now: Instant, key: u32) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        partition.backlog = partition.shared.queue().look(now);
        if let Some(oldest) = partition.oldest() {
            if partition.leader.is_none() {
                self.effects.refresh.insert(partition.shared.topic.clone());
            }
            if !self.ticking {
                self.ticking = true;
                self.effects.wake_main = true;
            }
            let expiry = oldest + self.settings.delivery_timeout;
            if self.next_expiry.is_none_or(|next| expiry < next) {
                self.next_expiry = Some(expiry);
                self.effects.wake_main = true;
            }
        }
        if let Current::Failed(error) = self.identities.current() {
            self.fail_queued(key, &error);
        }
        self.touch(now, key);
    }

    /// Puts a partition where it belongs among its leader's lists, after
    /// anything that can change that.
    pub(super) fn touch(&mut self, now: Instant, key: u32) {
        let current = self.identities.current();
        let linger = self.settings.linger;
        let leader = self.partitions.get(key as usize).and_then(|p| p.leader);
        let remembers = self.remembers(leader);
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        let place = match partition.next(now, &current, remembers) {
            Next::Empty | Next::Blocked => None,
            Next::At(at) => Some(Place::Delayed(at)),
            Next::Send(_) | Next::Pull => Some(Place::Ready),
            Next::PullOpen(since) if since + linger <= now => Some(Place::Ready),
            Next::PullOpen(since) => Some(Place::Lingering(since + linger)),
        };
        let place = partition.leader.zip(place);
        self.place(key, place);
    }

    pub(super) fn remembers(&self, broker: Option<i32>) -> usize {
        let state = broker.and_then(|broker| self.brokers.get(&broker));
        state.map_or(USUALLY_REMEMBERED, |state| state.remembers)
    }

    fn place(&mut self, key: u32, place: Option<(i32, Place)>) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        if partition.place == place {
            return;
        }
        if let Some((broker, old)) = partition.place
            && let Some(state) = self.brokers.get_mut(&broker)
        {
            state.leave(key, old);
        }
        partition.place = place;
        if let Some((broker, new)) = place {
            self.brokers.entry(broker).or_default().enter(key, new);
            self.effects.wake.insert(broker);
        }
    }
}
