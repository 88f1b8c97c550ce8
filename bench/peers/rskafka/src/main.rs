//! rskafka: it gathers no records by itself at full speed (its batch producer costs a
//! future for each), so the batches are the caller's, one under way per partition.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use peer_contract::{
    Acks, Check, Codec, Job, Latencies, Meter, Payload, Reading, Report, Role, open_loop,
};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::producer::BatchProducerBuilder;
use rskafka::client::producer::aggregator::RecordAggregator;
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::Record;
use tokio::runtime::Runtime;

const VERSION: &str = "0.6.0";
/// Bytes of the batches that the caller makes, where none are given.
const BATCH_BYTES: usize = 16 * 1024;
const BEST_BATCH_BYTES: usize = 950_000;
/// As its own stream of records asks for.
const FETCH_MAX_BYTES: i32 = 52_428_800;
const FETCH_MAX_WAIT_MS: i32 = 500;

pub fn main() -> ExitCode {
    peer_contract::main(|job| {
        if job.acks != Acks::All {
            return Err("rskafka knows acks=all only".to_owned());
        }
        let runtime = Runtime::new().map_err(said)?;
        match job.role {
            Role::Produce => runtime.block_on(produce(job)),
            Role::Consume => runtime.block_on(consume(job)),
            Role::Latency => latency(job, &runtime),
        }
    })
}

async fn produce(job: &Job) -> Result<Report, String> {
    if job.in_flight.is_some() || job.linger_ms.is_some() {
        return Err("rskafka has no setting for linger or requests in flight".to_owned());
    }
    let partitions = partitions(job).await?;
    if job.warmup > 0 {
        send_all(job, &partitions, job.warmup).await?;
    }
    let meter = Meter::start();
    send_all(job, &partitions, job.records).await?;
    let report = Report::new(VERSION, &meter, job.records, job.records * job.size as u64);
    Ok(settings(job, report).setting("batches", "made by the caller"))
}

/// Each partition has a task of its own, whatever `--tasks` says: a client of a partition
/// sends one request at a time.
async fn send_all(
    job: &Job,
    partitions: &[Arc<PartitionClient>],
    records: u64,
) -> Result<(), String> {
    let batch = (batch_bytes(job) / (job.size + 10)).max(1) as u64;
    let mut tasks = Vec::new();
    for (at, partition) in partitions.iter().enumerate() {
        let count = partitions.len() as u64;
        let part = records / count + u64::from((at as u64) < records % count);
        let (payload, codec) = (Payload::of(job), codec(job.codec));
        let partition = Arc::clone(partition);
        tasks.push(tokio::spawn(async move {
            for first in (0..part).step_by(batch as usize) {
                let numbers = first..part.min(first + batch);
                let records = numbers.map(|n| record(payload.value(n))).collect();
                partition.produce(records, codec).await?;
            }
            Ok::<(), rskafka::client::error::Error>(())
        }));
    }
    for task in tasks {
        task.await.map_err(said)?.map_err(said)?;
    }
    Ok(())
}

async fn consume(job: &Job) -> Result<Report, String> {
    let reading = Reading::begin();
    let mut tasks = Vec::new();
    let count = u64::try_from(job.partitions).unwrap_or(1);
    for (at, partition) in partitions(job).await?.into_iter().enumerate() {
        let records = job.records / count + u64::from((at as u64) < job.records % count);
        let reading = Arc::clone(&reading);
        tasks.push(tokio::spawn(async move {
            let (mut check, mut offset) = (Check::default(), 0);
            while check.records < records {
                let wanted = 1..FETCH_MAX_BYTES;
                let (read, _) = partition
                    .fetch_records(offset, wanted, FETCH_MAX_WAIT_MS)
                    .await?;
                for one in &read {
                    reading.arrived();
                    check.read(one.record.value.as_deref().unwrap_or_default());
                    offset = one.offset + 1;
                }
            }
            Ok::<_, rskafka::client::error::Error>(check)
        }));
    }
    let mut check = Check::default();
    for task in tasks {
        check.add(task.await.map_err(said)?.map_err(said)?);
    }
    Ok(reading
        .report(job, VERSION, check)?
        .setting("fetch.max.bytes", FETCH_MAX_BYTES)
        .setting("tasks", "one a partition")
        .setting("reads", "owned records"))
}

fn latency(job: &Job, runtime: &Runtime) -> Result<Report, String> {
    let partitions = runtime.block_on(partitions(job))?;
    if job.warmup > 0 {
        runtime.block_on(send_all(job, &partitions, job.warmup))?;
    }
    let linger = Duration::from_millis(job.linger_ms.unwrap_or(5));
    let gathering = partitions.into_iter().map(|partition| {
        let builder = BatchProducerBuilder::new(partition).with_linger(linger);
        let builder = builder.with_compression(codec(job.codec));
        Arc::new(builder.build(RecordAggregator::new(BEST_BATCH_BYTES)))
    });
    let gathering: Vec<_> = gathering.collect();
    let (payload, latencies) = (Payload::of(job), Latencies::of(job.records));
    let meter = Meter::start();
    let late = open_loop(job.rate, job.records, |n, due| {
        let producer = Arc::clone(&gathering[n as usize % gathering.len()]);
        let (record, latencies) = (record(payload.value(n)), latencies.clone());
        runtime.spawn(async move {
            if producer.produce(record).await.is_ok() {
                latencies.acknowledged(n, due);
            }
        });
        Ok(())
    })?;
    latencies.wait()?;
    let report = Report::new(VERSION, &meter, job.records, job.records * job.size as u64);
    Ok(settings(job, report)
        .setting("linger", format!("{} ms", linger.as_millis()))
        .latency(&latencies, late))
}

async fn partitions(job: &Job) -> Result<Vec<Arc<PartitionClient>>, String> {
    let client: Client = ClientBuilder::new(vec![job.bootstrap.clone()])
        .build()
        .await
        .map_err(said)?;
    let mut partitions = Vec::new();
    for partition in 0..job.partitions {
        let topic = job.topic.clone();
        let client = client.partition_client(topic, partition, UnknownTopicHandling::Retry);
        partitions.push(Arc::new(client.await.map_err(said)?));
    }
    Ok(partitions)
}

fn settings(job: &Job, report: Report) -> Report {
    report
        .setting("acks", "all")
        .setting("idempotence", "none")
        .setting("batch bytes", batch_bytes(job))
        .setting("in flight", "1 a partition")
        .setting("codec", job.codec.name())
}

fn batch_bytes(job: &Job) -> usize {
    job.setting(job.batch_bytes, BEST_BATCH_BYTES)
        .unwrap_or(BATCH_BYTES)
}

fn record(value: &[u8]) -> Record {
    Record {
        key: None,
        value: Some(value.to_vec()),
        headers: BTreeMap::new(),
        timestamp: Utc::now(),
    }
}

fn codec(codec: Codec) -> Compression {
    match codec {
        Codec::None => Compression::NoCompression,
        Codec::Gzip => Compression::Gzip,
        Codec::Snappy => Compression::Snappy,
        Codec::Lz4 => Compression::Lz4,
        Codec::Zstd => Compression::Zstd,
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
