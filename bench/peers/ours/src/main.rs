//! This project's kafka-client.
//!
//! Variants: `batch` hands records over by `send_batch`, `owned` consumes owned records
//! instead of batches.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use kafka_client::{
    Acks, Assignment, Compression, Consumer, Delivery, Kafka, Producer, RecordRef, Start,
    TopicProducer,
};
use peer_contract::{Check, Job, Latencies, Meter, Payload, Reading, Report, Role, open_loop};
use tokio::runtime::Runtime;

/// Records without an outcome yet, per task.
const WINDOW: usize = 100_000;
/// Records handed over at once by `batch`.
const RUN: u64 = 512;
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub fn main() -> ExitCode {
    peer_contract::main(|job| {
        let runtime = Runtime::new().map_err(said)?;
        match job.role {
            Role::Produce => runtime.block_on(produce(job)),
            Role::Consume => runtime.block_on(consume(job)),
            Role::Latency => latency(job, &runtime),
        }
    })
}

async fn produce(job: &Job) -> Result<Report, String> {
    let kafka = connect(job).await?;
    let producer = producer(job, &kafka).await?;
    if job.warmup > 0 {
        send_all(job, &producer, job.warmup).await?;
    }
    let meter = Meter::start();
    send_all(job, &producer, job.records).await?;
    let bytes = job.records * job.size as u64;
    let report = Report::new(VERSION, &meter, job.records, bytes);
    Ok(settings(report, &producer).setting("window", WINDOW))
}

async fn send_all(job: &Job, producer: &Producer, records: u64) -> Result<(), String> {
    let mut tasks = Vec::new();
    for task in 0..job.tasks {
        let topic = producer.topic(&job.topic).await.map_err(said)?;
        let (payload, part) = (Payload::of(job), job.part(records, task));
        let in_runs = job.variant == "batch";
        tasks.push(tokio::spawn(async move {
            if in_runs {
                send_runs(topic, &payload, part).await
            } else {
                send_each(topic, &payload, part).await
            }
        }));
    }
    for task in tasks {
        task.await.map_err(said)?.map_err(said)?;
    }
    Ok(())
}

async fn send_each(
    mut topic: TopicProducer,
    payload: &Payload,
    records: u64,
) -> Result<(), kafka_client::Error> {
    let mut deliveries = Vec::with_capacity(WINDOW);
    for n in 0..records {
        deliveries.push(topic.send(RecordRef::value(payload.value(n))).await?);
        if deliveries.len() == WINDOW {
            await_some(&mut deliveries, WINDOW / 2).await?;
        }
    }
    let rest = deliveries.len();
    await_some(&mut deliveries, rest).await
}

async fn send_runs(
    mut topic: TopicProducer,
    payload: &Payload,
    records: u64,
) -> Result<(), kafka_client::Error> {
    let mut deliveries = Vec::with_capacity(WINDOW + RUN as usize);
    let mut run = Vec::with_capacity(RUN as usize);
    for first in (0..records).step_by(RUN as usize) {
        run.clear();
        let numbers = first..records.min(first + RUN);
        run.extend(numbers.map(|n| RecordRef::value(payload.value(n))));
        topic.send_batch(&run, &mut deliveries).await?;
        if deliveries.len() >= WINDOW {
            await_some(&mut deliveries, WINDOW / 2).await?;
        }
    }
    let rest = deliveries.len();
    await_some(&mut deliveries, rest).await
}

async fn await_some(
    deliveries: &mut Vec<Delivery>,
    count: usize,
) -> Result<(), kafka_client::Error> {
    for delivery in deliveries.drain(..count) {
        delivery.await?;
    }
    Ok(())
}

async fn consume(job: &Job) -> Result<Report, String> {
    let reading = Reading::begin();
    let kafka = connect(job).await?;
    let owned = job.variant == "owned";
    let mut tasks = Vec::new();
    for task in 0..job.tasks {
        let share = job.share(task).into_iter();
        let assigned =
            share.map(|partition| Assignment::new(job.topic.clone(), partition, Start::Earliest));
        let consumer = kafka
            .consumer()
            .assign(assigned)
            .build()
            .await
            .map_err(said)?;
        let (records, reading) = (job.share_records(task), Arc::clone(&reading));
        tasks.push(tokio::spawn(async move {
            if owned {
                read_records(consumer, records, &reading).await
            } else {
                read_batches(consumer, records, &reading).await
            }
        }));
    }
    let mut check = Check::default();
    for task in tasks {
        check.add(task.await.map_err(said)?.map_err(said)?);
    }
    let report = reading.report(job, VERSION, check)?;
    let config = format!("{:?}", kafka.consumer());
    let config = |name: &str| debug_field(&config, name);
    Ok(report
        .setting("reads", if owned { "owned records" } else { "batches" })
        .setting("fetch.min.bytes", config("fetch_min_bytes"))
        .setting("fetch.max.bytes", config("fetch_max_bytes"))
        .setting("partition fetch bytes", config("partition_fetch_bytes"))
        .setting("prefetch bytes", config("prefetch_bytes"))
        .setting("check.crcs", config("check_crcs")))
}

async fn read_batches(
    mut consumer: Consumer,
    records: u64,
    reading: &Reading,
) -> Result<Check, kafka_client::Error> {
    let mut check = Check::default();
    while check.records < records {
        let Some(batch) = consumer.next_batch().await? else {
            break;
        };
        reading.arrived();
        for record in &batch {
            check.read(record.value().unwrap_or_default());
        }
    }
    Ok(check)
}

async fn read_records(
    mut consumer: Consumer,
    records: u64,
    reading: &Reading,
) -> Result<Check, kafka_client::Error> {
    let mut check = Check::default();
    while check.records < records {
        let Some(record) = consumer.next_record().await? else {
            break;
        };
        reading.arrived();
        check.read(record.value.as_deref().unwrap_or_default());
    }
    Ok(check)
}

fn latency(job: &Job, runtime: &Runtime) -> Result<Report, String> {
    let kafka = runtime.block_on(connect(job))?;
    let producer = runtime.block_on(producer(job, &kafka))?;
    let mut topic = runtime.block_on(producer.topic(&job.topic)).map_err(said)?;
    if job.warmup > 0 {
        runtime.block_on(send_all(job, &producer, job.warmup))?;
    }
    let payload = Payload::of(job);
    let latencies = Latencies::of(job.records);
    let meter = Meter::start();
    let late = open_loop(job.rate, job.records, |n, due| {
        let sent = runtime.block_on(topic.send(RecordRef::value(payload.value(n))));
        let delivery = sent.map_err(said)?;
        let latencies = latencies.clone();
        runtime.spawn(async move {
            if delivery.await.is_ok() {
                latencies.acknowledged(n, due);
            }
        });
        Ok(())
    })?;
    latencies.wait()?;
    let bytes = job.records * job.size as u64;
    let report = Report::new(VERSION, &meter, job.records, bytes).latency(&latencies, late);
    Ok(settings(report, &producer))
}

async fn connect(job: &Job) -> Result<Kafka, String> {
    let builder = Kafka::builder(&job.bootstrap).client_id("peer-ours");
    builder.connect().await.map_err(said)
}

async fn producer(job: &Job, kafka: &Kafka) -> Result<Producer, String> {
    let acks = match job.acks {
        peer_contract::Acks::All => Acks::All,
        peer_contract::Acks::Leader => Acks::Leader,
        peer_contract::Acks::None => Acks::None,
    };
    let codec: Compression = job.codec.name().parse().map_err(said)?;
    let mut builder = kafka.producer().acks(acks).compression(codec);
    // Its defaults are its best.
    if let Some(linger) = job.linger_ms {
        builder = builder.linger(Duration::from_millis(linger));
    }
    if let Some(bytes) = job.batch_bytes {
        let request = bytes.max(1024 * 1024);
        builder = builder.batch_size(bytes).max_request_size(request);
    }
    if let Some(requests) = job.in_flight {
        builder = builder.max_in_flight(requests);
    }
    builder.build().await.map_err(said)
}

fn settings(report: Report, producer: &Producer) -> Report {
    let config = format!("{:?}", producer.config());
    let config = |name: &str| debug_field(&config, name);
    report
        .setting("acks", config("acks"))
        .setting("idempotence", config("idempotence"))
        .setting("linger", config("linger"))
        .setting("batch bytes", config("batch_size"))
        .setting("request bytes", config("max_request_size"))
        .setting("in flight", config("max_in_flight"))
        .setting("codec", config("compression"))
        .setting("buffer bytes", config("buffer_memory"))
}

/// The field of a structure as it is shown for debugging: settings have no other way
/// out, and a parity sheet is for people.
fn debug_field(shown: &str, name: &str) -> String {
    let start = shown.find(&format!("{name}: "));
    let rest = start.map_or("?", |start| &shown[start + name.len() + 2..]);
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    rest[..end].trim().to_owned()
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
