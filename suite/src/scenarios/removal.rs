//! Records that go: deleted on demand, by retention, and by compaction.

use std::time::Duration;

use kafka_client::{Assignment, OffsetReset, OwnedRecord, Record, Start};
use kafka_protocol::messages::delete_records::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::{DeleteRecordsRequest, DeleteRecordsResponse};

use super::ground::{EPOCH_MS, Ground, within};
use super::producing::short;
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

async fn delete(
    ground: &Ground,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<DeleteRecordsResponse> {
    let cut = DeleteRecordsPartition::new()
        .with_partition_index(partition)
        .with_offset(offset);
    let topic = DeleteRecordsTopic::new()
        .with_name(topic)
        .with_partitions(vec![cut]);
    let request = DeleteRecordsRequest::new()
        .with_topics(vec![topic])
        .with_timeout_ms(30_000);
    ground.broker(1, &request).await
}

/// The beginning of a log is cut off, and what consumers find then.
pub(super) async fn records(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 8).await?;
    let consumer = ground.kafka().consumer().build().await?;
    for offset in [0, 3, 2, 3, 5] {
        let answer = delete(ground, &topic, 0, offset).await?;
        transcript.answer(&format!("up to {offset}"), &answer)?;
        let begin = consumer.beginning_offsets([(topic.as_str(), 0)]).await;
        transcript.outcome("begin", &begin.map(short));
    }
    let first = consumer
        .offsets_for_times([((topic.as_str(), 0), EPOCH_MS)])
        .await;
    transcript.outcome(
        "by time",
        &first.map(|found| {
            let found = short(found).into_values();
            found
                .flatten()
                .map(|found| found.offset)
                .collect::<Vec<_>>()
        }),
    );
    let mut reader = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut reader, 3).await?);
    transcript.answer("all", &delete(ground, &topic, 0, -1).await?)?;
    let begin = consumer.beginning_offsets([(topic.as_str(), 0)]).await;
    transcript.outcome("begin", &begin.map(short));
    ground.fill(&topic, 0, 1).await?;
    transcript.records(&ground.take(&mut reader, 1).await?);
    Ok(transcript)
}

/// Cuts that are refused.
pub(super) async fn refused(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 3).await?;
    for (partition, offset) in [(0, 4), (0, -2), (1, 0)] {
        let answer = delete(ground, &topic, partition, offset).await?;
        transcript.answer(&format!("{partition} up to {offset}"), &answer)?;
    }
    let unknown = delete(ground, &ground.name("unknown"), 0, 0).await?;
    transcript.answer("an unknown topic", &unknown)?;
    for policy in ["compact", "compact,delete"] {
        let topic = ground.keeping(&policy.replace(',', "-"), 1);
        let topic = ground.make(topic.config("cleanup.policy", policy)).await?;
        ground.fill(&topic, 0, 3).await?;
        transcript.answer(policy, &delete(ground, &topic, 0, 1).await?)?;
    }
    Ok(transcript)
}

/// Consumers whose position was cut off.
pub(super) async fn reading_on(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 6).await?;
    delete(ground, &topic, 0, 4).await?;
    let place = || [Assignment::new(topic.as_str(), 0, Start::Offset(1))];
    let consumer = |reset| {
        ground
            .kafka()
            .consumer()
            .offset_reset(reset)
            .assign(place())
    };
    let mut earliest = consumer(OffsetReset::Earliest).build().await?;
    transcript.records(&ground.take(&mut earliest, 2).await?);
    let latest = consumer(OffsetReset::Latest).build().await?;
    ground
        .until("the end is found", async || {
            Ok(latest.position(&topic, 0).filter(|found| *found == 6))
        })
        .await?;
    let mut failing = consumer(OffsetReset::Fail).build().await?;
    let next = within("an error", failing.next_record()).await?;
    transcript.outcome("out of range", &next);
    ground.fill(&topic, 0, 1).await?;
    let mut latest = latest;
    transcript.records(&ground.take(&mut latest, 1).await?);
    // A committed offset that is gone.
    let group = ground.kafka().consumer().group(ground.name("g"));
    let group = group.assign([Assignment::new(topic.as_str(), 0, Start::Committed)]);
    let mut group = group.build().await?;
    group.commit_offsets([((topic.as_str(), 0), 2)]).await?;
    group.seek(&topic, 0, Start::Committed)?;
    transcript.records(&ground.take(&mut group, 3).await?);
    Ok(transcript)
}

/// Of each key the last value stays, and tombstones go in the end.
pub(super) async fn compaction(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground
        .keeping("t", 1)
        .config("cleanup.policy", "compact")
        .config("min.cleanable.dirty.ratio", "0")
        .config("delete.retention.ms", "0")
        .config("segment.ms", "300");
    let topic = ground.make(topic).await?;
    let producer = ground
        .kafka()
        .producer()
        .linger(Duration::ZERO)
        .build()
        .await?;
    let send = async |key: &str, value: Option<&str>| {
        let record = Record::to(&topic).key(key.to_owned());
        let record = match value {
            Some(value) => record.value(value.to_owned()),
            None => record.null_value(),
        };
        Ok::<_, BoxError>(producer.send(record).await?.await)
    };
    for (key, value) in [
        ("a", Some("1")),
        ("b", Some("1")),
        ("a", Some("2")),
        ("c", Some("1")),
        ("b", None),
        ("a", Some("3")),
        ("c", Some("2")),
        ("d", Some("1")),
    ] {
        transcript.ack(&format!("{key} {value:?}"), &send(key, value).await?);
    }
    let refused = producer
        .send(Record::to(&topic).value("no key"))
        .await?
        .await;
    transcript.ack("no key", &refused);
    // Each further record may begin a segment, so that those before can be compacted.
    let mut left = Vec::new();
    ground
        .until("only last values are left", async || {
            tokio::time::sleep(Duration::from_millis(350)).await;
            send("roll", Some("v")).await??;
            left = records_of(ground, &topic).await?;
            let ours = left.iter().filter(|record| key(record) != "roll").count();
            Ok((ours == 3).then_some(()))
        })
        .await?;
    let ours = left.iter().filter(|record| key(record) != "roll");
    for record in ours {
        transcript.record(record);
    }
    let mut reader = ground.reader_from(&topic, 0, Start::Offset(1)).await?;
    let first = ground.take(&mut reader, 1).await?;
    transcript.say("from an offset that is gone");
    transcript.records(&first);
    Ok(transcript)
}

fn key(record: &OwnedRecord) -> &str {
    let key = record.key.as_deref().unwrap_or_default();
    std::str::from_utf8(key).unwrap_or_default()
}

/// All that is in a log now.
async fn records_of(ground: &Ground, topic: &str) -> Result<Vec<OwnedRecord>> {
    let mut reader = ground.reader(topic, 0).await?;
    let ends = reader.end_offsets([(topic, 0)]).await?;
    let end = ends.into_values().next().unwrap_or(0);
    let mut records: Vec<OwnedRecord> = Vec::new();
    while records.last().is_none_or(|last| last.offset + 1 < end) {
        records.extend(ground.take(&mut reader, 1).await?);
    }
    Ok(records)
}

/// Old records go, however few.
pub(super) async fn retention(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    ground.fill(&topic, 0, 4).await?;
    let consumer = ground.kafka().consumer().build().await?;
    let begin = async || {
        let begin = consumer.beginning_offsets([(topic.as_str(), 0)]).await?;
        Ok::<_, BoxError>(begin.into_values().next())
    };
    transcript.say(format_args!("begin {:?}", begin().await?));
    let changes = [("retention.ms", 0, Some("86400000"))];
    super::configs::alter(ground, 2, &topic, &changes, false).await?;
    ground
        .until("all is gone", async || {
            Ok(begin().await?.filter(|begin| *begin == 4))
        })
        .await?;
    transcript.say(format_args!("begin {:?}", begin().await?));
    let ends = consumer.end_offsets([(topic.as_str(), 0)]).await;
    transcript.outcome("end", &ends.map(short));
    let producer = ground.producer().await?;
    let ack = producer.send(Record::to(&topic).value("new")).await?.await;
    transcript.ack("sent", &ack);
    let mut reader = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut reader, 1).await?);
    Ok(transcript)
}
