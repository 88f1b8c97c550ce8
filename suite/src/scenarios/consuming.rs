//! Reading partitions.

use std::time::Duration;

use kafka_client::{Assignment, Start};
use tokio::time::timeout;

use super::ground::{EPOCH_MS, Ground, within};
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

/// Every place where reading can begin.
pub(super) async fn starts(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 6).await?;
    for (start, count) in [
        (Start::Earliest, 6),
        (Start::Offset(0), 6),
        (Start::Offset(4), 2),
        (Start::Timestamp(0), 6),
        (Start::Timestamp(EPOCH_MS + 2_000), 4),
        (Start::Timestamp(EPOCH_MS + 2_001), 3),
    ] {
        let mut consumer = ground.reader_from(&topic, 0, start).await?;
        transcript.say(format_args!("{start:?}"));
        transcript.records(&ground.take(&mut consumer, count).await?);
        let lag = consumer.lag(&topic, 0);
        transcript.say(format_args!("  lag {lag:?}"));
    }
    let mut consumers = Vec::new();
    let late = Start::Timestamp(EPOCH_MS + 1_000_000);
    for start in [Start::Latest, Start::Offset(6), late] {
        let consumer = ground.reader_from(&topic, 0, start).await?;
        ground
            .until(
                "the end is found",
                async || Ok(consumer.position(&topic, 0)),
            )
            .await?;
        consumers.push((start, consumer));
    }
    ground.fill(&topic, 0, 1).await?;
    for (start, mut consumer) in consumers {
        transcript.say(format_args!("{start:?}"));
        transcript.records(&ground.take(&mut consumer, 1).await?);
    }
    Ok(transcript)
}

/// Batches, records and both kinds of streams of one consumer.
pub(super) async fn streams(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 8).await?;
    let mut consumer = ground.reader(&topic, 0).await?;
    let batch = within("a batch", consumer.next_batch()).await??;
    let batch = batch.ok_or("closed")?;
    transcript.say(format_args!(
        "a batch of {}, {} to {}, next {}, epoch {}, {}, {:?}, high watermark {}",
        batch.len(),
        batch.first_offset(),
        batch.last_offset(),
        batch.next_offset(),
        batch.leader_epoch(),
        batch.compression(),
        batch.timestamp_type(),
        batch.high_watermark(),
    ));
    transcript.records(&batch.to_owned_records());
    transcript.records(&ground.take(&mut consumer, 2).await?);
    let mut batches = consumer.batches();
    let batch = within("a batch", batches.next_batch()).await??;
    transcript.records(&batch.ok_or("closed")?.to_owned_records());
    let mut records = consumer.records();
    for _ in 0..3 {
        let record = within("a record", records.next_record()).await??;
        transcript.record(&record.ok_or("closed")?);
    }
    let last = ground.take(&mut consumer.clone(), 1).await?;
    transcript.records(&last);
    transcript.say(format_args!("position {:?}", consumer.position(&topic, 0)));
    Ok(transcript)
}

/// Paused partitions are passed over.
pub(super) async fn pausing(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    for partition in 0..2 {
        ground.fill(&topic, partition, 4).await?;
    }
    let consumer = ground.kafka().consumer();
    let mut consumer = consumer
        .assign_topic(&topic, Start::Earliest)
        .build()
        .await?;
    transcript.outcome("pause", &consumer.pause([(topic.as_str(), 0)]));
    transcript.records(&ground.take(&mut consumer, 4).await?);
    let paused: Vec<_> = consumer.paused().iter().map(|one| one.partition).collect();
    transcript.say(format_args!("paused {paused:?}"));
    let nothing = timeout(Duration::from_millis(300), consumer.next_record()).await;
    transcript.say(format_args!("nothing else: {}", nothing.is_err()));
    let unknown = consumer.pause([(topic.as_str(), 0), (topic.as_str(), 7)]);
    transcript.outcome("pause of one not assigned", &unknown);
    transcript.outcome("resume", &consumer.resume([(topic.as_str(), 0)]));
    transcript.records(&ground.take(&mut consumer, 4).await?);
    Ok(transcript)
}

/// Partitions that come and go.
pub(super) async fn assignments(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    for partition in 0..3 {
        ground.fill(&topic, partition, 3).await?;
    }
    let of = |partition, start| Assignment::new(topic.as_str(), partition, start);
    let mut consumer = ground.kafka().consumer().build().await?;
    let twice = consumer.assign([of(0, Start::Earliest), of(0, Start::Latest)]);
    transcript.outcome("twice", &twice);
    let negative = consumer.assign([of(-1, Start::Earliest)]);
    transcript.outcome("negative", &negative);
    transcript.outcome("no group", &consumer.assign([of(0, Start::Committed)]));
    consumer.assign([of(0, Start::Earliest)])?;
    transcript.records(&ground.take(&mut consumer, 2).await?);
    consumer.incremental_assign([of(1, Start::Offset(1)), of(0, Start::Earliest)])?;
    transcript.records(&ground.take(&mut consumer, 3).await?);
    consumer.incremental_unassign([(topic.as_str(), 0)]);
    consumer.incremental_assign([of(2, Start::Offset(2))])?;
    transcript.records(&ground.take(&mut consumer, 1).await?);
    let assigned = consumer.assignment();
    let assigned: Vec<_> = assigned.iter().map(|one| one.partition).collect();
    transcript.say(format_args!("assigned {assigned:?}"));
    for partition in 0..3 {
        let position = consumer.position(&topic, partition);
        transcript.say(format_args!("position of {partition}: {position:?}"));
    }
    consumer.assign([of(0, Start::Earliest)])?;
    transcript.records(&ground.take(&mut consumer, 3).await?);
    let sought = consumer.seek(&topic, 1, Start::Earliest);
    transcript.outcome("seek of one not assigned", &sought);
    Ok(transcript)
}

/// Several consumers read the same; handles of one share the work.
pub(super) async fn several(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    for partition in 0..2 {
        ground.fill(&topic, partition, 5).await?;
    }
    let mut consumers = Vec::new();
    for _ in 0..3 {
        let consumer = ground.kafka().consumer();
        let consumer = consumer.assign_topic(&topic, Start::Earliest);
        consumers.push(consumer.build().await?);
    }
    for consumer in &mut consumers {
        transcript.say("a consumer of its own");
        transcript.records(&ground.take(consumer, 10).await?);
    }
    let consumer = ground.kafka().consumer();
    let one = consumer
        .assign_topic(&topic, Start::Earliest)
        .build()
        .await?;
    let mut handles = [one.clone(), one];
    let mut shared = Vec::new();
    for turn in 0..10 {
        let handle = handles.get_mut(turn % 2).ok_or("two handles")?;
        let batch = within("a batch", handle.next_batch()).await??;
        shared.extend(batch.ok_or("closed")?.to_owned_records());
    }
    shared.sort_by_key(|record| (record.partition, record.offset));
    transcript.say("two handles of one");
    transcript.records(&shared);
    Ok(transcript)
}

/// Topics and partitions that do not exist.
pub(super) async fn unknown(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let kafka = ground.without_creation().await?;
    let hasty = || {
        let consumer = kafka.consumer();
        consumer.config(|config| config.api_timeout(Duration::from_secs(5)))
    };
    let unknown = ground.name("unknown");
    let built = hasty()
        .assign_topic(&unknown, Start::Earliest)
        .build()
        .await;
    transcript.outcome("assign_topic", &built.map(|_| ()));
    let bad = hasty().assign_topic("no such name!", Start::Earliest);
    transcript.outcome("assign_topic", &bad.build().await.map(|_| ()));
    for (topic, partition) in [(&unknown, 0), (&topic, 5)] {
        for start in [Start::Earliest, Start::Offset(0)] {
            let place = Assignment::new(topic.as_str(), partition, start);
            let mut consumer = hasty().assign([place]).build().await?;
            let next = within("an error", consumer.next_record()).await?;
            transcript.outcome(&format!("partition {partition}, {start:?}"), &next);
        }
    }
    // It is read once it is there.
    let place = Assignment::new(unknown.as_str(), 0, Start::Earliest);
    let mut consumer = kafka.consumer().assign([place]).build().await?;
    ground.create("unknown", 1).await?;
    ground.fill(&unknown, 0, 2).await?;
    transcript.records(&ground.take(&mut consumer, 2).await?);
    Ok(transcript)
}
