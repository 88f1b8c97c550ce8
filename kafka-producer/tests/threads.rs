//! Many threads at once, over TCP, while answers get lost and leaders move.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_net::Environment;
use kafka_producer::{Producer, ProducerConfig, Record, RecordRef};
use kafka_protocol::ApiKey;
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};
use support::{router, seconds, values};

const THREADS: u32 = 4;
const RECORDS: u32 = 20_000;
const PARTITIONS: i32 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_threads_records_arrive_once_and_in_order() {
    let cluster = TestCluster::builder()
        .brokers(3)
        .topic("t", PARTITIONS)
        .start()
        .await
        .unwrap();
    let lost = cluster.faults().add(Fault::new(
        Condition::api(ApiKey::Produce).every(20),
        Reaction::DropAfterApply,
    ));
    let config = ProducerConfig::default()
        .batch_size(4096)
        // Small enough that senders wait for room.
        .buffer_memory(256 * 1024);
    let router = router(&cluster, Environment::system().unwrap());
    let producer = Producer::new(config, router).unwrap();
    let mover = tokio::spawn({
        let cluster = cluster.clone();
        async move {
            for n in 0.. {
                tokio::time::sleep(Duration::from_millis(20)).await;
                cluster.move_leader("t", n % PARTITIONS, 1 + n % 3);
            }
        }
    });
    let mut threads = Vec::new();
    for thread in 0..THREADS {
        let producer = producer.clone();
        threads.push(tokio::spawn(async move {
            let mut topic = producer.topic("t").await.unwrap();
            let mut deliveries = Vec::new();
            for n in 0..RECORDS {
                let value = format!("{thread}-{n:06}");
                let delivery = if n % 10 == 0 {
                    producer.send(Record::to("t").value(value)).await
                } else {
                    topic.send(RecordRef::value(value.as_bytes())).await
                };
                deliveries.push(delivery.unwrap());
                if n % 5000 == 0 {
                    producer.flush().await.unwrap();
                }
            }
            for delivery in deliveries {
                delivery.await.unwrap();
            }
        }));
    }
    for thread in threads {
        thread.await.unwrap();
    }
    mover.abort();
    producer.close(seconds(30)).await.unwrap();

    assert!(cluster.faults().hits(lost) >= 5);
    let metrics = producer.metrics();
    assert_eq!(metrics.records_acked, u64::from(THREADS * RECORDS));
    assert_eq!(metrics.buffered_bytes, 0);
    let mut total = 0;
    for partition in 0..PARTITIONS {
        // The two handles of a thread may meet on a partition, each in order.
        let mut last: BTreeMap<(String, bool), u32> = BTreeMap::new();
        for value in values(&cluster, "t", partition) {
            let (thread, n) = value.split_once('-').unwrap();
            let n: u32 = n.parse().unwrap();
            let before = last.insert((thread.to_owned(), n.is_multiple_of(10)), n);
            assert!(before < Some(n), "{thread}: {n} after {before:?}");
            total += 1;
        }
    }
    assert_eq!(total, THREADS * RECORDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_close_amid_sending_loses_nothing_that_was_accepted() {
    for round in 0..20 {
        let cluster = TestCluster::builder().topic("t", 2).start().await.unwrap();
        let router = router(&cluster, Environment::system().unwrap());
        let producer = Producer::new(ProducerConfig::default(), router).unwrap();
        let mut threads = Vec::new();
        for _ in 0..3 {
            let producer = producer.clone();
            threads.push(tokio::spawn(async move {
                let mut accepted = 0_u64;
                let Ok(mut topic) = producer.topic("t").await else {
                    return 0;
                };
                let mut deliveries = Vec::new();
                while let Ok(delivery) = topic.send(RecordRef::value(b"v")).await {
                    accepted += 1;
                    if deliveries.len() < 1000 {
                        deliveries.push(delivery);
                    }
                    tokio::task::yield_now().await;
                }
                for delivery in deliveries {
                    delivery.await.unwrap();
                }
                accepted
            }));
        }
        tokio::time::sleep(Duration::from_millis(5 + round)).await;
        producer.close(seconds(20)).await.unwrap();
        let mut accepted = 0;
        for thread in threads {
            accepted += thread.await.unwrap();
        }
        let stored: usize = (0..2).map(|p| values(&cluster, "t", p).len()).sum();
        assert_eq!(stored as u64, accepted);
    }
}
