//! What a fetch answer means, partition by partition. Part
//! of the pure state machine.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_net::{Error, ErrorKind};
use kafka_protocol::ErrorCode;
use kafka_protocol::messages::FetchResponse;
use kafka_protocol::messages::fetch::PartitionData;
use kafka_protocol::records::{BatchLimits, RecordBatch};

use super::flight::{Flight, FlightItem, TopicKey, Wanted};
use super::{Broker, READ_REPLICA_LEASE, Subscription, slot_mut};
use crate::buffer::Entry;
use crate::config::{IsolationLevel, OffsetReset};
use crate::decode::{AbortedTransactions, Chunk};
use crate::error;
use crate::fetch::{Verdict, verdict};
use crate::position::{LookUp, Phase};
use crate::walk::{End, Walk};

/// What came of a fetch.
#[derive(Debug)]
pub(crate) struct FetchAnswer {
    pub(crate) broker: i32,
    pub(crate) ticket: u64,
    /// With the version in which it was answered.
    pub(crate) result: Result<(FetchResponse, i16), Error>,
}

/// The first version whose broker answers first and then expects a pause; before,
/// it waited itself (KIP-219).
const THROTTLED_BY_CLIENT: i16 = 8;

impl Subscription {
    pub(crate) fn on_fetched(&mut self, now: Instant, answer: FetchAnswer) {
        let FetchAnswer {
            broker: id,
            ticket,
            result,
        } = answer;
        let Some(broker) = self.brokers.get_mut(&id) else {
            return;
        };
        let Some(flight) = broker.flight.take_if(|flight| flight.ticket == ticket) else {
            return;
        };
        self.budget.release(id, flight.reserved);
        match result.and_then(|(response, version)| {
            top_level(&response)?;
            Ok((response, version))
        }) {
            Ok((response, version)) => {
                self.on_response(now, id, &flight, response, version);
            }
            Err(error) => self.on_fetch_failed(now, id, &flight, error),
        }
        for item in flight.items {
            if let Some(partition) = slot_mut(&mut self.partitions, item.slot)
                && partition.ticket == ticket
            {
                partition.ticket = 0;
            }
        }
    }

    fn on_fetch_failed(&mut self, now: Instant, id: i32, flight: &Flight, error: Error) {
        tracing::debug!(broker = id, %error, "a fetch failed");
        self.counters.fetch_failures += 1;
        for item in &flight.items {
            self.stale.insert(item.topic.clone());
            // A follower that does not answer is given up for the leader.
            if let Some(partition) = slot_mut(&mut self.partitions, item.slot)
                && partition.ticket == flight.ticket
            {
                partition.read_replica = None;
            }
        }
        let Some(broker) = self.brokers.get_mut(&id) else {
            return;
        };
        if broker.gives_up(&error) {
            for item in &flight.items {
                self.give_up(item.slot, flight.ticket, &error);
            }
        }
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.retry.failed(now, error, &self.backoff, &self.random);
        }
    }

    /// A request about this partition failed for good.
    pub(super) fn give_up(&mut self, slot: usize, ticket: u64, error: &Error) {
        if let Some(partition) = slot_mut(&mut self.partitions, slot)
            && partition.ticket == ticket
        {
            let failure = error::at(&partition.name, error.clone());
            partition.fail(failure, &mut self.budget);
        }
        self.offer(slot);
    }

    fn on_response(
        &mut self,
        now: Instant,
        id: i32,
        flight: &Flight,
        response: FetchResponse,
        version: i16,
    ) {
        let throttle = Duration::from_millis(u64::try_from(response.throttle_time_ms).unwrap_or(0))
            .min(self.config.request_timeout);
        let frame = frame_bytes(&response);
        self.counters.fetched_bytes += frame as u64;
        let mut wanted = Wanted::new(flight);
        let mut rotor = None;
        for topic in response.responses {
            let key = TopicKey::of(&topic);
            for data in topic.partitions {
                let Some(item) = wanted.take(&key, data.partition_index) else {
                    continue;
                };
                let slot = item.slot;
                let current = slot_mut(&mut self.partitions, slot)
                    .is_some_and(|partition| partition.ticket == flight.ticket);
                if current && self.on_partition(now, id, item, data, frame) {
                    rotor = Some(slot + 1);
                }
            }
        }
        // A broker that throttles sends an empty answer.
        if response.throttle_time_ms <= 0 {
            for item in wanted.left_out() {
                let current = slot_mut(&mut self.partitions, item.slot)
                    .is_some_and(|partition| partition.ticket == flight.ticket);
                if current {
                    let error = Error::new(ErrorKind::UnexpectedResponse)
                        .with_message("the broker's answer leaves the partition out");
                    self.again(now, item, error, true);
                }
            }
        }
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.answered(now, flight.waits, rotor.is_none());
            broker.rotor = rotor.unwrap_or(broker.rotor);
            broker.throttled_until =
                (version >= THROTTLED_BY_CLIENT && !throttle.is_zero()).then(|| now + throttle);
        }
    }

    /// Returns whether there was data.
    fn on_partition(
        &mut self,
        now: Instant,
        broker: i32,
        item: &FlightItem,
        data: PartitionData,
        frame: usize,
    ) -> bool {
        let code = ErrorCode::from(data.error_code);
        match verdict(code) {
            Verdict::Records => return self.on_records(now, broker, item, data, frame),
            Verdict::Retry => self.again(now, item, Error::broker(code), false),
            // Unless who leads instead came with the refusal, and the metadata has it.
            Verdict::RefreshAndRetry => {
                let refresh = data.current_leader.leader_id < 0;
                self.again(now, item, Error::broker(code), refresh);
            }
            Verdict::OutOfRange => self.on_out_of_range(now, broker, item),
            Verdict::Stop => {
                if let Some(partition) = slot_mut(&mut self.partitions, item.slot) {
                    let failure = error::refused(&partition.name, code, Some(item.offset));
                    partition.fail(failure, &mut self.budget);
                }
                self.offer(item.slot);
            }
        }
        false
    }

    fn on_records(
        &mut self,
        now: Instant,
        broker: i32,
        item: &FlightItem,
        data: PartitionData,
        frame: usize,
    ) -> bool {
        let Some(partition) = slot_mut(&mut self.partitions, item.slot) else {
            return false;
        };
        let end_offset = match self.config.isolation {
            IsolationLevel::ReadCommitted if data.last_stable_offset >= 0 => {
                data.last_stable_offset
            }
            _ => data.high_watermark,
        };
        partition.end_offset = (end_offset >= 0).then_some(end_offset);
        partition.caught_up = true;
        let bytes = data.records.map(|records| records.into_bytes());
        let bytes = bytes.unwrap_or_default();
        if bytes.is_empty() {
            if data.preferred_read_replica >= 0 && data.preferred_read_replica != broker {
                self.redirect(now, item, data.preferred_read_replica);
            } else {
                partition.retry.succeeded();
            }
            return false;
        }
        let walk = Walk::over(&bytes);
        let Some(next_offset) = walk.next_offset else {
            match walk.end {
                End::Partial(len) => self.on_cut_batch(now, item, len),
                End::Nothing | End::Malformed => self.on_malformed(item, &bytes),
            }
            return false;
        };
        if next_offset <= item.offset {
            // Nothing in it was asked for. Not even a broker that means well makes
            // progress this way.
            let error = Error::new(ErrorKind::UnexpectedResponse)
                .with_message("the broker sent records before the offset asked for");
            self.again(now, item, error, true);
            return false;
        }
        let mut bytes = bytes;
        bytes.truncate(walk.complete);
        let aborted = data.aborted_transactions.unwrap_or_default();
        let chunk = Chunk {
            data: bytes,
            broker,
            from: item.offset,
            next_offset,
            high_watermark: data.high_watermark,
            frame,
            aborted: AbortedTransactions::new(
                aborted
                    .iter()
                    .map(|aborted| (aborted.producer_id, aborted.first_offset)),
            ),
        };
        partition.phase = Phase::Fetching { next_offset };
        partition.fetch_bytes = self.config.partition_fetch_bytes;
        partition.caught_up = false;
        partition.retry.succeeded();
        partition
            .buffer
            .push_back(Entry::Chunk(chunk), &mut self.budget);
        self.shelve(item.slot);
        self.offer(item.slot);
        true
    }

    /// Not even the first batch came whole, as from brokers before 0.10.1 (KIP-74):
    /// the next fetch asks for more.
    fn on_cut_batch(&mut self, now: Instant, item: &FlightItem, len: Option<usize>) {
        let Some(partition) = slot_mut(&mut self.partitions, item.slot) else {
            return;
        };
        let asked = partition.fetch_bytes;
        let needed = len
            .unwrap_or(asked.saturating_mul(2))
            .min(i32::MAX as usize);
        if needed > asked {
            partition.fetch_bytes = needed;
            partition.caught_up = false;
            partition.retry.succeeded();
        } else {
            let error = Error::new(ErrorKind::UnexpectedResponse).with_message(format!(
                "the broker sent only a part of a batch, although {asked} bytes were asked for"
            ));
            self.again(now, item, error, false);
        }
    }

    /// What came is no batch.
    fn on_malformed(&mut self, item: &FlightItem, bytes: &Bytes) {
        if let Some(partition) = slot_mut(&mut self.partitions, item.slot) {
            let error = error::corrupt(&partition.name, item.offset, None);
            let error = match RecordBatch::parse(&mut bytes.clone(), &BatchLimits::DEFAULT) {
                Err(cause) => error.with_source(cause),
                Ok(_) => error,
            };
            partition.fail(error, &mut self.budget);
        }
        self.offer(item.slot);
    }

    /// The leader wants this partition fetched from a follower (KIP-392).
    fn redirect(&mut self, now: Instant, item: &FlightItem, replica: i32) {
        if !self.live_brokers.contains(&replica) {
            let error = Error::new(ErrorKind::UnexpectedResponse).with_message(format!(
                "the leader named broker {replica} to fetch from, which the metadata does not have"
            ));
            return self.again(now, item, error, true);
        }
        if let Some(partition) = slot_mut(&mut self.partitions, item.slot) {
            partition.read_replica = Some((replica, now + READ_REPLICA_LEASE));
            partition.caught_up = false;
            partition.retry.succeeded();
        }
    }

    fn on_out_of_range(&mut self, now: Instant, broker: i32, item: &FlightItem) {
        let Some(partition) = slot_mut(&mut self.partitions, item.slot) else {
            return;
        };
        if partition.read_replica.is_some() && partition.leader != Some(broker) {
            // A follower may be behind; the leader knows.
            return self.again(now, item, Error::broker(ErrorCode::OffsetOutOfRange), false);
        }
        let offset = item.offset;
        let policy = self.config.offset_reset;
        if policy != OffsetReset::Fail {
            tracing::warn!(
                partition = %partition.name, offset, ?policy,
                "the offset is not in the log; the position is reset"
            );
        }
        let look_up = LookUp::by_policy(policy).unwrap_or(LookUp::RangeStart { offset });
        partition.phase = Phase::Needed(look_up);
        partition.ticket = 0;
    }

    /// The partition is asked for again after a while.
    fn again(&mut self, now: Instant, item: &FlightItem, error: Error, refresh: bool) {
        if refresh {
            self.stale.insert(item.topic.clone());
        }
        if let Some(partition) = slot_mut(&mut self.partitions, item.slot) {
            tracing::debug!(partition = %partition.name, %error, "fetch again later");
            partition.read_replica = None;
            partition
                .retry
                .failed(now, error, &self.backoff, &self.random);
        }
    }
}

/// How often an answer that makes no sense is asked for again, or a connection that is not
/// trusted is made again: certificates are exchanged one file, and one broker, after another.
const SENSELESS_TRIES: u32 = 3;

impl Broker {
    /// Whether asking this broker again is no use.
    pub(super) fn gives_up(&self, error: &Error) -> bool {
        match error.kind() {
            // Of a whole answer; Kafka's own client asks again, too.
            ErrorKind::Broker(_) => false,
            ErrorKind::Malformed
            | ErrorKind::FrameTooLarge
            | ErrorKind::UnexpectedResponse
            | ErrorKind::Tls => self.retry.failures() >= SENSELESS_TRIES,
            _ => !error.is_retriable(),
        }
    }
}

/// The error of the request as a whole.
fn top_level(response: &FetchResponse) -> Result<(), Error> {
    match ErrorCode::from(response.error_code) {
        ErrorCode::None => Ok(()),
        code => Err(Error::broker(code)),
    }
}

fn frame_bytes(response: &FetchResponse) -> usize {
    let topics = response.responses.iter();
    let partitions = topics.flat_map(|topic| &topic.partitions);
    partitions
        .filter_map(|partition| partition.records.as_ref())
        .map(|records| records.len())
        .sum()
}
