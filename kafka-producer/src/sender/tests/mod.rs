//! The sender as a dialogue with a cluster, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests, which clippy does not see behind the second condition"
)]

mod dialogues;
mod model;
mod old_leaders;
mod remembered;
mod timing;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_net::{Error, Random};
use kafka_protocol::records::{BatchLimits, Compression, Compressor, NewRecord, RecordBatch};
use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use crate::building::size_bound;
use crate::config::ProducerConfig;
use crate::delivery::{Ack, Delivery};
use crate::idempotence::Identity;
use crate::inbox::Inbox;
use crate::leader::Leader;
use crate::memory::Memory;
use crate::queue::{Append, Partition, PartitionQueue};

use super::dispatch::Dispatch;
use super::{Draft, Effects, PartAnswer, Sealed, Sender, Step};

/// A topic `t` with partitions of which each has a leader, and a sender.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) started: Instant,
    pub(super) sender: Sender,
    pub(super) memory: Arc<Memory>,
    pub(super) partitions: Vec<Arc<Partition>>,
    inboxes: BTreeMap<i32, Arc<Inbox>>,
    main: Arc<Inbox>,
    epochs: Vec<i32>,
    pub(super) refreshed: Vec<String>,
    pub(super) warned: bool,
    /// How many of a partition's batches the brokers know again.
    pub(super) remembers: usize,
    /// What every broker can take.
    pub(super) leader: Leader,
}

/// A request as a broker gets it.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) id: u64,
    pub(super) parts: Vec<SentPart>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct SentPart {
    pub(super) partition: i32,
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
    pub(super) sequence: i32,
    pub(super) values: Vec<String>,
    pub(super) bytes: usize,
}

/// How a delivery stands.
#[derive(Debug, PartialEq)]
pub(super) enum Stands {
    Pending,
    At(Option<i64>),
    Failed { possibly_written: bool },
}

pub(super) const ID: Uuid = Uuid::from_bytes([7; 16]);
pub(super) const MS: Duration = Duration::from_millis(1);

impl World {
    /// Partition `p` is led by broker `leaders[p]`, which has had one record of
    /// it; the identity is known.
    pub(super) fn new(config: ProducerConfig, leaders: &[i32]) -> Self {
        let mut world = Self::fresh(config, leaders);
        for (partition, leader) in (0..).zip(leaders) {
            let _first = world.send_batch(partition, &["first"]);
            world.pass(Duration::from_secs(1));
            let request = world.request(*leader);
            world.ack(&request, 0);
        }
        world.pass(Duration::from_secs(1));
        world
    }

    /// The same without any record.
    pub(super) fn fresh(config: ProducerConfig, leaders: &[i32]) -> Self {
        let mut world = Self::unidentified(config, leaders);
        world.identify(1, 0);
        world
    }

    pub(super) fn unidentified(config: ProducerConfig, leaders: &[i32]) -> Self {
        config.validate().unwrap();
        let memory = Arc::new(Memory::new(config.buffer_memory.limit()));
        let mut world = Self {
            now: kafka_net::clock::now(),
            started: kafka_net::clock::now(),
            sender: Sender::new(&config, Random::from_seed(1)),
            memory,
            partitions: Vec::new(),
            inboxes: BTreeMap::new(),
            main: Arc::default(),
            epochs: Vec::new(),
            refreshed: Vec::new(),
            warned: false,
            remembers: crate::leader::USUALLY_REMEMBERED,
            leader: Leader::speaking(13),
        };
        for (index, leader) in (0..).zip(leaders) {
            let queue = PartitionQueue::new(
                index,
                ID,
                config.effective_batch_size(),
                world.memory.clone(),
                world.main.clone(),
            );
            let key = world.sender.next_key();
            let topic = StrBytes::from_static("t");
            let partition = Arc::new(Partition::new(key, topic, index, queue));
            world.partitions.push(partition.clone());
            world.epochs.push(0);
            world.sender.add(partition, ID);
            world.lead(index, Some(*leader));
        }
        world
    }

    pub(super) fn identify(&mut self, id: i64, epoch: i16) {
        if self.sender.ask_at(self.now).is_some() {
            self.sender.asking();
            self.sender
                .on_identity(self.now, Ok(Identity { id, epoch }));
        }
        self.perform();
    }

    pub(super) fn lead(&mut self, partition: i32, leader: Option<i32>) {
        let at = partition as usize;
        self.epochs[at] += 1;
        let inbox = match leader {
            Some(leader) => self.inboxes.entry(leader).or_default().clone(),
            None => self.main.clone(),
        };
        self.sender
            .lead(self.now, at as u32, leader, self.epochs[at], &inbox);
        self.perform();
    }

    pub(super) fn try_send(&mut self, partition: i32, value: &str) -> Option<Delivery> {
        let record = NewRecord {
            timestamp: 1000,
            value: Some(value.as_bytes()),
            ..NewRecord::default()
        };
        let shared = self.partitions[partition as usize].clone();
        let appended = shared
            .queue()
            .append(&record, size_bound(&record), true, None);
        match appended {
            Append::Done {
                completion,
                index,
                edge,
            } => {
                shared.tell(edge);
                Some(Delivery::new(completion, index, 1000))
            }
            Append::NoRoom { edge, .. } => {
                shared.tell(edge);
                None
            }
            Append::WouldOpen { .. } | Append::Refused(_) => None,
        }
    }

    pub(super) fn send(&mut self, partition: i32, value: &str) -> Delivery {
        self.try_send(partition, value).unwrap()
    }

    /// A batch of its own: closed right away.
    pub(super) fn send_batch(&mut self, partition: i32, values: &[&str]) -> Vec<Delivery> {
        let deliveries = values.iter().map(|v| self.send(partition, v)).collect();
        let shared = self.partitions[partition as usize].clone();
        let edge = shared.queue().flush();
        shared.tell(edge);
        deliveries
    }

    /// What the broker's task does next, with a connection.
    pub(super) fn step(&mut self, broker: i32) -> Step {
        let mut keys = Vec::new();
        if let Some(inbox) = self.inboxes.get(&broker) {
            inbox.take(&mut keys);
        }
        self.main.take(&mut keys);
        self.sender.on_edges(self.now, &keys);
        let short = self.memory.is_short();
        let step = self
            .sender
            .poll(self.now, broker, Some(self.remembers), short);
        self.perform();
        step
    }

    /// The next request to the broker, if there is one now.
    pub(super) fn next(&mut self, broker: i32) -> Option<Sent> {
        let Step::Seal(drafts) = self.step(broker) else {
            return None;
        };
        self.dispatch(broker, drafts)
    }

    /// Seals and sends what [`step`](Self::step) gave.
    pub(super) fn dispatch(&mut self, broker: i32, drafts: Vec<Draft>) -> Option<Sent> {
        let mut compressor = Compressor::new(Compression::None).unwrap();
        let sealed = drafts
            .into_iter()
            .map(|draft| Sealed {
                partition: draft.partition,
                batch: draft.batch,
                content: self.leader.fit(draft.content, &mut compressor),
            })
            .collect();
        let dispatch = self.sender.dispatch(self.now, broker, sealed);
        self.perform();
        dispatch.map(sent)
    }

    /// As [`next`](Self::next), which must be there.
    #[track_caller]
    pub(super) fn request(&mut self, broker: i32) -> Sent {
        self.next(broker).expect("a request")
    }

    pub(super) fn answer(&mut self, request: &Sent, answers: &[(ErrorCode, i64)]) {
        let answers = answers
            .iter()
            .map(|(code, offset)| Some(part_answer(*code, *offset)))
            .collect();
        self.sender
            .on_answer(self.now, request.id, answers, Duration::ZERO);
        self.perform();
    }

    /// The broker refuses the only part and says who leads instead, which the
    /// metadata has by now.
    pub(super) fn redirect(&mut self, request: &Sent) {
        let mut answer = part_answer(ErrorCode::NotLeaderOrFollower, -1);
        answer.leader_known = true;
        self.sender
            .on_answer(self.now, request.id, vec![Some(answer)], Duration::ZERO);
        self.perform();
    }

    /// All parts are written, from this offset on.
    pub(super) fn ack(&mut self, request: &Sent, offset: i64) {
        let answers: Vec<_> = request
            .parts
            .iter()
            .map(|_| (ErrorCode::None, offset))
            .collect();
        self.answer(request, &answers);
    }

    pub(super) fn fail(&mut self, request: &Sent, error: Error) {
        self.sender.on_failure(self.now, request.id, &error);
        self.perform();
    }

    /// The connection is lost after the request was written.
    pub(super) fn lose(&mut self, request: &Sent) {
        let error = Error::new(kafka_net::ErrorKind::Disconnected).with_possibly_written(true);
        self.fail(request, error);
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.sender.expire(self.now);
        self.perform();
    }

    pub(super) fn perform(&mut self) {
        let effects: Effects = self.sender.take_effects();
        for finished in effects.finished {
            finished.tell();
        }
        self.refreshed
            .extend(effects.refresh.iter().map(|topic| topic.to_string()));
        self.warned |= effects.warning.is_some();
    }
}

pub(super) fn part_answer(code: ErrorCode, base_offset: i64) -> PartAnswer {
    PartAnswer {
        code,
        base_offset,
        log_append_ms: -1,
        message: None,
        leader_known: false,
    }
}

fn sent(dispatch: Dispatch) -> Sent {
    let parts = dispatch
        .parts
        .iter()
        .map(|part| {
            assert_eq!(part.topic_id, ID);
            let mut bytes: Bytes = part.records.clone().into_bytes();
            let len = bytes.len();
            let limits = BatchLimits::default();
            let batch = RecordBatch::parse(&mut bytes, &limits).unwrap().unwrap();
            assert!(bytes.is_empty(), "one batch per partition");
            let records = batch.decompress(&limits).unwrap();
            SentPart {
                partition: part.partition,
                producer_id: batch.producer_id(),
                epoch: batch.producer_epoch(),
                sequence: batch.base_sequence(),
                values: records
                    .into_iter()
                    .map(|r| String::from_utf8(r.value().unwrap().to_vec()).unwrap())
                    .collect(),
                bytes: len,
            }
        })
        .collect();
    Sent {
        id: dispatch.request,
        parts,
    }
}

pub(super) fn poll(delivery: &mut Delivery) -> Poll<Result<Ack, Error>> {
    Pin::new(delivery).poll(&mut Context::from_waker(Waker::noop()))
}

pub(super) fn stands(delivery: &mut Delivery) -> Stands {
    match poll(delivery) {
        Poll::Pending => Stands::Pending,
        Poll::Ready(Ok(ack)) => Stands::At(ack.offset),
        Poll::Ready(Err(error)) => Stands::Failed {
            possibly_written: error.possibly_written(),
        },
    }
}

pub(super) const UNKNOWN: Stands = Stands::Failed {
    possibly_written: true,
};
pub(super) const NOT_WRITTEN: Stands = Stands::Failed {
    possibly_written: false,
};
