//! A million records of 100 distinct bytes over six partitions, there and back,
//! with and without keys, for every codec: each once, in order per partition,
//! where the acknowledgement said; stored in the codec that was set, with more
//! than one request in flight.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kafka_client::{Compression, Kafka, NewTopic, RecordRef, Start};
use kafka_harness::ClusterOptions;
use kafka_suite::{BoxError, Broker, Ledger, VALUE_BYTES, fill, number};

const RECORDS: u64 = 1_000_000;
const PARTITIONS: i32 = 6;
const KEYS: u64 = 5_000;
const CODECS: [(Compression, &str); 5] = [
    (Compression::None, "none"),
    (Compression::Gzip, "gzip"),
    (Compression::Snappy, "snappy"),
    (Compression::Lz4, "lz4"),
    (Compression::Zstd, "zstd"),
];
/// Acknowledgements that may be outstanding.
const WINDOW: usize = 100_000;
/// For one codec; a hang shows as a failure, not as a silence.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unkeyed_records_come_back_once_and_in_order_with_every_codec() -> Result<(), BoxError> {
    every_codec(false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keyed_records_come_back_once_and_in_order_with_every_codec() -> Result<(), BoxError> {
    every_codec(true).await
}

async fn every_codec(keyed: bool) -> Result<(), BoxError> {
    let broker = Broker::start(&ClusterOptions::default())?;
    let kafka = broker.connect().await?;
    for (codec, name) in CODECS {
        let topic = format!("million-{name}");
        kafka
            .admin()
            .create_topic(NewTopic::new(&topic, PARTITIONS, 1))
            .await?;
        let (places, in_flight) =
            tokio::time::timeout(LIMIT, produce(&kafka, &topic, codec, keyed)).await??;
        tokio::time::timeout(LIMIT, consume(&kafka, &topic, keyed, &places)).await??;
        assert!(
            in_flight > 1,
            "{name}: at most {in_flight} request in flight"
        );
        stored(&broker, &topic, name)?;
        println!(
            "{name}, keyed {keyed}: {RECORDS} records once and in order, up to {in_flight} requests in flight"
        );
        kafka.admin().delete_topic(&topic).await?;
    }
    kafka.close(Duration::from_secs(10)).await?;
    Ok(())
}

/// Sends the records; returns where each was acknowledged, and the most
/// requests that were in flight at once.
async fn produce(
    kafka: &Kafka,
    topic: &str,
    codec: Compression,
    keyed: bool,
) -> Result<(Vec<(i32, i64)>, usize), BoxError> {
    let producer = kafka.producer().compression(codec).build().await?;
    let mut handle = producer.topic(topic).await?;
    let mut value = [0; VALUE_BYTES];
    let mut places = Vec::with_capacity(usize::try_from(RECORDS)?);
    let mut deliveries = VecDeque::with_capacity(WINDOW);
    for n in 0..RECORDS {
        fill(&mut value, n);
        let key = key(n);
        let record = RecordRef::value(&value);
        let record = if keyed { record.with_key(&key) } else { record };
        deliveries.push_back(handle.send(record).await?);
        if deliveries.len() == WINDOW {
            for delivery in deliveries.drain(..WINDOW / 2) {
                let ack = delivery.await?;
                places.push((ack.partition, ack.offset.ok_or("no offset")?));
            }
        }
    }
    for delivery in deliveries {
        let ack = delivery.await?;
        places.push((ack.partition, ack.offset.ok_or("no offset")?));
    }
    let metrics = producer.metrics();
    assert_eq!(
        (metrics.records_acked, metrics.records_failed),
        (RECORDS, 0)
    );
    producer.close(Duration::from_secs(10)).await?;
    Ok((places, metrics.max_in_flight()))
}

async fn consume(
    kafka: &Kafka,
    topic: &str,
    keyed: bool,
    places: &[(i32, i64)],
) -> Result<(), BoxError> {
    let mut consumer = kafka
        .consumer()
        .assign_topic(topic, Start::Earliest)
        .build()
        .await?;
    let mut ledger = Ledger::expecting(RECORDS);
    let mut partition_of_key = BTreeMap::new();
    while ledger.count() < RECORDS {
        let batch = consumer.next_batch().await?.ok_or("the consumer ended")?;
        let partition = batch.partition();
        for record in &batch {
            let n = record
                .value()
                .and_then(number)
                .ok_or("a value that was never sent")?;
            ledger.enter(partition, record.offset(), n)?;
            assert_eq!(
                places[usize::try_from(n)?],
                (partition, record.offset()),
                "record {n} is where its ack said"
            );
            if keyed {
                assert_eq!(record.key(), Some(&key(n)[..]));
                let first = *partition_of_key.entry(n % KEYS).or_insert(partition);
                assert_eq!(first, partition, "key {} is on one partition", n % KEYS);
            } else {
                assert_eq!(record.key(), None);
            }
        }
    }
    assert!(ledger.is_complete());
    assert_eq!(
        ledger.partitions(),
        usize::try_from(PARTITIONS)?,
        "all partitions took part"
    );
    consumer.close(Duration::from_secs(10)).await?;
    Ok(())
}

fn key(n: u64) -> [u8; 8] {
    (n % KEYS).to_be_bytes()
}

/// What Kafka's own log dump says of the stored batches.
fn stored(broker: &Broker, topic: &str, codec: &str) -> Result<(), BoxError> {
    let batches = tokio::task::block_in_place(|| broker.dump(topic))?;
    assert_eq!(
        batches.iter().map(|batch| batch.count).sum::<u64>(),
        RECORDS
    );
    for batch in &batches {
        assert_eq!(
            (batch.codec.as_str(), batch.magic, batch.is_valid),
            (codec, 2, true),
            "{batch:?}"
        );
        assert!(batch.producer_id >= 0, "idempotent by default: {batch:?}");
    }
    Ok(())
}
