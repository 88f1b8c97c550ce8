//! Records from `send` to the log of an embedded cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use kafka_net::ErrorKind;
use kafka_producer::{Acks, Idempotence, ProducerConfig, Record, RecordRef};
use kafka_protocol::ApiKey;
use kafka_protocol::records::{BatchLimits, Compression, Header};
use kafka_test_broker::{Era, TestCluster};
use support::{Rig, offsets, seconds};

fn config() -> ProducerConfig {
    ProducerConfig::default()
}

#[tokio::test(start_paused = true)]
async fn a_record_arrives_as_it_was_given() {
    let rig = Rig::with_topic(1);
    let producer = rig.producer(config());
    let record = Record::to("t")
        .key("k")
        .value("v")
        .header("h", "1")
        .null_header("n")
        .timestamp_ms(1234);
    let ack = producer.send(record).await.unwrap().await.unwrap();
    assert_eq!((ack.partition, ack.offset), (0, Some(0)));
    assert_eq!(ack.timestamp, Some(1234));
    let tombstone = Record::to("t").key("k").null_value();
    let ack = producer.send(tombstone).await.unwrap().await.unwrap();
    assert_eq!(ack.offset, Some(1));
    assert_eq!(ack.timestamp, Some(1_700_000_000_000));

    let log = rig.cluster.log("t", 0);
    let records = log[0].decompress(&BatchLimits::default()).unwrap();
    let record = records.get(0).unwrap();
    assert_eq!(record.key(), Some(&b"k"[..]));
    assert_eq!(record.value(), Some(&b"v"[..]));
    assert_eq!(record.timestamp(), 1234);
    let headers: Vec<_> = record.headers().collect();
    assert_eq!(headers[0].key, "h");
    assert_eq!(headers[0].value, Some(&b"1"[..]));
    assert_eq!((headers[1].key, headers[1].value), ("n", None));
    let records = log[1].decompress(&BatchLimits::default()).unwrap();
    assert_eq!(records.get(0).unwrap().value(), None);
}

#[tokio::test(start_paused = true)]
async fn each_codec_arrives_and_is_what_the_batch_says() {
    for codec in [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let rig = Rig::with_topic(1);
        let producer = rig.producer(config().compression(codec));
        let mut topic = producer.topic("t").await.unwrap();
        let mut deliveries = Vec::new();
        for n in 0..2000 {
            let value = format!("value {n}");
            deliveries.push(
                topic
                    .send(RecordRef::value(value.as_bytes()))
                    .await
                    .unwrap(),
            );
        }
        for (n, offset) in (0..).zip(offsets(deliveries).await) {
            assert_eq!(offset.unwrap(), Some(n));
        }
        assert!(
            rig.cluster
                .log("t", 0)
                .iter()
                .all(|b| b.compression() == codec)
        );
        let expected: Vec<_> = (0..2000).map(|n| format!("value {n}")).collect();
        assert_eq!(rig.values("t", 0), expected);
        assert_eq!(producer.metrics().buffered_bytes, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn many_records_over_brokers_and_partitions_in_order() {
    let rig = Rig::new(TestCluster::builder().brokers(3).topic("t", 6));
    let producer = rig.producer(config().batch_size(4096));
    let mut topic = producer.topic("t").await.unwrap();
    assert_eq!(topic.partition_count(), 6);
    let mut deliveries = Vec::new();
    for n in 0..20_000_u32 {
        let key = (n % 97).to_be_bytes();
        let value = format!("{n:06}");
        let record = if n % 2 == 0 {
            RecordRef::key_value(&key, value.as_bytes())
        } else {
            RecordRef::value(value.as_bytes())
        };
        deliveries.push((n, topic.send(record).await.unwrap()));
    }
    let mut acked = 0;
    for (n, delivery) in deliveries {
        let ack = delivery.await.unwrap();
        let stored = &rig.values("t", ack.partition).len();
        assert!(ack.offset.unwrap() < *stored as i64, "{n}");
        acked += 1;
        if acked > 50 {
            break;
        }
    }
    producer.flush().await.unwrap();
    let mut total = 0;
    for partition in 0..6 {
        let values = rig.values("t", partition);
        assert!(values.len() > 500, "{} in {partition}", values.len());
        assert!(values.is_sorted());
        total += values.len();
    }
    assert_eq!(total, 20_000);
    let metrics = producer.metrics();
    assert_eq!(metrics.records_acked, 20_000);
    assert_eq!(metrics.records_sent, 20_000);
    assert_eq!(metrics.records_failed, 0);
    assert_eq!(metrics.in_flight.len(), 3);
    assert!(metrics.max_in_flight() > 1, "{metrics:?}");
    assert!(metrics.max_in_flight() <= 5);
    assert_eq!(metrics.buffered_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn acks_none_and_leader() {
    for acks in [Acks::None, Acks::Leader] {
        let rig = Rig::with_topic(1);
        let producer = rig.producer(config().acks(acks));
        let mut deliveries = Vec::new();
        for n in 0..100 {
            let record = Record::to("t").value(format!("{n:03}"));
            deliveries.push(producer.send(record).await.unwrap());
        }
        let told = offsets(deliveries).await;
        assert!(told.iter().all(Result::is_ok));
        if acks == Acks::None {
            assert_eq!(told[5].as_ref().unwrap(), &None);
        } else {
            assert_eq!(told[5].as_ref().unwrap(), &Some(5));
        }
        producer.close(seconds(5)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(rig.values("t", 0).len(), 100);
        assert_eq!(rig.cluster.requests_seen(ApiKey::InitProducerId), 0);
        assert_eq!(rig.cluster.log("t", 0)[0].producer_id(), -1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_explicit_partition_and_one_that_is_not_there() {
    let rig = Rig::with_topic(3);
    let producer = rig.producer(config());
    let record = Record::to("t").value("v").partition(2);
    let ack = producer.send(record).await.unwrap().await.unwrap();
    assert_eq!(ack.partition, 2);
    let error = producer
        .send(Record::to("t").value("v").partition(3))
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidArgument);
    let text = error.to_string();
    assert!(text.contains('t') && text.contains('3'), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_call_takes_all_and_keeps_the_order() {
    let rig = Rig::with_topic(4);
    let producer = rig.producer(config().batch_size(2048));
    let mut topic = producer.topic("t").await.unwrap();
    let values: Vec<_> = (0..5000).map(|n| format!("{n:05}")).collect();
    let headers = [Header {
        key: "h",
        value: None,
    }];
    let records: Vec<_> = values
        .iter()
        .map(|value| RecordRef::value(value.as_bytes()).with_headers(&headers))
        .collect();
    let mut deliveries = Vec::new();
    topic.send_batch(&records, &mut deliveries).await.unwrap();
    assert_eq!(deliveries.len(), 5000);
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    let mut seen = Vec::new();
    for partition in 0..4 {
        let values = rig.values("t", partition);
        assert!(values.is_sorted() && !values.is_empty());
        seen.extend(values);
    }
    seen.sort();
    assert_eq!(seen, values);
}

#[tokio::test(start_paused = true)]
async fn round_robin_reaches_every_partition_evenly() {
    use kafka_router::RoundRobinPartitioner;
    let rig = Rig::with_topic(6);
    let partitioner = std::sync::Arc::new(RoundRobinPartitioner::default());
    let producer = rig.producer(config().partitioner(partitioner));
    let mut topic = producer.topic("t").await.unwrap();
    let values: Vec<_> = (0..600).map(|n| format!("{n:05}")).collect();
    for value in &values[..300] {
        let _delivery = topic
            .send(RecordRef::value(value.as_bytes()))
            .await
            .unwrap();
    }
    let rest: Vec<_> = values[300..]
        .iter()
        .map(|value| RecordRef::value(value.as_bytes()))
        .collect();
    let mut deliveries = Vec::new();
    topic.send_batch(&rest, &mut deliveries).await.unwrap();
    producer.flush().await.unwrap();
    for partition in 0..6 {
        assert_eq!(
            rig.values("t", partition).len(),
            100,
            "partition {partition}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_partitions_must_be_named_a_record_without_one_is_refused() {
    use kafka_router::ExplicitPartitioner;
    let rig = Rig::with_topic(2);
    let partitioner = std::sync::Arc::new(ExplicitPartitioner);
    let producer = rig.producer(config().partitioner(partitioner));
    let mut topic = producer.topic("t").await.unwrap();
    let refused = topic.send(RecordRef::value(b"lost")).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("the record names no partition"),
        "{refused}"
    );
    let beyond = RecordRef::value(b"far").with_partition(2);
    let refused = topic.send(beyond).await.unwrap_err();
    assert!(
        refused.to_string().contains("2 partitions (0 to 1)"),
        "{refused}"
    );
    let placed = RecordRef::value(b"x").with_partition(1);
    let _delivery = topic.send(placed).await.unwrap();
    producer.flush().await.unwrap();
    assert_eq!(rig.values("t", 1).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_lags_gets_fewer_of_the_records_without_a_key() {
    use kafka_router::{DefaultPartitioner, LeastLoadedPartitioner, Partitioner};
    use kafka_test_broker::{Condition, Fault, Reaction};
    let shares = |partitioner: std::sync::Arc<dyn Partitioner>| async move {
        let rig = Rig::with_topic(4);
        // One partition is refused for a while, and its batches pile up.
        let refusal = Reaction::Error(kafka_protocol::ErrorCode::NotEnoughReplicas);
        let lagging = Condition::api(ApiKey::Produce).topic("t").partition(2);
        rig.cluster.faults().add(Fault::new(lagging, refusal));
        let producer = rig.producer(config().batch_size(2048).partitioner(partitioner));
        let mut topic = producer.topic("t").await.unwrap();
        let mut waiting = 0;
        for n in 0..4_000_u32 {
            let delivery = topic.send(RecordRef::value(&[b'x'; 100])).await.unwrap();
            waiting += u32::from(delivery.partition() == 2);
            if n % 20 == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        rig.cluster.faults().clear();
        producer.flush().await.unwrap();
        waiting
    };
    let uniform = shares(std::sync::Arc::new(
        DefaultPartitioner::new().adaptive(false),
    ))
    .await;
    let adaptive = shares(std::sync::Arc::new(DefaultPartitioner::new())).await;
    let least = shares(std::sync::Arc::new(LeastLoadedPartitioner::new())).await;
    assert!(uniform > 600, "{uniform}");
    assert!(adaptive < uniform / 2, "{adaptive} of {uniform}");
    assert!(least < uniform / 2, "{least} of {uniform}");
}

#[tokio::test(start_paused = true)]
async fn keyless_records_use_every_partition_in_full_batches() {
    let rig = Rig::with_topic(6);
    let producer = rig.producer(config().batch_size(4096));
    let mut topic = producer.topic("t").await.unwrap();
    for n in 0..20_000_u32 {
        let _delivery = topic.send(RecordRef::value(&[b'x'; 100])).await.unwrap();
        if n % 5000 == 0 {
            tokio::task::yield_now().await;
        }
    }
    producer.flush().await.unwrap();
    let mut batches = 0;
    for partition in 0..6 {
        let log = rig.cluster.log("t", partition);
        assert!(log.len() > 20, "{} batches in {partition}", log.len());
        batches += log.len();
    }
    let per_batch = 20_000 / batches;
    assert!(per_batch > 30, "{per_batch} records a batch");
}

#[tokio::test(start_paused = true)]
async fn the_smallest_batch_size_sends_every_record_alone() {
    let rig = Rig::with_topic(1);
    let producer = rig.producer(config().batch_size(1));
    let mut topic = producer.topic("t").await.unwrap();
    for n in 0..50 {
        let value = n.to_string();
        let _delivery = topic
            .send(RecordRef::value(value.as_bytes()))
            .await
            .unwrap();
    }
    producer.flush().await.unwrap();
    assert_eq!(rig.cluster.log("t", 0).len(), 50);
    assert_eq!(producer.metrics().buffered_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn timestamps_follow_the_wall_clock() {
    let rig = Rig::with_topic(1);
    let producer = rig.producer(config());
    let first = producer.send(Record::to("t").value("a")).await.unwrap();
    assert_eq!(first.await.unwrap().timestamp, Some(1_700_000_000_000));
    rig.wall.0.store(1_700_000_009_000, Ordering::Relaxed);
    let second = producer.send(Record::to("t").value("b")).await.unwrap();
    assert_eq!(second.await.unwrap().timestamp, Some(1_700_000_009_000));
    // Also into a batch that stays open: the clock is renewed while it does.
    rig.cluster.stop_broker(1);
    let _open = producer.send(Record::to("t").value("c")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    rig.wall.0.store(1_700_000_010_000, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let late = producer.send(Record::to("t").value("d")).await.unwrap();
    rig.cluster.start_broker(1);
    assert_eq!(late.await.unwrap().timestamp, Some(1_700_000_010_000));
}

#[tokio::test(start_paused = true)]
async fn an_old_broker_gets_plain_batches_and_an_ancient_one_message_sets() {
    use kafka_protocol::VersionRange;
    let old = TestCluster::builder()
        .topic("t", 1)
        .without_api(ApiKey::InitProducerId)
        .api_versions(ApiKey::Produce, VersionRange { min: 0, max: 5 });
    let rig = Rig::new(old.clone());
    let producer = rig.producer(config());
    let ack = producer.send(Record::to("t").value("v")).await.unwrap();
    assert_eq!(ack.await.unwrap().offset, Some(0));
    assert_eq!(rig.cluster.log("t", 0)[0].producer_id(), -1);

    let rig = Rig::new(old.clone());
    let producer = rig.producer(config().idempotence(Idempotence::Required));
    let sent = producer.send(Record::to("t").value("v")).await.unwrap();
    let error = sent.await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnsupportedVersion, "{error}");
    assert!(!error.possibly_written());

    let rig = Rig::new(old);
    let producer = rig.producer(config().compression(Compression::Zstd));
    let sent = producer.send(Record::to("t").value("v")).await.unwrap();
    let error = sent.await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnsupportedVersion, "{error}");
    assert!(error.to_string().contains("Kafka 2.1"), "{error}");

    let rig = Rig::new(TestCluster::builder().topic("t", 1).era(Era::V0_10_2));
    let producer = rig.producer(config());
    let sent = Record::to("t").value("v");
    let ack = producer.send(sent).await.unwrap().await.unwrap();
    assert_eq!(ack.offset, Some(0));
    let sent = Record::to("t").value("v").header("h", "x");
    let error = producer.send(sent).await.unwrap().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnsupportedVersion, "{error}");
    assert!(error.to_string().contains("Kafka 0.11"), "{error}");
    assert!(!error.possibly_written());
}
