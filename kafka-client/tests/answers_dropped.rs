//! Answers lost after the append, again and again, while half a million records are
//! produced: none lost, none doubled, order kept.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may panic"
)]

use std::time::Duration;

use kafka_client::{Idempotence, Kafka, RecordRef};
use kafka_protocol::ApiKey;
use kafka_protocol::records::BatchLimits;
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};

const RECORDS: u64 = 500_000;
const PARTITIONS: i32 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_lost_none_doubled_order_kept() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = TestCluster::start().await?;
    cluster.create_topic("t", PARTITIONS);
    let lost = cluster.faults().add(Fault::new(
        Condition::api(ApiKey::Produce).probability(0.05),
        Reaction::DropAfterApply,
    ));
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    let producer = kafka
        .producer()
        .idempotence(Idempotence::Required)
        .batch_size(16 * 1024)
        .build()
        .await?;
    let mut topic = producer.topic("t").await?;
    let mut deliveries = Vec::with_capacity(RECORDS as usize);
    for n in 0..RECORDS {
        deliveries.push(topic.send(RecordRef::value(&n.to_be_bytes())).await?);
    }
    let mut acknowledged = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        acknowledged.push(delivery.await?);
    }
    producer.close(Duration::from_secs(30)).await?;

    let hits = cluster.faults().hits(lost);
    assert!(hits >= 5, "only {hits} answers were dropped");
    let mut found = vec![None; RECORDS as usize];
    for partition in 0..PARTITIONS {
        let mut last = None;
        for batch in cluster.log("t", partition) {
            for record in &batch.decompress(&BatchLimits::default())? {
                let value = record
                    .value()
                    .and_then(|v| v.first_chunk())
                    .expect("eight bytes");
                let n = u64::from_be_bytes(*value);
                assert!(
                    last.is_none_or(|last| last < n),
                    "{n} after {last:?} in partition {partition}"
                );
                last = Some(n);
                let place = &mut found[n as usize];
                assert_eq!(*place, None, "{n} is doubled");
                *place = Some((partition, record.offset()));
            }
        }
    }
    for (n, (found, ack)) in found.iter().zip(&acknowledged).enumerate() {
        let (partition, offset) = found.unwrap_or_else(|| panic!("{n} is lost"));
        assert_eq!(ack.partition, partition, "{n}");
        // A duplicate's answer may not know the offset; a known one must be right.
        assert!(
            ack.offset.is_none_or(|told| told == offset),
            "{n}: told {:?}, stands at {offset}",
            ack.offset
        );
    }
    Ok(())
}
