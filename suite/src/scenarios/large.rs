//! Records and batches of sizes that matter.

use std::time::Duration;

use kafka_client::{Idempotence, Record, Start};

use super::ground::{EPOCH_MS, Ground};
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

const LONG: Duration = Duration::from_secs(3_600);

/// What the client itself finds too large.
pub(super) async fn request(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let producer = ground.kafka().producer().max_request_size(2_000);
    let producer = producer.batch_size(1_000).build().await?;
    for size in [10, 1_500, 2_001, 1_000_000] {
        let record = Record::to(&topic).value(vec![b'v'; size]);
        let outcome = match producer.send(record.timestamp_ms(EPOCH_MS)).await {
            Ok(delivery) => delivery.await,
            Err(error) => Err(error),
        };
        transcript.ack(&format!("{size} bytes"), &outcome);
    }
    Ok(transcript)
}

/// What the broker finds too large, by its own limit and by a topic's.
pub(super) async fn message(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let usual = ground.create("usual", 1).await?;
    let small = ground
        .keeping("small", 1)
        .config("max.message.bytes", "1000");
    let small = ground.make(small).await?;
    for idempotence in [Idempotence::Auto, Idempotence::Disabled] {
        let producer = ground.kafka().producer().idempotence(idempotence);
        let producer = producer.max_request_size(4_000_000).build().await?;
        for (topic, size) in [
            (&small, 10),
            (&small, 930),
            (&small, 932),
            (&small, 1_000),
            (&small, 100_000),
            (&small, 10),
            (&usual, 900_000),
            (&usual, 1_100_000),
            (&usual, 10),
        ] {
            let record = Record::to(topic).value(vec![b'v'; size]);
            let outcome = producer.send(record.timestamp_ms(EPOCH_MS)).await?.await;
            transcript.ack(&format!("{size} bytes"), &outcome);
        }
    }
    Ok(transcript)
}

/// Batches that are too large are split until they fit.
pub(super) async fn split(ground: &Ground) -> Result<Transcript> {
    const COUNT: usize = 64;
    let mut transcript = Transcript::new();
    let topic = ground.keeping("t", 1).config("max.message.bytes", "2000");
    let topic = ground.make(topic).await?;
    let producer = ground.kafka().producer();
    let producer = producer
        .linger(LONG)
        .delivery_timeout(2 * LONG)
        .build()
        .await?;
    let mut deliveries = Vec::new();
    for n in 0..COUNT {
        let record = Record::to(&topic).value(format!("{n:>100}"));
        deliveries.push(producer.send(record.timestamp_ms(EPOCH_MS)).await?);
    }
    producer.flush().await?;
    for delivery in deliveries {
        transcript.ack("sent", &delivery.await);
    }
    let metrics = producer.metrics();
    transcript.say(format_args!(
        "split {}, failed {}",
        metrics.splits > 0,
        metrics.records_failed
    ));
    let mut consumer = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut consumer, COUNT).await?);
    Ok(transcript)
}

/// Records larger than what a fetch asks for are handed out all the same (KIP-74).
pub(super) async fn records(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let producer = ground.producer().await?;
    let sizes = [5, 900_000, 7, 300_000, 300_000, 1];
    for size in sizes {
        let record = Record::to(&topic).value(vec![b'v'; size]);
        producer.send(record.timestamp_ms(EPOCH_MS)).await?.await?;
    }
    for (partition_bytes, bytes) in [(1_048_576, 52_428_800), (1_100, 1_100), (400_000, 500_000)] {
        let consumer = ground.kafka().consumer();
        let consumer = consumer
            .partition_fetch_bytes(partition_bytes)
            .fetch_max_bytes(bytes);
        let consumer = consumer.assign_topic(&topic, Start::Earliest);
        let mut consumer = consumer.build().await?;
        transcript.say(format_args!("at most {partition_bytes} and {bytes} bytes"));
        transcript.records(&ground.take(&mut consumer, sizes.len()).await?);
    }
    Ok(transcript)
}

/// Many records by small fetches, over several partitions.
pub(super) async fn fetches(ground: &Ground) -> Result<Transcript> {
    const EACH: usize = 100;
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    let producer = ground.kafka().producer().batch_size(1_000).build().await?;
    let mut deliveries = Vec::new();
    for n in 0..EACH {
        for partition in 0..3 {
            let record = Record::to(&topic)
                .partition(partition)
                .value(format!("{n:>90}"));
            deliveries.push(producer.send(record.timestamp_ms(EPOCH_MS)).await?);
        }
    }
    for delivery in deliveries {
        delivery.await?;
    }
    let consumer = ground.kafka().consumer().fetch_max_bytes(1_500);
    let consumer = consumer
        .partition_fetch_bytes(1_200)
        .prefetch_bytes(4_000_000);
    let mut consumer = consumer
        .assign_topic(&topic, Start::Earliest)
        .build()
        .await?;
    let taken = ground.take(&mut consumer, 3 * EACH).await?;
    for (n, record) in taken.iter().enumerate() {
        let expected = format!("{:>90}", n % EACH);
        if record.value.as_deref() != Some(expected.as_bytes()) {
            return Err(format!("{}@{} is another record", record.partition, record.offset).into());
        }
    }
    transcript.say(format_args!("{} records in order", taken.len()));
    for partition in 0..3 {
        let lag = consumer.lag(&topic, partition);
        let position = consumer.position(&topic, partition);
        transcript.say(format_args!(
            "{partition}: position {position:?}, lag {lag:?}"
        ));
    }
    Ok(transcript)
}
