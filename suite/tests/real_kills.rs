//! Half a million idempotent records while the broker is killed (`kill -9`) and
//! restarted at least five times, each time with a request unacknowledged: none
//! lost, none doubled, order kept.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::time::Duration;

use kafka_client::{Idempotence, Kafka, NewTopic, Producer, RecordRef, Start};
use kafka_harness::ClusterOptions;
use kafka_suite::{BoxError, Broker, Ledger, VALUE_BYTES, fill, number};
use tokio::time::{sleep, timeout};

const RECORDS: u64 = 500_000;
const PARTITIONS: i32 = 6;
/// Kills that count: a request was lost without an answer.
const KILLS: u64 = 6;
const KILLS_ASKED: u64 = 5;
/// Acknowledged records between two kills; leaves room for twelve attempts.
const STRIDE: u64 = RECORDS / 13;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_dash_nine_loses_nothing_doubles_nothing_and_keeps_order() -> Result<(), BoxError> {
    let mut broker = Broker::start(&ClusterOptions::default())?;
    let kafka = broker.connect().await?;
    kafka
        .admin()
        .create_topic(NewTopic::new("kills", PARTITIONS, 1))
        .await?;
    // Small batches, so that requests are nearly always under way; little
    // memory, so that sending waits while the broker is down.
    let producer = kafka
        .producer()
        .idempotence(Idempotence::Required)
        .batch_size(16 * 1024)
        .buffer_memory(2 * 1024 * 1024)
        .max_block(Duration::from_secs(120))
        .delivery_timeout(Duration::from_secs(180))
        .build()
        .await?;
    let sender = tokio::spawn(send_all(producer.clone()));
    let counted = timeout(
        Duration::from_secs(900),
        kill_repeatedly(&mut broker, &producer),
    )
    .await??;
    let places = timeout(Duration::from_secs(120), sender).await???;
    let metrics = producer.metrics();
    println!(
        "{counted} kills with a request unacknowledged; {} requests lost so, {} retries",
        metrics.requests_lost_unacknowledged, metrics.retries
    );
    assert!(
        counted >= KILLS_ASKED,
        "only {counted} kills met a request in flight"
    );
    assert_eq!(
        (metrics.records_acked, metrics.records_failed),
        (RECORDS, 0)
    );
    assert!(
        metrics.retries > 0,
        "what was unacknowledged was sent again"
    );
    producer.close(Duration::from_secs(10)).await?;
    timeout(Duration::from_secs(60), verify(&kafka, &places)).await??;
    Ok(())
}

/// Kills and restarts the broker, each time in the middle of sending; returns
/// how many kills left a request without an answer.
async fn kill_repeatedly(broker: &mut Broker, producer: &Producer) -> Result<u64, BoxError> {
    let mut counted = 0;
    let mut next = STRIDE;
    while counted < KILLS && next < RECORDS {
        loop {
            let metrics = producer.metrics();
            if metrics.records_acked >= next
                && metrics.in_flight.values().any(|broker| broker.now > 0)
            {
                break;
            }
            if metrics.records_acked == RECORDS {
                return Ok(counted);
            }
            sleep(Duration::from_micros(200)).await;
        }
        let before = producer.metrics().requests_lost_unacknowledged;
        tokio::task::block_in_place(|| broker.cluster.kill_hard(1))?;
        // The connection's end reaches the client while the broker is down.
        for _ in 0..100 {
            if producer.metrics().requests_lost_unacknowledged > before {
                counted += 1;
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        tokio::task::block_in_place(|| broker.cluster.restart(1))?;
        next = producer.metrics().records_acked + STRIDE;
    }
    Ok(counted)
}

/// Sends everything in order; returns where each record was acknowledged.
async fn send_all(producer: Producer) -> Result<Vec<(i32, Option<i64>)>, BoxError> {
    let mut handle = producer.topic("kills").await?;
    let mut value = [0; VALUE_BYTES];
    let mut deliveries = VecDeque::new();
    let mut places = Vec::new();
    for n in 0..RECORDS {
        fill(&mut value, n);
        // Keyed: both the order of each key and the spread over all partitions.
        let key = (n % 1_000).to_be_bytes();
        deliveries.push_back(handle.send(RecordRef::key_value(&key, &value)).await?);
        if deliveries.len() >= 10_000 {
            for delivery in deliveries.drain(..5_000) {
                let ack = delivery.await?;
                places.push((ack.partition, ack.offset));
            }
            // A pace at which the kills fall into the sending.
            sleep(Duration::from_millis(10)).await;
        }
    }
    producer.flush().await?;
    for delivery in deliveries {
        let ack = delivery.await?;
        places.push((ack.partition, ack.offset));
    }
    Ok(places)
}

async fn verify(kafka: &Kafka, places: &[(i32, Option<i64>)]) -> Result<(), BoxError> {
    let mut consumer = kafka
        .consumer()
        .assign_topic("kills", Start::Earliest)
        .build()
        .await?;
    let mut ledger = Ledger::expecting(RECORDS);
    while ledger.count() < RECORDS {
        let batch = consumer.next_batch().await?.ok_or("the consumer ended")?;
        for record in &batch {
            let n = record
                .value()
                .and_then(number)
                .ok_or("a value that was never sent")?;
            ledger.enter(batch.partition(), record.offset(), n)?;
            let (partition, offset) = places[usize::try_from(n)?];
            assert_eq!(partition, batch.partition(), "record {n}");
            // A retry that found the record written may not know its offset.
            assert!(
                offset.is_none_or(|offset| offset == record.offset()),
                "record {n}"
            );
        }
    }
    assert!(ledger.is_complete());
    // Nothing after the last: a doubled record would be here.
    let ends = consumer.assignment();
    assert_eq!(ends.len(), usize::try_from(PARTITIONS)?);
    assert!(
        timeout(Duration::from_secs(2), consumer.next_batch())
            .await
            .is_err(),
        "records beyond the last"
    );
    consumer.close(Duration::from_secs(10)).await?;
    Ok(())
}
