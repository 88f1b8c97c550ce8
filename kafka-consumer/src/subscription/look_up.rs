//! What the answers to questions for positions, and for the metadata, mean. Part
//! of the pure state machine.

use std::time::Instant;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::StrBytes;

use super::{Subscription, slot_mut};
use crate::assignment::TopicPartition;
use crate::buffer::Entry;
use crate::commit::OffsetAndMetadata;
use crate::error;
use crate::offsets::OffsetFound;
use crate::position::{LookUp, Phase};

/// A position to ask a leader for.
#[derive(Clone, Debug)]
pub(crate) struct LookUpItem {
    pub(super) slot: usize,
    pub(crate) partition: TopicPartition,
    pub(crate) leader_epoch: i32,
    /// −2 for the first offset, −1 for the end, else milliseconds since 1970.
    pub(crate) timestamp: i64,
}

/// What came of asking a leader for positions.
#[derive(Debug)]
pub(crate) struct OffsetAnswer {
    pub(crate) broker: i32,
    pub(crate) ticket: u64,
    pub(crate) items: Vec<LookUpItem>,
    /// One for each item, in their order.
    pub(crate) result: Result<Vec<OffsetFound>, Error>,
}

impl Subscription {
    /// The metadata has the topic now, or not.
    pub(crate) fn on_topic(&mut self, now: Instant, name: &StrBytes, result: Result<(), Error>) {
        let Some(topic) = self.topics.get_mut(name) else {
            return;
        };
        topic.asked = false;
        match result {
            Ok(()) => topic.retry.succeeded(),
            Err(error) if error.is_retriable() => {
                // It was waited for long enough to say so.
                topic
                    .retry
                    .failed(now, error.clone(), &self.backoff, &self.random);
                self.report(None, error.with_topic(name));
            }
            Err(error) => {
                topic.retry.succeeded();
                topic.refused = true;
                self.fail_topic(name, &error);
            }
        }
    }

    pub(crate) fn on_offsets(&mut self, now: Instant, answer: OffsetAnswer) {
        let OffsetAnswer {
            broker,
            ticket,
            items,
            result,
        } = answer;
        match result {
            Ok(found) => {
                if let Some(broker) = self.brokers.get_mut(&broker) {
                    broker.retry.succeeded();
                }
                for (item, found) in items.into_iter().zip(found) {
                    self.on_offset(now, ticket, &item, found);
                }
            }
            Err(error) => {
                tracing::debug!(broker, %error, "a look-up of offsets failed");
                let broker = self.brokers.entry(broker).or_default();
                let gives_up = broker.gives_up(&error);
                let failure = error.clone();
                broker.retry.failed(now, error, &self.backoff, &self.random);
                for item in items {
                    self.stale.insert(item.partition.topic.clone());
                    if gives_up {
                        self.give_up(item.slot, ticket, &failure);
                    } else {
                        self.on_offset(now, ticket, &item, OffsetFound::Later);
                    }
                }
            }
        }
    }

    /// `result` has, for each partition that was asked, what the group committed.
    pub(crate) fn on_committed_offsets(
        &mut self,
        now: Instant,
        ticket: u64,
        asked: &[TopicPartition],
        result: Result<Vec<Result<Option<OffsetAndMetadata>, Error>>, Error>,
    ) {
        let results = match result {
            Ok(results) => results,
            Err(error) => asked.iter().map(|_| Err(error.clone())).collect(),
        };
        for (name, result) in asked.iter().zip(results) {
            let slot = self.index.get(name).copied();
            let Some(slot) = slot.filter(|slot| self.asked(*slot, ticket).is_some()) else {
                continue;
            };
            match result {
                Ok(Some(committed)) if committed.offset >= 0 => {
                    if let Some(partition) = slot_mut(&mut self.partitions, slot) {
                        let told = Some(committed.offset);
                        // It may be older than a commit of this consumer's own, or news.
                        let in_doubt = partition.commit_begun && partition.committed != told;
                        partition.committed = told.filter(|_| !in_doubt);
                    }
                    self.resume_at(slot, committed.offset);
                    if let Some(partition) = slot_mut(&mut self.partitions, slot) {
                        let epoch = committed.leader_epoch.unwrap_or(-1);
                        partition.cursor.set_leader_epoch(epoch);
                    }
                }
                Ok(_) => self.on_nothing_committed(slot),
                Err(error) => {
                    let found = if error.is_retriable() {
                        OffsetFound::Retry {
                            error,
                            refresh: false,
                        }
                    } else {
                        OffsetFound::Failed(error)
                    };
                    self.on_found(now, slot, LookUp::Committed, found);
                }
            }
        }
    }

    fn on_offset(&mut self, now: Instant, ticket: u64, item: &LookUpItem, found: OffsetFound) {
        if let Some(look_up) = self.asked(item.slot, ticket) {
            self.on_found(now, item.slot, look_up, found);
        }
    }

    fn on_found(&mut self, now: Instant, slot: usize, look_up: LookUp, found: OffsetFound) {
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        partition.ticket = 0;
        match found {
            OffsetFound::At { offset, .. } => self.on_position(slot, look_up, offset),
            OffsetFound::None if matches!(look_up, LookUp::Timestamp(_)) => {
                partition.phase = Phase::Needed(LookUp::Latest);
            }
            OffsetFound::None => {
                // A log always has a start and an end.
                let error = Error::new(ErrorKind::UnexpectedResponse)
                    .with_message("the broker knows no such offset");
                let refresh = true;
                self.on_found(now, slot, look_up, OffsetFound::Retry { error, refresh });
            }
            OffsetFound::Later => partition.phase = Phase::Needed(look_up),
            OffsetFound::Retry { error, refresh } => {
                partition.phase = Phase::Needed(look_up);
                if refresh {
                    self.stale.insert(partition.name.topic.clone());
                }
                partition
                    .retry
                    .failed(now, error, &self.backoff, &self.random);
            }
            OffsetFound::Failed(error) => {
                let failure = error::at(&partition.name, error);
                partition.fail(failure, &mut self.budget);
                self.offer(slot);
            }
        }
    }

    fn on_position(&mut self, slot: usize, look_up: LookUp, found: i64) {
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        partition.retry.succeeded();
        match look_up {
            LookUp::RangeStart { offset } => {
                partition.phase = Phase::Needed(LookUp::RangeEnd {
                    offset,
                    log_start: found,
                });
            }
            LookUp::RangeEnd { offset, log_start } => {
                let failure = error::out_of_range(&partition.name, offset, (log_start, found));
                partition.fail(failure, &mut self.budget);
                self.offer(slot);
            }
            LookUp::Latest => {
                partition.end_offset = Some(found);
                self.resume_at(slot, found);
            }
            LookUp::Earliest | LookUp::Timestamp(_) | LookUp::Committed => {
                self.resume_at(slot, found);
            }
        }
    }

    fn on_nothing_committed(&mut self, slot: usize) {
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        partition.ticket = 0;
        match LookUp::by_policy(self.config.offset_reset) {
            Some(look_up) => partition.phase = Phase::Needed(look_up),
            None => {
                let group = self.config.group.as_deref().unwrap_or_default();
                let failure = error::no_committed_offset(&partition.name, group);
                partition.fail(failure, &mut self.budget);
                self.offer(slot);
            }
        }
    }

    /// Fetches from `offset` on. The position follows once everything fetched
    /// before has been handed out.
    fn resume_at(&mut self, slot: usize, offset: i64) {
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        partition.ticket = 0;
        partition.retry.succeeded();
        partition.caught_up = false;
        partition.phase = Phase::Fetching {
            next_offset: offset,
        };
        if partition.buffer.is_empty() && partition.lease.is_none() {
            partition.cursor.jump_to(offset, -1);
        } else {
            partition
                .buffer
                .push_back(Entry::Jump(offset), &mut self.budget);
            self.offer(slot);
        }
    }

    /// Every partition of the topic stops with this error.
    fn fail_topic(&mut self, name: &StrBytes, error: &Error) {
        let first = TopicPartition::new(name.clone(), i32::MIN);
        let slots: Vec<usize> = self
            .index
            .range(first..)
            .take_while(|(partition, _)| partition.topic == *name)
            .map(|(_, slot)| *slot)
            .collect();
        for slot in slots {
            if let Some(partition) = slot_mut(&mut self.partitions, slot)
                && partition.phase != Phase::Stopped
            {
                let failure = error::at(&partition.name, error.clone());
                partition.fail(failure, &mut self.budget);
                self.offer(slot);
            }
        }
    }

    /// What is being looked up for a partition, if this is the answer.
    fn asked(&mut self, slot: usize, ticket: u64) -> Option<LookUp> {
        let partition = slot_mut(&mut self.partitions, slot)?;
        match partition.phase {
            Phase::LookingUp(look_up) if partition.ticket == ticket => Some(look_up),
            _ => None,
        }
    }
}
