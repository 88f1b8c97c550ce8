//! Produce requests that are answered once all replicas in sync have what they
//! brought.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_protocol::messages::ProduceResponse;
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Alarm, Cluster, Moment};
use crate::handlers::add_leaders;
use crate::machine::Ticket;

/// Every produce request that waits. There is one at most for each connection,
/// and none for longer than its timeout.
#[derive(Debug, Default)]
pub(crate) struct DelayedProduces {
    requests: BTreeMap<Ticket, DelayedProduce>,
    waiting: BTreeMap<(StrBytes, i32), BTreeSet<Ticket>>,
}

/// A produce request that waits for its replicas.
#[derive(Debug)]
pub(crate) struct DelayedProduce {
    /// The broker that was asked.
    pub broker: i32,
    pub version: i16,
    /// The answer, as it is once everybody has everything.
    pub response: ProduceResponse,
    pub awaited: Vec<AwaitedAppend>,
}

/// What every replica in sync has to have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AwaitedAppend {
    pub topic: StrBytes,
    pub partition: i32,
    /// The end of the batch.
    pub required_offset: i64,
    /// Where the partition's answer is: its topic's place, and its own.
    pub place: (usize, usize),
}

impl Cluster {
    /// Answers `produce` when everybody has everything, or after `timeout`.
    pub(crate) fn await_acks(
        &mut self,
        ticket: Ticket,
        produce: DelayedProduce,
        timeout: Duration,
        moment: Moment,
    ) {
        for awaited in &produce.awaited {
            let place = (awaited.topic.clone(), awaited.partition);
            let waiting = self.produces.waiting.entry(place).or_default();
            waiting.insert(ticket);
        }
        let alarm = Alarm::Produce(ticket);
        self.alarms.set(alarm, Some(moment.now + timeout));
        self.produces.requests.insert(ticket, produce);
    }

    /// Something happened to a partition: answers who waited for no more.
    pub(super) fn check_acks(&mut self, topic: &str, partition: i32) {
        if self.produces.requests.is_empty() {
            return;
        }
        let place = (StrBytes::from(topic.to_owned()), partition);
        let tickets = self.produces.waiting.get(&place).cloned();
        for ticket in tickets.unwrap_or_default() {
            self.check_request(ticket);
        }
    }

    /// Something happened to many partitions.
    pub(super) fn check_all_acks(&mut self) {
        let tickets: Vec<Ticket> = self.produces.requests.keys().copied().collect();
        for ticket in tickets {
            self.check_request(ticket);
        }
    }

    /// The time of a request is over.
    pub(super) fn expire_acks(&mut self, ticket: Ticket) {
        let Some(mut produce) = self.produces.requests.remove(&ticket) else {
            return;
        };
        for awaited in std::mem::take(&mut produce.awaited) {
            self.produces.forget(&awaited.place(), ticket);
            produce.refuse(&awaited, ErrorCode::RequestTimedOut);
        }
        self.resolve(ticket, produce.response);
    }

    fn check_request(&mut self, ticket: Ticket) {
        let Some(mut produce) = self.produces.requests.remove(&ticket) else {
            return;
        };
        for settled in self.settle_acks(&mut produce) {
            self.produces.forget(&settled.place(), ticket);
        }
        if produce.awaited.is_empty() {
            self.alarms.set(Alarm::Produce(ticket), None);
            self.resolve(ticket, produce.response);
        } else {
            self.produces.requests.insert(ticket, produce);
        }
    }

    /// Takes off what is waited for no longer, and says what became of it in the
    /// answer.
    fn settle_acks(&self, produce: &mut DelayedProduce) -> Vec<AwaitedAppend> {
        let mut refused = false;
        let mut settled = Vec::new();
        for awaited in std::mem::take(&mut produce.awaited) {
            match self.acked(produce.broker, &awaited) {
                Ok(true) => settled.push(awaited),
                Ok(false) => produce.awaited.push(awaited),
                Err(code) => {
                    produce.refuse(&awaited, code);
                    settled.push(awaited);
                    refused = true;
                }
            }
        }
        if refused {
            add_leaders(self, produce.version, &mut produce.response);
        }
        settled
    }

    /// Whether all replicas in sync have it.
    fn acked(&self, broker: i32, awaited: &AwaitedAppend) -> Result<bool, ErrorCode> {
        let topic = self.topic(&awaited.topic);
        let found = topic.and_then(|topic| Some((topic, topic.partition(awaited.partition)?)));
        let (topic, partition) = found.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let partition = partition.seen_by(broker);
        if partition.leader != Some(broker) {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        if partition.high_watermark() < awaited.required_offset {
            return Ok(false);
        }
        if partition.isr.len() < topic.least_in_sync(partition) {
            return Err(ErrorCode::NotEnoughReplicasAfterAppend);
        }
        Ok(true)
    }
}

impl DelayedProduces {
    fn forget(&mut self, place: &(StrBytes, i32), ticket: Ticket) {
        if let Some(tickets) = self.waiting.get_mut(place) {
            tickets.remove(&ticket);
            if tickets.is_empty() {
                self.waiting.remove(place);
            }
        }
    }
}

impl DelayedProduce {
    /// Puts an error where the partition's answer is. What else it says stays,
    /// as in Kafka.
    fn refuse(&mut self, awaited: &AwaitedAppend, code: ErrorCode) {
        let (topic, partition) = awaited.place;
        let answer = self
            .response
            .responses
            .get_mut(topic)
            .and_then(|topic| topic.partition_responses.get_mut(partition));
        if let Some(answer) = answer {
            answer.error_code = code.code();
        }
    }
}

impl AwaitedAppend {
    fn place(&self) -> (StrBytes, i32) {
        (self.topic.clone(), self.partition)
    }
}
