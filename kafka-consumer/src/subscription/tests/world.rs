//! A subscription, a cluster for it to see, and a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_net::{Error, Random, clock};
use kafka_protocol::messages::fetch::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use kafka_protocol::{ErrorCode, RecordBytes, Uuid};

use super::super::*;
use crate::assignment::Assignment;
use crate::batch::Batch;
use crate::decode::{Decoded, Decoder};

pub(super) struct World {
    pub(super) now: Instant,
    pub(super) state: Subscription,
    decoder: Decoder,
    cluster: Map,
    /// When the plan wants to be made again.
    pub(super) wake_at: Option<Instant>,
}

#[derive(Default)]
struct Map {
    leaders: BTreeMap<TopicPartition, Leadership>,
    brokers: BTreeSet<i32>,
}

impl ClusterView for Map {
    fn leadership(&self, partition: &TopicPartition) -> Leadership {
        if let Some(known) = self.leaders.get(partition) {
            return *known;
        }
        let topic = self.leaders.keys().any(|p| p.topic == partition.topic);
        if topic {
            Leadership::NoPartition
        } else {
            Leadership::NoTopic
        }
    }

    fn broker_ids(&self) -> BTreeSet<i32> {
        self.brokers.clone()
    }
}

impl World {
    pub(super) fn new(config: ConsumerConfig) -> Self {
        config.validate().unwrap();
        let config = Arc::new(config);
        Self {
            now: clock::now(),
            decoder: Decoder::new(&config),
            state: Subscription::new(config, Random::from_seed(1)),
            cluster: Map::default(),
            wake_at: None,
        }
    }

    /// From the next metadata on, `broker` leads the partition.
    pub(super) fn lead(&mut self, topic: &str, partition: i32, broker: i32) {
        self.place(topic, partition, Some(broker), id_of(topic));
    }

    pub(super) fn place(
        &mut self,
        topic: &str,
        partition: i32,
        leader: Option<i32>,
        topic_id: Uuid,
    ) {
        self.cluster.brokers.extend(leader);
        let known = Leadership::Known {
            topic_id,
            leader,
            leader_epoch: 3,
        };
        let partition = TopicPartition::new(topic, partition);
        self.cluster.leaders.insert(partition, known);
    }

    pub(super) fn add_broker(&mut self, broker: i32) {
        self.cluster.brokers.insert(broker);
    }

    pub(super) fn assign(&mut self, assignments: impl IntoIterator<Item = Assignment>) {
        self.state
            .assign(assignments.into_iter().collect())
            .unwrap();
    }

    /// The metadata arrives.
    pub(super) fn refresh(&mut self) {
        self.state.on_cluster(&self.cluster);
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// What is sent now. The metadata is always at hand.
    pub(super) fn plan(&mut self) -> Vec<Ask> {
        if self.state.is_unplaced() {
            self.refresh();
        }
        let mut asks = Vec::new();
        self.wake_at = self.state.plan(self.now, &mut asks);
        asks
    }

    /// What is sent now, which is fetches only.
    pub(super) fn fetches(&mut self) -> Vec<FetchAsk> {
        let asks = self.plan().into_iter().map(|ask| match ask {
            Ask::Fetch(ask) => ask,
            other => panic!("not a fetch: {other:?}"),
        });
        asks.collect()
    }

    /// What is sent now, which is one fetch.
    pub(super) fn fetch(&mut self) -> FetchAsk {
        let mut fetches = self.fetches();
        assert_eq!(fetches.len(), 1, "{fetches:?}");
        fetches.remove(0)
    }

    /// What is sent now, which is one question for offsets.
    pub(super) fn offsets_ask(&mut self) -> OffsetsAsk {
        let mut asks = self.plan();
        assert_eq!(asks.len(), 1, "{asks:?}");
        match asks.remove(0) {
            Ask::Offsets(ask) => ask,
            other => panic!("no question for offsets: {other:?}"),
        }
    }

    /// Fetches fail or bring what `answer` gives for each partition asked for.
    pub(super) fn answer(
        &mut self,
        ask: &FetchAsk,
        mut answer: impl FnMut(&str, i32, i64) -> PartitionData,
    ) {
        let mut response = FetchResponse::new();
        for topic in &ask.request.topics {
            let mut answered = FetchableTopicResponse::new();
            answered.topic_id = topic.topic_id;
            if ask.max_version.is_some() {
                answered.topic = topic.topic.clone();
            }
            for partition in &topic.partitions {
                let mut data = answer(&topic.topic, partition.partition, partition.fetch_offset);
                data.partition_index = partition.partition;
                answered.partitions.push(data);
            }
            response.responses.push(answered);
        }
        self.respond(ask, Ok(response));
    }

    pub(super) fn respond(&mut self, ask: &FetchAsk, response: Result<FetchResponse, Error>) {
        let answer = FetchAnswer {
            broker: ask.broker,
            ticket: ask.ticket,
            result: response.map(|response| (response, 18)),
        };
        self.state.on_fetched(self.now, answer);
    }

    /// One thing handed out, as the caller would get it.
    pub(super) fn next(&mut self) -> Option<Result<Batch, Error>> {
        loop {
            let (mut lease, decoded) = match self.state.take() {
                Taken::Nothing => return None,
                Taken::Error(error) => return Some(Err(error)),
                Taken::Batch(lease, batch) => (lease, Some(Decoded::Batch(batch))),
                Taken::Chunk(lease) => (lease, None),
            };
            let decoded = decoded.unwrap_or_else(|| self.decode(&mut lease));
            match self.state.settle(lease, decoded) {
                Settled::Batch(batch) => return Some(Ok(batch)),
                Settled::Error(error) => return Some(Err(error)),
                Settled::Nothing => {}
            }
        }
    }

    pub(super) fn decode(&self, lease: &mut Lease) -> Decoded {
        let partition = lease.partition.clone();
        self.decoder.next(&partition, lease.chunk.as_mut().unwrap())
    }

    /// Takes until there is nothing; (partition, offset) of every record.
    pub(super) fn drain(&mut self) -> Vec<(i32, i64)> {
        let mut seen = Vec::new();
        while let Some(next) = self.next() {
            let batch = next.unwrap();
            seen.extend(batch.records().map(|r| (batch.partition(), r.offset())));
        }
        seen
    }

    pub(super) fn position(&self, partition: i32) -> Option<i64> {
        self.state.position(&TopicPartition::new("t", partition))
    }

    pub(super) fn seek(&mut self, partition: i32, start: Start) {
        let partition = TopicPartition::new("t", partition);
        self.state.seek(&partition, start).unwrap();
    }
}

pub(super) fn id_of(topic: &str) -> Uuid {
    let mut id = [9; 16];
    for (byte, name) in id.iter_mut().zip(topic.bytes()) {
        *byte = name;
    }
    Uuid::from_bytes(id)
}

/// (topic, partition, offset) in the order of the request.
pub(super) fn asked(request: &FetchRequest) -> Vec<(String, i32, i64)> {
    let topics = request.topics.iter();
    topics
        .flat_map(|topic| {
            topic.partitions.iter().map(|partition| {
                (
                    topic.topic.to_string(),
                    partition.partition,
                    partition.fetch_offset,
                )
            })
        })
        .collect()
}

pub(super) fn records(bytes: Bytes) -> PartitionData {
    let mut data = PartitionData::new();
    data.high_watermark = 1_000;
    data.last_stable_offset = 1_000;
    data.records = Some(RecordBytes::from(bytes));
    data
}

pub(super) fn none() -> PartitionData {
    let mut data = PartitionData::new();
    data.high_watermark = 0;
    data
}

pub(super) fn failed(code: ErrorCode) -> PartitionData {
    let mut data = PartitionData::new();
    data.error_code = code.code();
    data.high_watermark = -1;
    data
}
