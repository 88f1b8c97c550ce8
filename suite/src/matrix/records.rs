//! Producing and consuming.

use std::time::Duration;

use kafka_client::{
    Acks, Compression, Delivery, Idempotence, NewTopic, Record, Start, TimestampType,
};
use tokio::time::{sleep, timeout};

use super::ground::{LIMIT, batches, deadline, ensure, recent_ms, unless_too_old};
use super::{Ground, Mark, Release};
use crate::{BoxError, clock};

pub(super) async fn none(ground: &Ground) -> Result<Mark, BoxError> {
    there_and_back(ground, Compression::None).await
}

pub(super) async fn gzip(ground: &Ground) -> Result<Mark, BoxError> {
    there_and_back(ground, Compression::Gzip).await
}

pub(super) async fn snappy(ground: &Ground) -> Result<Mark, BoxError> {
    there_and_back(ground, Compression::Snappy).await
}

pub(super) async fn lz4(ground: &Ground) -> Result<Mark, BoxError> {
    there_and_back(ground, Compression::Lz4).await
}

pub(super) async fn zstd(ground: &Ground) -> Result<Mark, BoxError> {
    there_and_back(ground, Compression::Zstd).await
}

/// Key and value.
type Shape = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Keys and values of every shape: null, empty, short, long, and not to be compressed.
fn shapes() -> Vec<Shape> {
    let mut random = fastrand::Rng::with_seed(11);
    let mut noise = |length: usize| (0..length).map(|_| random.u8(..)).collect::<Vec<u8>>();
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let mut all = vec![
        (None, None),
        (text(""), text("")),
        (text("key"), None),
        (None, text("value")),
        (text("ключ"), text("値")),
        (None, Some(vec![b'a'; 60_000])),
        (Some(noise(300)), Some(noise(20_000))),
    ];
    all.extend((0..100).map(|n| (Some(noise(n % 7)), Some(noise(n)))));
    all
}

/// Several batches of one codec, each record compared.
async fn there_and_back(ground: &Ground, codec: Compression) -> Result<Mark, BoxError> {
    let topic = format!("codec-{codec}");
    let producer = ground.producer().compression(codec).build().await?;
    let mut sent = Vec::new();
    let mut time = recent_ms();
    for _ in 0..3 {
        let mut deliveries: Vec<Delivery> = Vec::new();
        for (key, value) in shapes() {
            time += 7;
            let mut record = Record::to(&topic).timestamp_ms(time);
            if let Some(key) = &key {
                record = record.key(key.clone());
            }
            record = match &value {
                Some(value) => record.value(value.clone()),
                None => record.null_value(),
            };
            deliveries.push(producer.send(record).await?);
            sent.push((key, value, time));
        }
        for delivery in deliveries {
            if unless_too_old(timeout(LIMIT, delivery).await?, "2.1")?.is_none() {
                return Ok(Mark::Refused);
            }
        }
    }
    producer.close(LIMIT).await?;
    let batches = ground.read_batches(&topic, sent.len()).await?;
    let other = batches.iter().find(|batch| batch.compression() != codec);
    ensure(other.is_none(), || format!("a batch that is not {codec}"))?;
    let keeps_time = ground.release() >= Release::of("0.10");
    let got = batches.iter().flat_map(|batch| batch.records());
    for (offset, (record, (key, value, time))) in (0..).zip(got.zip(&sent)) {
        let time = if keeps_time { *time } else { -1 };
        let same = record.offset() == offset
            && record.key() == key.as_deref()
            && record.value() == value.as_deref()
            && record.timestamp() == time;
        ensure(same, || format!("{codec}: record {offset} is another one"))?;
    }
    Ok(Mark::Works)
}

/// Before KIP-74 (0.10.1) a broker cuts off what does not fit.
pub(super) async fn larger_than_a_fetch(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "larger";
    let producer = ground.producer().build().await?;
    for size in [10, 300_000, 20] {
        let record = Record::to(topic).value(vec![b'x'; size]);
        timeout(LIMIT, producer.send(record).await?).await??;
    }
    let consumer = ground.kafka.consumer().partition_fetch_bytes(10_000);
    let mut consumer = consumer
        .assign_topic(topic, Start::Earliest)
        .build()
        .await?;
    let read = batches(&mut consumer, 3).await?;
    let sizes: Vec<_> = read
        .iter()
        .flat_map(|batch| batch.records())
        .map(|record| record.value().map_or(0, <[u8]>::len))
        .collect();
    ensure(sizes == [10, 300_000, 20], || format!("sizes {sizes:?}"))?;
    Ok(Mark::Works)
}

/// One record of a batch has headers. Where it can't go, the others do.
pub(super) async fn headers(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "headers";
    let producer = ground.producer().build().await?;
    let mut deliveries = Vec::new();
    for n in 0..5 {
        let mut record = Record::to(topic).value(n.to_string());
        if n == 2 {
            record = record.header("h", "1").null_header("h").header("", "");
        }
        deliveries.push(producer.send(record).await?);
    }
    let mut outcomes = Vec::new();
    for delivery in deliveries {
        outcomes.push(timeout(LIMIT, delivery).await?);
    }
    let with_headers = unless_too_old(outcomes.remove(2), "0.11")?;
    for outcome in outcomes {
        outcome?;
    }
    let expected: &[&str] = match with_headers {
        Some(_) => &["0", "1", "2", "3", "4"],
        None => &["0", "1", "3", "4"],
    };
    let read = ground.read(topic, expected.len()).await?;
    for (record, value) in read.iter().zip(expected) {
        ensure(record.value.as_deref() == Some(value.as_bytes()), || {
            format!("{value} is not at {}", record.offset)
        })?;
        let headers: Vec<_> = record
            .headers
            .iter()
            .map(|header| (header.key.as_str(), header.value.as_deref()))
            .collect();
        let wanted: &[(&str, Option<&[u8]>)] = match *value {
            "2" => &[("h", Some(b"1")), ("h", None), ("", Some(b""))],
            _ => &[],
        };
        ensure(headers == wanted, || format!("{value} has {headers:?}"))?;
    }
    Ok(match with_headers {
        Some(_) => Mark::Works,
        None => Mark::Refused,
    })
}

pub(super) async fn create_time(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "create-time";
    let producer = ground.producer().build().await?;
    let time = recent_ms();
    let record = Record::to(topic).value("v").timestamp_ms(time);
    timeout(LIMIT, producer.send(record).await?).await??;
    let read = ground.read_batches(topic, 1).await?;
    let kind = read.first().map(|batch| batch.timestamp_type());
    ensure(kind == Some(TimestampType::CreateTime), || {
        format!("{kind:?}")
    })?;
    match read.iter().flat_map(|batch| batch.records()).next() {
        Some(record) if record.timestamp() == time => Ok(Mark::Works),
        Some(record) if record.timestamp() == -1 => Ok(Mark::Lacks),
        record => Err(format!("{record:?} instead of {time}").into()),
    }
}

pub(super) async fn append_time(ground: &Ground) -> Result<Mark, BoxError> {
    let topic = "append-time";
    let new = NewTopic::new(topic, 1, 1).config("message.timestamp.type", "LogAppendTime");
    let made = ground.kafka.admin().create_topic(new).await;
    if unless_too_old(made, "0.10.1")?.is_none() {
        return Ok(Mark::Refused);
    }
    for codec in [Compression::None, Compression::Gzip] {
        let producer = ground.producer().compression(codec).build().await?;
        let time = recent_ms();
        let first = Record::to(topic).value("first").timestamp_ms(time);
        let second = Record::to(topic).value("second").timestamp_ms(time);
        let (first, second) = (producer.send(first).await?, producer.send(second).await?);
        let (first, second) = (
            timeout(LIMIT, first).await??,
            timeout(LIMIT, second).await??,
        );
        // In one batch or in two, as time will have it.
        let told = [first.timestamp, second.timestamp];
        ensure(told[0] > Some(time) && told[0] <= told[1], || {
            format!("acknowledged {told:?} for {time}")
        })?;
        let start = Start::Offset(first.offset.unwrap_or(0));
        let consumer = ground.kafka.consumer().assign_topic(topic, start);
        let mut consumer = consumer.build().await?;
        let read = batches(&mut consumer, 2).await?;
        for batch in &read {
            let kind = batch.timestamp_type();
            ensure(kind == TimestampType::LogAppendTime, || format!("{kind:?}"))?;
        }
        let records = read.iter().flat_map(|batch| batch.records());
        let kept: Vec<_> = records.map(|record| Some(record.timestamp())).collect();
        ensure(kept == told, || format!("{kept:?} instead of {told:?}"))?;
    }
    Ok(Mark::Works)
}

pub(super) async fn fewer_acks(ground: &Ground) -> Result<Mark, BoxError> {
    // A record that nobody confirms is lost if it comes before its leader is ready.
    let producer = ground.producer().acks(Acks::Leader).build().await?;
    let first = producer.send(Record::to("acks-0").value("v")).await?;
    timeout(LIMIT, first).await??;
    for (acks, topic, count) in [(Acks::None, "acks-0", 2), (Acks::Leader, "acks-1", 1)] {
        let producer = ground.producer().acks(acks).build().await?;
        let delivery = producer.send(Record::to(topic).value("v")).await?;
        let offset = timeout(LIMIT, delivery).await??.offset;
        ensure(offset.is_some() == (acks == Acks::Leader), || {
            format!("offset {offset:?} with {acks:?}")
        })?;
        let end = async || -> Result<i64, BoxError> {
            let consumer = ground.kafka.consumer().build().await?;
            Ok(consumer
                .end_offsets([(topic, 0)])
                .await?
                .into_values()
                .sum())
        };
        let until = deadline();
        while end().await? < count {
            ensure(clock::now() < until, || format!("too little in {topic}"))?;
            sleep(Duration::from_millis(100)).await;
        }
        ground.read(topic, usize::try_from(count)?).await?;
    }
    Ok(Mark::Works)
}

/// The default yields: records go, with numbers or without.
pub(super) async fn idempotence_by_default(ground: &Ground) -> Result<Mark, BoxError> {
    idempotent(ground, "by-default", Idempotence::Auto).await?;
    let initial = ground
        .kafka
        .router()
        .any_connection(kafka_net::Lane::Control, deadline());
    let known = initial
        .await?
        .api_versions()
        .range(kafka_protocol::ApiKey::InitProducerId);
    Ok(match known {
        Some(_) => Mark::Works,
        None => Mark::Lacks,
    })
}

pub(super) async fn idempotence_required(ground: &Ground) -> Result<Mark, BoxError> {
    idempotent(ground, "required", Idempotence::Required).await
}

async fn idempotent(ground: &Ground, topic: &str, mode: Idempotence) -> Result<Mark, BoxError> {
    let producer = ground.producer().idempotence(mode).build().await?;
    for value in ["a", "b", "c"] {
        // Refused either at once or later: the identity is asked for meanwhile.
        let outcome = match producer.send(Record::to(topic).value(value)).await {
            Ok(delivery) => timeout(LIMIT, delivery).await?,
            Err(error) => Err(error),
        };
        if unless_too_old(outcome, "0.11")?.is_none() {
            return Ok(Mark::Refused);
        }
    }
    ground.read(topic, 3).await?;
    Ok(Mark::Works)
}
