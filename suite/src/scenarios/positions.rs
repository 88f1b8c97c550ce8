//! Seeking, looking offsets up, and offsets that are not in the log.

use std::time::Duration;

use kafka_client::{Assignment, OffsetReset, Record, Start};

use super::ground::{EPOCH_MS, Ground, within};
use super::producing::short;
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

/// Back, forth, to both ends and by time.
pub(super) async fn seeking(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 8).await?;
    let mut consumer = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut consumer, 3).await?);
    for (start, count) in [
        (Start::Offset(1), 2),
        (Start::Offset(7), 1),
        (Start::Earliest, 1),
        (Start::Timestamp(EPOCH_MS + 4_500), 2),
        (Start::Offset(2), 1),
    ] {
        transcript.outcome(&format!("{start:?}"), &consumer.seek(&topic, 0, start));
        transcript.records(&ground.take(&mut consumer, count).await?);
        transcript.say(format_args!(
            "  position {:?}",
            consumer.position(&topic, 0)
        ));
    }
    consumer.seek(&topic, 0, Start::Latest)?;
    let end = ground
        .until(
            "the end is found",
            async || Ok(consumer.position(&topic, 0)),
        )
        .await?;
    transcript.say(format_args!("end {end}"));
    for start in [Start::Offset(-1), Start::Timestamp(-1), Start::Committed] {
        transcript.outcome(&format!("{start:?}"), &consumer.seek(&topic, 0, start));
    }
    Ok(transcript)
}

/// What each policy makes of an offset that is not in the log, or of none.
pub(super) async fn resets(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 3).await?;
    for start in [Start::Offset(100), Start::Committed] {
        let consumer = ground.kafka().consumer().group(ground.name("g"));
        let place = Assignment::new(topic.as_str(), 0, start);
        let consumer = consumer.offset_reset(OffsetReset::Earliest).assign([place]);
        let mut consumer = consumer.build().await?;
        transcript.say(format_args!("{start:?}, from the earliest"));
        transcript.records(&ground.take(&mut consumer, 3).await?);
    }
    let mut consumers = Vec::new();
    for start in [Start::Offset(100), Start::Committed] {
        let consumer = ground.kafka().consumer().group(ground.name("g"));
        let place = Assignment::new(topic.as_str(), 0, start);
        let consumer = consumer.offset_reset(OffsetReset::Latest).assign([place]);
        let consumer = consumer.build().await?;
        ground
            .until("the end is found", async || {
                Ok(consumer.position(&topic, 0).filter(|found| *found == 3))
            })
            .await?;
        consumers.push((start, consumer));
    }
    let refusing = ground.kafka().consumer().group(ground.name("g"));
    let mut refusing = refusing.offset_reset(OffsetReset::Fail).build().await?;
    for start in [Start::Offset(100), Start::Committed] {
        refusing.assign([Assignment::new(topic.as_str(), 0, start)])?;
        let next = within("an error", refusing.next_record()).await?;
        transcript.outcome(&format!("{start:?}, to fail"), &next);
        transcript.say(format_args!(
            "  position {:?}",
            refusing.position(&topic, 0)
        ));
    }
    refusing.seek(&topic, 0, Start::Offset(2))?;
    transcript.records(&ground.take(&mut refusing, 1).await?);
    ground.fill(&topic, 0, 1).await?;
    for (start, mut consumer) in consumers {
        transcript.say(format_args!("{start:?}, from the latest"));
        transcript.records(&ground.take(&mut consumer, 1).await?);
    }
    Ok(transcript)
}

/// Offsets by time: ties, gaps, times out of order, and beyond the end.
pub(super) async fn times(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    let producer = ground
        .kafka()
        .producer()
        .linger(Duration::ZERO)
        .build()
        .await?;
    for ms in [10, 20, 20, 15, 40, 30, 50] {
        let record = Record::to(&topic).partition(0).value("v");
        producer
            .send(record.timestamp_ms(EPOCH_MS + ms))
            .await?
            .await?;
    }
    let consumer = ground.kafka().consumer().build().await?;
    for ms in [0, 10, 11, 15, 16, 20, 21, 30, 31, 40, 41, 50, 51] {
        let asked = [
            ((topic.as_str(), 0), EPOCH_MS + ms),
            ((topic.as_str(), 1), 0),
        ];
        let found = consumer.offsets_for_times(asked).await.map(|found| {
            let place = |found: Option<kafka_client::OffsetAndTimestamp>| {
                found.map(|found| (found.offset, found.timestamp - EPOCH_MS))
            };
            let found = short(found).into_iter();
            found
                .map(|(partition, at)| (partition, place(at)))
                .collect::<Vec<_>>()
        });
        transcript.outcome(&format!("at {ms}"), &found);
    }
    let negative = consumer
        .offsets_for_times([((topic.as_str(), 0), -5)])
        .await;
    transcript.outcome("before 1970", &negative);
    Ok(transcript)
}

/// Both ends of logs, empty and not.
pub(super) async fn ends(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    ground.fill(&topic, 1, 4).await?;
    ground.fill(&topic, 2, 1).await?;
    let consumer = ground.kafka().consumer().build().await?;
    let all = || (0..3).map(|partition| (topic.as_str(), partition));
    transcript.outcome("begin", &consumer.beginning_offsets(all()).await.map(short));
    transcript.outcome("end", &consumer.end_offsets(all()).await.map(short));
    let none: [(&str, i32); 0] = [];
    transcript.outcome("of nothing", &consumer.end_offsets(none).await.map(short));
    Ok(transcript)
}

/// Look-ups of what does not exist.
pub(super) async fn lookups_refused(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let kafka = ground.without_creation().await?;
    let consumer = kafka.consumer();
    let consumer = consumer.config(|config| config.api_timeout(Duration::from_secs(5)));
    let consumer = consumer.build().await?;
    let unknown = ground.name("unknown");
    for (topic, partition) in [(topic.as_str(), 3), (unknown.as_str(), 0), ("a b", 0)] {
        let found = consumer.end_offsets([(topic, partition)]).await;
        transcript.outcome(&format!("end of {partition}"), &found.map(short));
        let found = consumer.offsets_for_times([((topic, partition), 0)]).await;
        transcript.outcome(&format!("time in {partition}"), &found.map(short));
    }
    for (topic, partition) in [("", 0), (topic.as_str(), -1)] {
        let found = consumer.end_offsets([(topic, partition)]).await;
        transcript.outcome(&format!("end of {partition}"), &found.map(short));
    }
    Ok(transcript)
}
