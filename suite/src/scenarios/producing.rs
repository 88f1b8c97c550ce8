//! Sending records, and what the brokers make of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_client::{
    Acks, Assignment, Compression, Idempotence, Record, RecordRef, RoundRobinPartitioner, Start,
};
use kafka_protocol::messages::DescribeProducersRequest;
use kafka_protocol::messages::describe_producers::TopicRequest;

use super::ground::{EPOCH_MS, Ground, within};
use super::transcript::Transcript;
use crate::BoxError;

type Result<T> = std::result::Result<T, BoxError>;

const LIMIT: Duration = Duration::from_secs(60);

/// What each kind of acknowledgement tells, and that all of it is in the log.
pub(super) async fn acks(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let mut consumer = ground.reader(&topic, 0).await?;
    for acks in [Acks::All, Acks::Leader, Acks::None] {
        let producer = ground.kafka().producer().acks(acks).build().await?;
        for n in 0..3 {
            let record = Record::to(&topic).value(format!("{acks:?} {n}"));
            let outcome = producer.send(record.timestamp_ms(EPOCH_MS)).await?.await;
            transcript.ack(&format!("{acks:?}"), &outcome);
        }
        producer.close(LIMIT).await?;
        transcript.records(&ground.take(&mut consumer, 3).await?);
    }
    Ok(transcript)
}

/// Where records go by their keys.
pub(super) async fn keys(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 7).await?;
    let producer = ground.producer().await?;
    for n in 0..40 {
        let key = "k".repeat(n % 9) + &n.to_string();
        let record = Record::to(&topic).key(key.clone()).value("v");
        let ack = producer.send(record).await?.await?;
        transcript.say(format_args!("{key:?}: {}@{:?}", ack.partition, ack.offset));
    }
    let record = Record::to(&topic).key("").value("v");
    let ack = producer.send(record).await?.await?;
    transcript.say(format_args!("an empty key: {}", ack.partition));
    let consumer = ground.kafka().consumer().build().await?;
    let all = (0..7).map(|partition| (topic.as_str(), partition));
    transcript.outcome("ends", &consumer.end_offsets(all).await.map(short));
    Ok(transcript)
}

/// Partitions that callers name, and those that do not exist.
pub(super) async fn partitions(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    let producer = ground.producer().await?;
    for partition in [2, 0, 2, 1, 3, -1, i32::MAX] {
        let record = Record::to(&topic).key("k").value("v").partition(partition);
        let outcome = match producer.send(record.timestamp_ms(EPOCH_MS)).await {
            Ok(delivery) => delivery.await,
            Err(error) => Err(error),
        };
        transcript.ack(&format!("to {partition}"), &outcome);
    }
    Ok(transcript)
}

/// Nothing, emptiness and bytes that are no text, as keys and values.
pub(super) async fn values(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let producer = ground.producer().await?;
    let new = || Record::to(&topic).timestamp_ms(EPOCH_MS);
    let records = [
        new(),
        new().null_value(),
        new().value(""),
        new().key("").value(""),
        new().key("").null_value(),
        new().key("k").null_value(),
        new().key(vec![0xff, 0x00]).value(vec![0x80; 5]),
        new().key("k".repeat(5_000)).value("long key"),
        new().value("v".repeat(5_000)),
    ];
    let count = records.len();
    for record in records {
        transcript.ack("sent", &producer.send(record).await?.await);
    }
    let mut consumer = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut consumer, count).await?);
    Ok(transcript)
}

/// Headers keep their order, may repeat, and may have no value.
pub(super) async fn headers(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let producer = ground.producer().await?;
    let new = || Record::to(&topic).value("v").timestamp_ms(EPOCH_MS);
    let mut many = new();
    for n in 0..20 {
        many = many.header(format!("h{}", n % 3), format!("{n}"));
    }
    let records = [
        new().header("b", "2").header("a", "1").header("b", "3"),
        new().header("", "no name").null_header("null"),
        new().header("empty", "").header("bytes", vec![0xfe, 0xff]),
        new().header("größe", "ö"),
        new().null_value().key("k").header("of", "a tombstone"),
        many,
    ];
    let count = records.len();
    for record in records {
        producer.send(record).await?.await?;
    }
    let mut consumer = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut consumer, count).await?);
    Ok(transcript)
}

/// Timestamps of the caller's, and those that brokers refuse.
pub(super) async fn times(ground: &Ground) -> Result<Transcript> {
    const YEAR_5000_MS: i64 = 95_000_000_000_000;
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let narrow = ground.keeping("narrow", 1);
    let narrow = narrow.config("message.timestamp.before.max.ms", "60000");
    let narrow = ground.make(narrow).await?;
    let producer = ground.producer().await?;
    for (topic, ms) in [
        (&topic, EPOCH_MS),
        (&topic, EPOCH_MS - 1_000),
        (&topic, 0),
        (&topic, 1),
        (&topic, YEAR_5000_MS),
        (&topic, EPOCH_MS + 7),
        (&narrow, EPOCH_MS),
    ] {
        let record = Record::to(topic).value("v").timestamp_ms(ms);
        transcript.ack(&format!("at {ms}"), &producer.send(record).await?.await);
    }
    for record in [
        Record::to(&topic).value("now"),
        Record::to(&narrow).value("now"),
    ] {
        transcript.ack("now", &producer.send(record).await?.await);
    }
    let mut consumer = ground.reader(&topic, 0).await?;
    transcript.records(&ground.take(&mut consumer, 6).await?);
    Ok(transcript)
}

/// Topics that keep the time of appending.
pub(super) async fn times_of_appending(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.keeping("t", 1);
    let topic = topic.config("message.timestamp.type", "LogAppendTime");
    let topic = ground.make(topic).await?;
    let producer = ground.producer().await?;
    for codec in [Compression::None, Compression::Lz4] {
        let other = ground.kafka().producer().compression(codec).build().await?;
        for ms in [EPOCH_MS, 0] {
            let record = Record::to(&topic).value("v").timestamp_ms(ms);
            transcript.ack(&format!("at {ms}"), &other.send(record).await?.await);
        }
    }
    let record = Record::to(&topic).value("v");
    transcript.ack("now", &producer.send(record).await?.await);
    let mut consumer = ground.reader(&topic, 0).await?;
    let mut records = 0;
    while records < 5 {
        let batch = within("a batch", consumer.next_batch()).await??;
        let batch = batch.ok_or("closed")?;
        transcript.say(format_args!(
            "{} {:?}",
            batch.compression(),
            batch.timestamp_type()
        ));
        let owned = batch.to_owned_records();
        records += owned.len();
        transcript.records(&owned);
    }
    Ok(transcript)
}

/// Every codec, as it lies in the log.
pub(super) async fn codecs(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    for codec in EVERY_CODEC {
        let topic = ground.create(&codec.to_string(), 1).await?;
        let seen = through(ground, &topic, codec).await?;
        transcript.say(format_args!("sent as {codec}, kept as {seen}"));
    }
    Ok(transcript)
}

/// Topics that keep records by a codec of their own.
pub(super) async fn topic_codecs(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    for kept in ["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"] {
        let topic = ground.keeping(kept, 1).config("compression.type", kept);
        let topic = ground.make(topic).await?;
        for codec in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let seen = through(ground, &topic, codec).await?;
            transcript.say(format_args!("sent as {codec} to {kept}, kept as {seen}"));
        }
    }
    Ok(transcript)
}

const EVERY_CODEC: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

/// Sends records by a codec and tells by which they come back.
async fn through(ground: &Ground, topic: &str, codec: Compression) -> Result<String> {
    const COUNT: usize = 50;
    let consumer = ground.kafka().consumer().build().await?;
    let ends = consumer.end_offsets([(topic, 0)]).await?;
    let begin = ends.into_values().next().unwrap_or(0);
    let producer = ground.kafka().producer().compression(codec).build().await?;
    let mut deliveries = Vec::new();
    for n in 0..COUNT {
        let record = Record::to(topic).value(format!("{n:>100}"));
        deliveries.push(producer.send(record).await?);
    }
    for delivery in deliveries {
        delivery.await?;
    }
    producer.close(LIMIT).await?;
    consumer.assign([Assignment::new(topic.to_owned(), 0, Start::Offset(begin))])?;
    let mut consumer = consumer;
    let (mut count, mut codecs) = (0, BTreeSet::new());
    while count < COUNT {
        let batch = within("a batch", consumer.next_batch()).await??;
        let batch = batch.ok_or("closed")?;
        codecs.insert(batch.compression().to_string());
        for record in batch.records() {
            let expected = format!("{count:>100}");
            if record.value() != Some(expected.as_bytes()) {
                return Err(format!("record {count} came back as {:?}", record.value()).into());
            }
            count += 1;
        }
    }
    Ok(codecs.into_iter().collect::<Vec<_>>().join(" and "))
}

/// What brokers remember of producers whose records are numbered.
pub(super) async fn idempotence(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 2).await?;
    for idempotence in [
        Idempotence::Disabled,
        Idempotence::Required,
        Idempotence::Auto,
    ] {
        let producer = ground.kafka().producer();
        let producer = producer.idempotence(idempotence).build().await?;
        for n in 0..5 {
            let record = Record::to(&topic).partition(n % 2).value("v");
            let record = record.timestamp_ms(EPOCH_MS);
            transcript.ack("sent", &producer.send(record).await?.await);
        }
        producer.close(LIMIT).await?;
        let asked = TopicRequest::new()
            .with_name(topic.as_str())
            .with_partition_indexes(vec![0, 1, 2]);
        let request = DescribeProducersRequest::new().with_topics(vec![asked]);
        let answer = ground.leader(&topic, 0, &request).await?;
        transcript.answer(&format!("producers after {idempotence:?}"), &answer)?;
    }
    let refused = ground.kafka().producer().acks(Acks::Leader);
    let refused = refused.idempotence(Idempotence::Required).build().await;
    transcript.outcome("numbered without acks of all", &refused.map(|_| ()));
    Ok(transcript)
}

/// Topic handles, permits and sending without waiting.
pub(super) async fn handles(ground: &Ground) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 3).await?;
    let producer = ground.kafka().producer();
    let producer = producer.partitioner(RoundRobinPartitioner::default());
    let producer = producer.build().await?;
    let mut handle = producer.topic(&topic).await?;
    transcript.say(format_args!("{} partitions", handle.partition_count()));
    let mut partitions = Vec::new();
    for n in 0..4 {
        let value = format!("by the handle {n}");
        let ack = handle
            .send(RecordRef::value(value.as_bytes()))
            .await?
            .await?;
        partitions.push(ack.partition);
    }
    // Where a round begins is left to chance.
    transcript.say(format_args!(
        "all around: {}",
        partitions.first() == partitions.last()
    ));
    partitions.sort_unstable();
    partitions.dedup();
    transcript.say(format_args!("over {partitions:?}"));
    let placed = ground.create("placed", 3).await?;
    let permit = producer.reserve(&placed).await?;
    let record = Record::to(&placed).value("by a permit").partition(1);
    transcript.ack("permit", &permit.send(record.timestamp_ms(EPOCH_MS)).await);
    let record = Record::to(&placed).value("at once").partition(2);
    let sent = producer.try_send(record.timestamp_ms(EPOCH_MS));
    transcript.ack("at once", &sent.map_err(|rejected| rejected.error)?.await);
    let unknown = producer.try_send(Record::to(ground.name("unknown")).value("v"));
    if let Err(rejected) = unknown {
        transcript.error("at once, to an unknown topic", &rejected.error);
    }
    let metrics = producer.metrics();
    transcript.say(format_args!(
        "acked {}, failed {}",
        metrics.records_acked, metrics.records_failed
    ));
    Ok(transcript)
}

/// Several producers on one partition: each one's records stay in order.
pub(super) async fn many(ground: &Ground) -> Result<Transcript> {
    const EACH: i64 = 60;
    let mut transcript = Transcript::new();
    let topic = ground.create("t", 1).await?;
    let mut deliveries = Vec::new();
    let mut producers = Vec::new();
    for _ in 0..4 {
        producers.push(ground.producer().await?);
    }
    for n in 0..EACH {
        for (id, producer) in producers.iter().enumerate() {
            let record = Record::to(&topic)
                .key(format!("p{id}"))
                .value(format!("{n}"));
            deliveries.push(producer.send(record).await?);
        }
    }
    let mut offsets = BTreeSet::new();
    for delivery in deliveries {
        offsets.extend(delivery.await?.offset);
    }
    transcript.say(format_args!(
        "{} offsets, {:?} to {:?}",
        offsets.len(),
        offsets.first(),
        offsets.last()
    ));
    let mut consumer = ground.reader(&topic, 0).await?;
    let mut next: BTreeMap<String, i64> = BTreeMap::new();
    for record in ground
        .take(&mut consumer, 4 * usize::try_from(EACH)?)
        .await?
    {
        let text =
            |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(&[])).into_owned();
        let number: i64 = text(record.value.as_deref()).parse()?;
        let expected = next.entry(text(record.key.as_deref())).or_default();
        if number != *expected {
            return Err(format!("{number} where {expected} was due").into());
        }
        *expected += 1;
    }
    for (producer, count) in next {
        transcript.say(format_args!("{producer}: {count} in order"));
    }
    Ok(transcript)
}

/// Offsets by partition.
pub(super) fn short<V>(offsets: BTreeMap<kafka_client::TopicPartition, V>) -> BTreeMap<i32, V> {
    offsets
        .into_iter()
        .map(|(place, value)| (place.partition, value))
        .collect()
}
