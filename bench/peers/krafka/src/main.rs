//! krafka: records are enqueued, their handles awaited later, as its documents advise
//! for throughput.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use krafka::consumer::{AutoOffsetReset, Consumer};
use krafka::producer::{Acks, Producer};
use krafka::{Compression, Kafka, Record};
use peer_contract::{
    Check, Codec, Job, Latencies, Meter, Mode, Payload, Reading, Report, Role, open_loop,
};
use tokio::runtime::Runtime;

const VERSION: &str = "0.28.1";
/// Records without an outcome yet, per task.
const WINDOW: usize = 100_000;
/// Batches of 64 KiB: the example of its page on performance.
const BEST_BATCH_BYTES: usize = 64 * 1024;
/// Records of one poll, and read ahead: four times as many, as on that page.
const BEST_POLL_RECORDS: i32 = 10_000;

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
    let producer = Arc::new(producer(job).await?);
    if job.warmup > 0 {
        send_all(job, &producer, job.warmup).await?;
    }
    let meter = Meter::start();
    send_all(job, &producer, job.records).await?;
    let report = Report::new(VERSION, &meter, job.records, job.records * job.size as u64);
    Ok(settings(job, report).setting("window", WINDOW))
}

async fn send_all(job: &Job, producer: &Arc<Producer>, records: u64) -> Result<(), String> {
    let mut tasks = Vec::new();
    for task in 0..job.tasks {
        let (values, topic, part) = (values(job), job.topic.clone(), job.part(records, task));
        let producer = Arc::clone(producer);
        tasks.push(tokio::spawn(async move {
            let mut handles = Vec::with_capacity(WINDOW);
            for n in 0..part as usize {
                let value = values[n % values.len()].clone();
                handles.push(producer.enqueue(Record::new(topic.as_str(), value)).await?);
                if handles.len() == WINDOW {
                    for handle in handles.drain(..WINDOW / 2) {
                        let _acknowledged = handle.await?;
                    }
                }
            }
            for handle in handles {
                let _acknowledged = handle.await?;
            }
            Ok::<(), krafka::KrafkaError>(())
        }));
    }
    for task in tasks {
        task.await.map_err(said)?.map_err(said)?;
    }
    Ok(())
}

async fn consume(job: &Job) -> Result<Report, String> {
    let reading = Reading::begin();
    let kafka = Kafka::builder(job.bootstrap.clone())
        .connect()
        .await
        .map_err(said)?;
    let mut tasks = Vec::new();
    for task in 0..job.tasks {
        let mut builder = kafka
            .consumer_without_group()
            .auto_offset_reset(AutoOffsetReset::Earliest);
        if job.mode == Mode::Best {
            builder = builder
                .max_poll_records(BEST_POLL_RECORDS)
                .max_buffered_records(4 * BEST_POLL_RECORDS);
        }
        let consumer = builder.build().await.map_err(said)?;
        consumer
            .assign(&job.topic, job.share(task))
            .await
            .map_err(said)?;
        let (records, reading) = (job.share_records(task), Arc::clone(&reading));
        tasks.push(tokio::spawn(async move {
            read(&consumer, records, &reading).await
        }));
    }
    let mut check = Check::default();
    for task in tasks {
        check.add(task.await.map_err(said)?.map_err(said)?);
    }
    let records = if job.mode == Mode::Best {
        BEST_POLL_RECORDS
    } else {
        500
    };
    Ok(reading
        .report(job, VERSION, check)?
        .setting("max.poll.records", records)
        .setting("reads", "owned records"))
}

async fn read(
    consumer: &Consumer,
    records: u64,
    reading: &Reading,
) -> Result<Check, krafka::KrafkaError> {
    let mut check = Check::default();
    while check.records < records {
        let polled = consumer.poll(Duration::from_secs(1)).await?;
        if !polled.is_empty() {
            reading.arrived();
        }
        for record in &polled {
            check.read(record.value.as_deref().unwrap_or_default());
        }
    }
    Ok(check)
}

fn latency(job: &Job, runtime: &Runtime) -> Result<Report, String> {
    let producer = Arc::new(runtime.block_on(producer(job))?);
    if job.warmup > 0 {
        runtime.block_on(send_all(job, &producer, job.warmup))?;
    }
    let (values, latencies) = (values(job), Latencies::of(job.records));
    let meter = Meter::start();
    let late = open_loop(job.rate, job.records, |n, due| {
        let value = values[n as usize % values.len()].clone();
        let record = Record::new(job.topic.as_str(), value);
        let handle = runtime.block_on(producer.enqueue(record)).map_err(said)?;
        let latencies = latencies.clone();
        runtime.spawn(async move {
            if handle.await.is_ok() {
                latencies.acknowledged(n, due);
            }
        });
        Ok(())
    })?;
    latencies.wait()?;
    let report = Report::new(VERSION, &meter, job.records, job.records * job.size as u64);
    Ok(settings(job, report).latency(&latencies, late))
}

async fn producer(job: &Job) -> Result<Producer, String> {
    let kafka = Kafka::builder(job.bootstrap.clone())
        .connect()
        .await
        .map_err(said)?;
    let mut builder = kafka
        .producer()
        .acks(match job.acks {
            peer_contract::Acks::All => Acks::All,
            peer_contract::Acks::Leader => Acks::Leader,
            peer_contract::Acks::None => Acks::None,
        })
        .idempotent(job.acks == peer_contract::Acks::All)
        .compression(match job.codec {
            Codec::None => Compression::None,
            Codec::Gzip => Compression::Gzip,
            Codec::Snappy => Compression::Snappy,
            Codec::Lz4 => Compression::Lz4,
            Codec::Zstd => Compression::Zstd,
        });
    if job.in_flight.is_some() {
        return Err("krafka has no setting for requests in flight".to_owned());
    }
    if let Some(linger) = job.linger_ms {
        builder = builder.linger(Duration::from_millis(linger));
    }
    if let Some(bytes) = job.setting(job.batch_bytes, BEST_BATCH_BYTES) {
        builder = builder.batch_size(bytes);
    }
    builder.build().await.map_err(said)
}

fn settings(job: &Job, report: Report) -> Report {
    let bytes = job
        .setting(job.batch_bytes, BEST_BATCH_BYTES)
        .unwrap_or(16_384);
    report
        .setting("acks", job.acks.name())
        .setting("idempotence", job.acks == peer_contract::Acks::All)
        .setting("linger", format!("{} ms", job.linger_ms.unwrap_or(5)))
        .setting("batch bytes", bytes)
        .setting("in flight", "5")
        .setting("codec", job.codec.name())
}

fn values(job: &Job) -> Vec<Bytes> {
    Payload::of(job)
        .values()
        .map(Bytes::copy_from_slice)
        .collect()
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
