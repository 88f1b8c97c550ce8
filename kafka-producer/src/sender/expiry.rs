//! Ends that no answer brings: deadlines, topics that are gone, the producer's
//! own end.

use std::time::Instant;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::Uuid;

use crate::batch::{Finished, State};
use crate::idempotence::Health;
use crate::verdict::Trace;

use super::Sender;
use super::numbers::recreated;

impl Sender {
    /// When [`expire`](Self::expire) has something to do.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.next_expiry
    }

    /// Gives up what is older than the delivery timeout.
    ///
    /// Looks at every partition, but only when the oldest record that was there
    /// at the last look is due, so once per delivery timeout at most unless
    /// something really expires.
    pub(crate) fn expire(&mut self, now: Instant) {
        if self.next_expiry.is_none_or(|at| at > now) {
            return;
        }
        let timeout = self.settings.delivery_timeout;
        if let Some(cutoff) = now.checked_sub(timeout) {
            for key in 0..self.next_key() {
                self.expire_partition(now, key, cutoff);
            }
        }
        self.next_expiry = self
            .partitions
            .iter()
            .filter_map(|partition| partition.oldest())
            .min()
            .map(|oldest| oldest + timeout);
    }

    fn expire_partition(&mut self, now: Instant, key: u32, cutoff: Instant) {
        let Some(partition) = self.partitions.get(key as usize) else {
            return;
        };
        if partition.oldest().is_none_or(|oldest| oldest > cutoff) {
            return;
        }
        let ids: Vec<_> = partition
            .batches
            .iter()
            .filter(|batch| !batch.is_ghost() && batch.created <= cutoff)
            .map(|batch| batch.id)
            .collect();
        for id in ids {
            let Some(partition) = self.partitions.get(key as usize) else {
                return;
            };
            let Some(index) = partition.position(id) else {
                continue;
            };
            let in_flight = partition
                .batches
                .get(index)
                .is_some_and(|batch| matches!(batch.state, State::InFlight(_)));
            let error = self.too_late(key, Some(index));
            self.fail_batch(key, index, error, Trace::possible(in_flight));
        }
        let error = self.too_late(key, None);
        if let Some(partition) = self.partitions.get(key as usize) {
            let expired = partition.shared.queue().take_seen_by(cutoff);
            self.fail_unsent(key, expired, &error);
        }
        self.tidy(key);
        self.look_quietly(now, key);
    }

    /// Why a batch was not delivered in time.
    fn too_late(&self, key: u32, index: Option<usize>) -> Error {
        let error = Error::timeout("not delivered", self.settings.delivery_timeout);
        let Some(partition) = self.partitions.get(key as usize) else {
            return error;
        };
        let own = index
            .and_then(|index| partition.batches.get(index))
            .and_then(|batch| batch.last_error.clone());
        let brokers = partition
            .leader
            .and_then(|leader| self.brokers.get(&leader))
            .and_then(|broker| broker.last_error.clone());
        match own.or(brokers) {
            Some(cause) => error.with_source(cause),
            None if partition.leader.is_none() => error.with_hint("the partition has no leader"),
            None => error,
        }
    }

    /// The metadata says which topic bears the name. Batches for another one
    /// never go there.
    pub(crate) fn set_topic_id(&mut self, now: Instant, key: u32, topic_id: Uuid) {
        let Some(partition) = self.partitions.get_mut(key as usize) else {
            return;
        };
        if topic_id.is_zero() || partition.topic_id == topic_id {
            return;
        }
        let known_before = !partition.topic_id.is_zero();
        partition.topic_id = topic_id;
        partition.shared.queue().set_topic_id(topic_id);
        if !known_before {
            return;
        }
        partition.sequences.degrade(Health::Broken);
        if let Some(partition) = self.partitions.get(key as usize) {
            // Those that were closed by `set_topic_id` and before it.
            let old = partition.shared.queue().take_all();
            self.fail_unsent(key, old, &recreated());
        }
        self.tidy(key);
        self.look_quietly(now, key);
    }

    /// Fails everything, for good: the partitions take no more records. With
    /// `in_flight_lost`, also what is in flight, whose outcome is unknown.
    pub(crate) fn fail_all(&mut self, error: &Error, in_flight_lost: bool) {
        for key in 0..self.next_key() {
            let Some(partition) = self.partitions.get(key as usize) else {
                return;
            };
            if in_flight_lost {
                partition.shared.queue().refuse(error.clone());
            }
            let ids: Vec<_> = partition
                .batches
                .iter()
                .filter(|batch| !batch.is_ghost())
                .filter(|batch| in_flight_lost || !matches!(batch.state, State::InFlight(_)))
                .map(|batch| batch.id)
                .collect();
            for id in ids {
                let Some(partition) = self.partitions.get(key as usize) else {
                    return;
                };
                let Some(index) = partition.position(id) else {
                    continue;
                };
                let in_flight = partition
                    .batches
                    .get(index)
                    .is_some_and(|batch| matches!(batch.state, State::InFlight(_)));
                self.fail_batch(key, index, error.clone(), Trace::possible(in_flight));
            }
            self.fail_queued(key, error);
        }
    }

    /// Fails what callers have put into a partition and nobody picked up.
    pub(super) fn fail_queued(&mut self, key: u32, error: &Error) {
        if let Some(partition) = self.partitions.get(key as usize) {
            let queued = partition.shared.queue().take_all();
            self.fail_unsent(key, queued, error);
        }
    }

    fn fail_unsent(&mut self, key: u32, unsent: Vec<crate::building::Building>, error: &Error) {
        for building in unsent {
            let Some(partition) = self.partitions.get(key as usize) else {
                return;
            };
            let records = building.builder.record_count();
            // No batch is at this place: the error has no attempts.
            let error = partition.describe(usize::MAX, error.clone(), false);
            self.finish(Finished::unsent(building, error), records);
        }
        if let Some(partition) = self.partitions.get_mut(key as usize) {
            partition.backlog = Default::default();
        }
    }

    /// Like `look`, without a deadline: the caller sets it.
    fn look_quietly(&mut self, now: Instant, key: u32) {
        if let Some(partition) = self.partitions.get_mut(key as usize) {
            partition.backlog = partition.shared.queue().look(now);
        }
        self.touch(now, key);
    }

    /// The error of records that the producer's end cut off.
    pub(crate) fn ended(reason: &Error) -> Error {
        Error::new(ErrorKind::Closed)
            .with_message("the producer ended before the record was delivered")
            .with_source(reason.clone())
    }
}
