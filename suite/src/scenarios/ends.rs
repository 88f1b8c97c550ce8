//! Flushing and closing.

use std::time::Duration;

use kafka_client::{Record, Start};

use super::ground::{EPOCH_MS, Ground};
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

const LIMIT: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(3_600);

/// A flush sends what lingers.
pub(super) async fn flush(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    let producer = ground
        .kafka()
        .producer()
        .linger(LONG)
        .delivery_timeout(2 * LONG)
        .build()
        .await?;
    let mut deliveries = Vec::new();
    for n in 0..6 {
        let record = Record::to(&topic).partition(n % 2).value(format!("{n}"));
        deliveries.push(producer.send(record.timestamp_ms(EPOCH_MS)).await?);
    }
    transcript.outcome("flush", &producer.flush().await);
    for delivery in deliveries {
        transcript.ack("sent", &delivery.await);
    }
    transcript.outcome("flush of nothing", &producer.flush().await);
    Ok(transcript)
}

/// Closing delivers what was accepted and refuses the rest.
pub(super) async fn close(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let producer = ground
        .kafka()
        .producer()
        .linger(LONG)
        .delivery_timeout(2 * LONG)
        .build()
        .await?;
    let other = producer.clone();
    let mut deliveries = Vec::new();
    for n in 0..3 {
        let record = Record::to(&topic).value(format!("{n}"));
        deliveries.push(producer.send(record.timestamp_ms(EPOCH_MS)).await?);
    }
    transcript.outcome("close", &producer.close(LIMIT).await);
    for delivery in deliveries {
        transcript.ack("sent before", &delivery.await);
    }
    let late = other.send(Record::to(&topic).value("late")).await;
    transcript.outcome("sent after", &late);
    let late = other.topic(&topic).await;
    transcript.outcome("a topic after", &late.map(|_| ()));
    transcript.outcome("close again", &other.close(LIMIT).await);
    let mut consumer = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut consumer, 3).await?);
    Ok(transcript)
}

/// A closed consumer hands out nothing more; what it was asked to commit is kept.
pub(super) async fn consumer_close(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 5).await?;
    let group = ground.name("g");
    let consumer = ground.kafka().consumer().group(&group);
    let mut consumer = consumer
        .assign_topic(&topic, Start::Earliest)
        .build()
        .await?;
    transcript.records(&ground.take(&mut consumer, 2).await?);
    transcript.outcome("commit", &consumer.commit().await);
    transcript.outcome("close", &consumer.close(LIMIT).await);
    let after = consumer.next_record().await;
    transcript.outcome("a record after", &after);
    transcript.outcome("commit after", &consumer.commit().await);
    let sought = consumer.seek(&topic, 0, Start::Earliest);
    transcript.outcome("seek after", &sought);
    transcript.outcome("close again", &consumer.close(LIMIT).await);
    let again = ground.kafka().consumer().group(&group);
    let mut again = again.assign_topic(&topic, Start::Committed).build().await?;
    transcript.records(&ground.take(&mut again, 3).await?);
    Ok(transcript)
}

/// What is left of a client that was closed under its producers and consumers.
pub(super) async fn kafka_close(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let kafka = ground.without_creation().await?;
    let producer = kafka.producer().build().await?;
    let record = Record::to(&topic).value("v").timestamp_ms(EPOCH_MS);
    transcript.ack("sent", &producer.send(record).await?.await);
    let consumer = kafka.consumer().group(ground.name("g")).build().await?;
    transcript.outcome("close", &kafka.close(LIMIT).await);
    let described = kafka.admin().describe_topic(&topic).await;
    transcript.outcome("admin after", &described.map(|_| ()));
    let ends = consumer.end_offsets([(topic.as_str(), 0)]).await;
    transcript.outcome("look-up after", &ends);
    let committed = consumer.committed([(topic.as_str(), 0)]).await;
    transcript.outcome("committed after", &committed);
    transcript.outcome("close of the producer", &producer.close(LIMIT).await);
    Ok(transcript)
}
