//! The machine without any driver: time is a number that goes in.

use std::time::Duration;

use kafka_protocol::frame::encode_request;
use kafka_protocol::messages::fetch::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{FetchRequest, MetadataRequest, ProduceRequest};
use kafka_protocol::records::{BatchBuilder, BatchStamp, Compression, Compressor, NewRecord};
use kafka_protocol::{Request, StrBytes};

use super::*;
use crate::clock;
use crate::cluster::{NewTopic, Placement};
use crate::config::Config;
use crate::faults::{Condition, Fault, Reaction};

fn machine() -> (Machine, Instant) {
    let address = (StrBytes::from_static("127.0.0.1"), 9092);
    let mut cluster = Cluster::new(Config::new(0), [address]);
    let placement = Placement::Assigned(vec![vec![1]]);
    cluster
        .create_topic(&NewTopic::new("t", placement), false)
        .unwrap();
    cluster.take_events();
    let now = clock::now();
    (Machine::new(now, cluster), now)
}

fn frame<R: Request>(request: &R, version: i16, correlation_id: i32) -> Bytes {
    let frame = encode_request(request, version, correlation_id, None).unwrap();
    frame.into_bytes().slice(4..)
}

fn fetch(correlation_id: i32) -> Bytes {
    let partition = FetchPartition::new().with_partition_max_bytes(1_000);
    let topic = FetchTopic::new()
        .with_topic("t")
        .with_partitions(vec![partition]);
    let request = FetchRequest::new()
        .with_max_wait_ms(500)
        .with_min_bytes(1)
        .with_topics(vec![topic]);
    frame(&request, 12, correlation_id)
}

fn produce(correlation_id: i32) -> Bytes {
    let mut builder = BatchBuilder::new();
    let record = NewRecord {
        timestamp: 0,
        key: None,
        value: Some(b"v"),
        headers: &[],
    };
    builder.append(&record).unwrap();
    let batch = builder
        .seal(&mut Compressor::new(Compression::None).unwrap())
        .unwrap();
    let records = Some(batch.to_record_bytes(&BatchStamp::default()));
    let data = PartitionProduceData::new().with_records(records);
    let topic = TopicProduceData::new()
        .with_name("t")
        .with_partition_data(vec![data]);
    frame(
        &ProduceRequest::new()
            .with_acks(1)
            .with_topic_data(vec![topic]),
        9,
        correlation_id,
    )
}

/// Connections and correlation ids of the answers, 0 for a close.
fn answers(outputs: Vec<Output>) -> Vec<(ConnectionId, i32)> {
    let answers = outputs.into_iter().map(|(id, action)| match action {
        Action::Send(frame) => {
            let bytes = frame.into_bytes();
            (id, i32::from_be_bytes(*bytes[4..].first_chunk().unwrap()))
        }
        Action::Close => (id, 0),
    });
    answers.collect()
}

#[test]
fn time_comes_from_outside() {
    let (mut machine, start) = machine();
    let id = machine
        .connect(1, StrBytes::from_static("/127.0.0.1"))
        .unwrap();
    let at = |ms| start + Duration::from_millis(ms);
    assert!(machine.handle(at(0), id, fetch(1)).is_empty());
    assert_eq!(machine.next_deadline(), Some(at(500)));
    assert_eq!(machine.progress_of(id), (true, Some(at(500))));
    assert!(machine.advance(at(499)).is_empty());
    assert_eq!(answers(machine.advance(at(500))), [(id, 1)]);
    assert_eq!(
        (machine.next_deadline(), machine.progress_of(id)),
        (None, (false, None))
    );
    assert!(machine.advance(at(9_999)).is_empty());
}

#[test]
fn one_request_wakes_all_who_wait_for_it_in_order() {
    let (mut machine, now) = machine();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            machine
                .connect(1, StrBytes::from_static("/127.0.0.1"))
                .unwrap()
        })
        .collect();
    for id in waiting.iter().rev() {
        assert!(machine.handle(now, *id, fetch(7)).is_empty());
    }
    let producer = machine
        .connect(1, StrBytes::from_static("/127.0.0.1"))
        .unwrap();
    let outputs = answers(machine.handle(now, producer, produce(9)));
    assert_eq!(
        outputs,
        [
            (producer, 9),
            (waiting[0], 7),
            (waiting[1], 7),
            (waiting[2], 7)
        ]
    );
    assert_eq!(machine.next_deadline(), None);
}

#[test]
fn what_arrives_meanwhile_waits_its_turn() {
    let (mut machine, now) = machine();
    let id = machine
        .connect(1, StrBytes::from_static("/127.0.0.1"))
        .unwrap();
    assert!(machine.handle(now, id, fetch(1)).is_empty());
    for correlation_id in 2..4 {
        let request = frame(&MetadataRequest::new(), 9, correlation_id);
        assert!(machine.handle(now, id, request).is_empty());
    }
    // Its own produce request can't end its wait: it waits as well.
    assert!(machine.handle(now, id, produce(4)).is_empty());
    let later = now + Duration::from_secs(1);
    assert_eq!(
        answers(machine.advance(later)),
        [(id, 1), (id, 2), (id, 3), (id, 4)]
    );
}

#[test]
fn who_is_gone_is_not_answered() {
    let (mut machine, now) = machine();
    let id = machine
        .connect(1, StrBytes::from_static("/127.0.0.1"))
        .unwrap();
    machine.handle(now, id, fetch(1));
    machine.disconnect(id);
    assert_eq!(machine.next_deadline(), None);
    assert!(machine.handle(now, id, produce(2)).is_empty());
    let producer = machine
        .connect(1, StrBytes::from_static("/127.0.0.1"))
        .unwrap();
    assert_eq!(
        answers(machine.handle(now, producer, produce(3))),
        [(producer, 3)]
    );
}

#[test]
fn stopping_a_broker_closes_its_connections_and_takes_no_more() {
    let (mut machine, now) = machine();
    let id = machine
        .connect(1, StrBytes::from_static("/127.0.0.1"))
        .unwrap();
    machine.handle(now, id, fetch(1));
    assert_eq!(answers(machine.stop_broker(now, 1)), [(id, 0)]);
    assert_eq!(machine.next_deadline(), None);
    assert_eq!(
        machine.connect(1, StrBytes::from_static("/127.0.0.1")),
        None
    );
    assert_eq!(
        machine.connect(2, StrBytes::from_static("/127.0.0.1")),
        None
    );
    machine.change(now, |cluster, moment| cluster.start_broker(1, moment));
    assert_ne!(
        machine.connect(1, StrBytes::from_static("/127.0.0.1")),
        Some(id)
    );
}

#[test]
fn request_held_back_is_decided_once() {
    let (mut machine, now) = machine();
    let delay = Reaction::DelayBeforeApply(Duration::from_millis(10));
    let held = machine
        .faults_mut()
        .add(Fault::new(Condition::api(ApiKey::Produce), delay));
    let id = machine
        .connect(1, StrBytes::from_static("/127.0.0.1"))
        .unwrap();
    assert!(machine.handle(now, id, produce(1)).is_empty());
    let later = now + Duration::from_millis(10);
    assert_eq!(answers(machine.advance(later)), [(id, 1)]);
    assert_eq!(machine.faults().hits(held), 1);
    assert_eq!(machine.requests_seen(ApiKey::Produce), 1);
}

#[test]
fn same_calls_give_the_same_bytes() {
    let run = || {
        let (mut machine, now) = machine();
        let chance = Condition::always().probability(0.5);
        machine
            .faults_mut()
            .add(Fault::new(chance, Reaction::Garbage));
        let id = machine
            .connect(1, StrBytes::from_static("/127.0.0.1"))
            .unwrap();
        let request = |n| frame(&MetadataRequest::new(), 9, n);
        let outputs = (0..32).flat_map(|n| machine.handle(now, id, request(n)));
        let bytes = outputs.map(|(_, action)| match action {
            Action::Send(frame) => frame.into_bytes(),
            Action::Close => Bytes::new(),
        });
        bytes.collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
