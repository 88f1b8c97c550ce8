//! Whether a partition can be used, by somebody who knows nothing of our client: a plain
//! socket for each partition, one request at a time.
//!
//! Every half a second the witness writes a record with acks=all to the partition's leader
//! and reads it back. While that goes on with one leader, whatever the brokers have to do
//! among themselves is done: the leader is elected and runs, followers that went away
//! have left the in-sync replicas, the high watermark moves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use kafka_protocol::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use kafka_protocol::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use kafka_protocol::records::{BatchBuilder, BatchStamp, Compression, Compressor, NewRecord};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ErrorCode, RecordBytes, Request, StrBytes, Uuid};
use kafka_sim::Promise;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::FLEETING;
use super::board::{Board, Place};
use super::fleeting::Outcome;
use super::gaps::{Leader, Tick};
use crate::BoxError;

/// A leader that takes longer for a record is not what the client is judged by.
const IN_TIME: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(500);

/// What its records begin with.
pub(super) const NAME: &str = "witness of";

/// Topics go by id, so that another incarnation is never taken for the same.
const PRODUCE: i16 = 13;
const FETCH: i16 = 13;
const METADATA: i16 = 13;

/// Watches a partition until told to stop; `brokers` are addresses to begin with.
pub(super) async fn watch(
    board: Arc<Board>,
    brokers: Vec<String>,
    place: Place,
    stop: watch::Receiver<bool>,
) {
    let (topic, partition) = place;
    let name = format!("{NAME} {topic}-{partition}");
    let id = board.with(|notes, _| notes.history.producer(&name, Promise::AtLeastOnce));
    let mut leader = None;
    for n in 0_u64.. {
        if *stop.borrow() {
            break;
        }
        let value = format!("{name} {n}");
        let from = board.now();
        if leader.is_none() {
            let broker = &brokers[n as usize % brokers.len()];
            let asked = timeout(IN_TIME, find_leader(broker, place)).await;
            leader = asked.ok().and_then(Result::ok);
        }
        if let Some((found, line)) = &mut leader {
            let lasting = topic != FLEETING;
            let send =
                lasting.then(|| board.with(|notes, now| notes.history.send(now, id, &value)));
            let served = timeout(IN_TIME, line.serve(*found, partition, &value));
            let served = served.await.map_err(BoxError::from).flatten();
            board.with(|notes, to| {
                if let Some(send) = send {
                    let offset = served.as_ref().copied().map(Some);
                    let outcome = offset.map_or(Outcome::Unknown, Outcome::Delivered);
                    notes.resolve(to, place, send, outcome);
                }
                let leader = served.is_ok().then_some(*found);
                let ticks = &mut notes.marks.entry(place).or_default().ticks;
                ticks.push(Tick { leader, from, to });
            });
            if served.is_err() {
                leader = None;
            }
        }
        sleep(PAUSE).await;
    }
}

/// Asks one broker, and connects to the leader.
async fn find_leader(broker: &str, (name, index): Place) -> Result<(Leader, Line), BoxError> {
    let request = MetadataRequest::new()
        .with_topics(Some(vec![
            MetadataRequestTopic::new().with_name(Some(name.into())),
        ]))
        .with_allow_auto_topic_creation(false);
    let answer = Line::connect(broker)
        .await?
        .call(&request, METADATA)
        .await?;
    let topic = answer.topics.first().ok_or("no topic")?;
    good(topic.error_code)?;
    let mut partitions = topic.partitions.iter();
    let partition = partitions.find(|partition| partition.partition_index == index);
    let partition = partition.ok_or("no such partition")?;
    good(partition.error_code)?;
    let brokers: BTreeMap<i32, _> = answer.brokers.iter().map(|b| (b.node_id, b)).collect();
    let leader = brokers.get(&partition.leader_id).ok_or("no leader")?;
    let line = Line::connect(&format!("{}:{}", leader.host, leader.port)).await?;
    let found = Leader {
        topic_id: topic.topic_id,
        broker: partition.leader_id,
        epoch: partition.leader_epoch,
    };
    Ok((found, line))
}

/// A connection on which one request is under way at a time.
struct Line {
    stream: TcpStream,
    correlation_id: i32,
}

impl Line {
    async fn connect(address: &str) -> Result<Self, BoxError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            correlation_id: 0,
        })
    }

    /// Writes a record and reads it; its offset.
    async fn serve(&mut self, at: Leader, index: i32, value: &str) -> Result<i64, BoxError> {
        let request = produce(at.topic_id, index, value)?;
        let written = self.call(&request, PRODUCE).await?;
        let answer = written.responses.first();
        let answer = answer.and_then(|topic| topic.partition_responses.first());
        let answer = answer.ok_or("no answer for the partition")?;
        good(answer.error_code)?;
        let partition = FetchPartition::new()
            .with_partition(index)
            .with_current_leader_epoch(at.epoch)
            .with_fetch_offset(answer.base_offset)
            .with_partition_max_bytes(1);
        let fetch = FetchRequest::new()
            .with_max_wait_ms(1_000)
            .with_min_bytes(1)
            .with_topics(vec![
                FetchTopic::new()
                    .with_topic_id(at.topic_id)
                    .with_partitions(vec![partition]),
            ]);
        let read = self.call(&fetch, FETCH).await?;
        good(read.error_code)?;
        let found = read.responses.first();
        let found = found.and_then(|topic| topic.partitions.first());
        let found = found.ok_or("no answer for the partition")?;
        good(found.error_code)?;
        match &found.records {
            Some(records) if !records.is_empty() => Ok(answer.base_offset),
            _ => Err("what was written can't be read".into()),
        }
    }

    async fn call<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, BoxError> {
        self.correlation_id += 1;
        let client_id = StrBytes::from_static("witness");
        let frame = encode_request(request, version, self.correlation_id, Some(&client_id))?;
        self.stream.write_all(&frame.into_bytes()).await?;
        let length = usize::try_from(self.stream.read_i32().await?)?;
        let mut frame = vec![0; length];
        self.stream.read_exact(&mut frame).await?;
        let (header, body) = open_response(R::KEY, version, Bytes::from(frame), Limits::default())?;
        if header.correlation_id != self.correlation_id {
            return Err("the answer to another request".into());
        }
        Ok(decode_body(body, version)?)
    }
}

fn produce(topic_id: Uuid, index: i32, value: &str) -> Result<ProduceRequest, BoxError> {
    let mut builder = BatchBuilder::new();
    builder.append(&NewRecord {
        timestamp: -1,
        key: None,
        value: Some(value.as_bytes()),
        headers: &[],
    })?;
    let batch = builder.seal(&mut Compressor::new(Compression::None)?)?;
    let records: RecordBytes = batch.to_record_bytes(&BatchStamp::default());
    let partition = PartitionProduceData::new()
        .with_index(index)
        .with_records(Some(records));
    Ok(ProduceRequest::new()
        .with_acks(-1)
        .with_timeout_ms(i32::try_from(IN_TIME.as_millis())?)
        .with_topic_data(vec![
            TopicProduceData::new()
                .with_topic_id(topic_id)
                .with_partition_data(vec![partition]),
        ]))
}

fn good(code: i16) -> Result<(), BoxError> {
    let code = ErrorCode::from(code);
    code.ok().map_err(|error| format!("{error:?}").into())
}
