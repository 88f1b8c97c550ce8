//! The same keys land on the same partitions as with Kafka's own producer: ten
//! thousand random keys, acknowledged by a real broker for both, and Kafka's
//! partitioner class besides for more partition counts than anyone creates.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use kafka_client::{Kafka, NewTopic, Record};
use kafka_harness::ClusterOptions;
use kafka_suite::{BoxError, Broker, hex, java_file};
use tokio::task::block_in_place;

const KEYS: usize = 10_000;
const SEED: u64 = 0x6b65_7973;
const COUNTS: [i32; 4] = [1, 6, 7, 100];
const REAL: usize = 1; // of COUNTS: also sent by the real Java producer

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_land_where_the_java_producer_puts_them() -> Result<(), BoxError> {
    let broker = Broker::start(&ClusterOptions::default())?;
    let kafka = broker.connect().await?;
    let keys = random_keys();
    let text: String = keys.iter().map(|key| hex(key) + "\n").collect();
    let program = java_file("KeyPartitions.java");

    let counts = COUNTS.map(|count| count.to_string());
    let table = block_in_place(|| {
        broker
            .java()
            .java_program(&program, &counts, text.as_bytes())
    })?
    .text();
    let table: Vec<Vec<i32>> = table
        .lines()
        .map(|line| line.split('\t').map(str::parse).collect::<Result<_, _>>())
        .collect::<Result<_, _>>()?;
    assert_eq!(table.len(), KEYS);
    for (column, count) in COUNTS.into_iter().enumerate() {
        let ours = send(&kafka, &format!("ours-{count}"), count, &keys).await?;
        for (index, row) in table.iter().enumerate() {
            assert_eq!(
                ours[index],
                row[column],
                "key {} over {count} partitions",
                hex(&keys[index])
            );
        }
    }

    let topic = "theirs";
    kafka
        .admin()
        .create_topic(NewTopic::new(topic, COUNTS[REAL], 1))
        .await?;
    let arguments = ["send", &broker.bootstrap(), topic];
    let sent = block_in_place(|| {
        broker
            .java()
            .java_program(&program, &arguments, text.as_bytes())
    })?
    .text();
    let theirs: Vec<i32> = sent.lines().map(str::parse).collect::<Result<_, _>>()?;
    let expected: Vec<i32> = table.iter().map(|row| row[REAL]).collect();
    assert_eq!(theirs, expected, "the oracle agrees with itself");
    Ok(())
}

/// Lengths from nothing to beyond two murmur2 blocks of every remainder.
fn random_keys() -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(SEED);
    (0..KEYS)
        .map(|_| {
            let length = random.usize(0..=40);
            (0..length).map(|_| random.u8(..)).collect()
        })
        .collect()
}

/// Sends each key; returns the partitions that were acknowledged.
async fn send(
    kafka: &Kafka,
    topic: &str,
    partitions: i32,
    keys: &[Vec<u8>],
) -> Result<Vec<i32>, BoxError> {
    kafka
        .admin()
        .create_topic(NewTopic::new(topic, partitions, 1))
        .await?;
    let producer = kafka.producer().build().await?;
    let mut deliveries = Vec::with_capacity(keys.len());
    for key in keys {
        deliveries.push(
            producer
                .send(Record::to(topic).key(key.clone()).value("v"))
                .await?,
        );
    }
    let mut chosen = Vec::with_capacity(keys.len());
    for delivery in deliveries {
        chosen.push(delivery.await?.partition);
    }
    producer.close(Duration::from_secs(10)).await?;
    Ok(chosen)
}
