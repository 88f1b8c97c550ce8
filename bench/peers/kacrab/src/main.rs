//! kacrab: `send` hands back a future at once, all are awaited.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kacrab::common::TopicPartition;
use kacrab::consumer::Consumer;
use kacrab::producer::{Producer, ProducerRecord};
use peer_contract::{
    Acks, Check, Job, Latencies, Meter, Payload, Reading, Report, Role, open_loop,
};
use tokio::runtime::Runtime;

const VERSION: &str = "0.4.0";
/// Records without an outcome yet, per task.
const WINDOW: usize = 100_000;
/// The largest that its own documents measure with.
const BEST_BATCH_BYTES: usize = 128 * 1024;

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
        let (values, topic, part) = (values(job), topic(job), job.part(records, task));
        let producer = Arc::clone(producer);
        tasks.push(tokio::spawn(async move {
            let mut sent = Vec::with_capacity(WINDOW);
            for n in 0..part as usize {
                let value = values[n % values.len()].clone();
                sent.push(producer.send(ProducerRecord::topic_value(Arc::clone(&topic), value))?);
                if sent.len() == WINDOW {
                    for one in sent.drain(..WINDOW / 2) {
                        one.await?;
                    }
                }
            }
            for one in sent {
                one.await?;
            }
            Ok::<(), kacrab::producer::ProducerError>(())
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
    for task in 0..job.tasks {
        let settings = [
            ("bootstrap.servers", job.bootstrap.as_str()),
            ("auto.offset.reset", "earliest"),
            ("enable.auto.commit", "false"),
        ];
        let mut consumer = Consumer::from_map(settings).await.map_err(said)?;
        let share = job.share(task).into_iter();
        let share = share.map(|partition| TopicPartition::new(job.topic.clone(), partition));
        consumer.assign(share).map_err(said)?;
        let (records, reading) = (job.share_records(task), Arc::clone(&reading));
        tasks.push(tokio::spawn(async move {
            read(consumer, records, &reading).await
        }));
    }
    let mut check = Check::default();
    for task in tasks {
        check.add(task.await.map_err(said)?.map_err(said)?);
    }
    Ok(reading
        .report(job, VERSION, check)?
        .setting("max.poll.records", 500)
        .setting("check.crcs", true)
        .setting("reads", "owned records"))
}

async fn read(
    mut consumer: Consumer,
    records: u64,
    reading: &Reading,
) -> Result<Check, kacrab::consumer::ConsumerError> {
    let mut check = Check::default();
    while check.records < records {
        let polled = consumer.poll(Duration::from_secs(1)).await?;
        for record in &polled {
            reading.arrived();
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
    let (values, topic, latencies) = (values(job), topic(job), Latencies::of(job.records));
    let _inside = runtime.enter();
    let meter = Meter::start();
    let late = open_loop(job.rate, job.records, |n, due| {
        let value = values[n as usize % values.len()].clone();
        let record = ProducerRecord::topic_value(Arc::clone(&topic), value);
        let sent = producer.send(record).map_err(said)?;
        let latencies = latencies.clone();
        runtime.spawn(async move {
            if sent.await.is_ok() {
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
    let mut builder = Producer::builder()
        .set("bootstrap.servers", job.bootstrap.as_str())
        .set("acks", job.acks.name())
        .set("enable.idempotence", flag(job.acks == Acks::All))
        .set("compression.type", job.codec.name());
    let numbers = [
        ("linger.ms", job.linger_ms),
        (
            "batch.size",
            job.setting(job.batch_bytes, BEST_BATCH_BYTES)
                .map(|it| it as u64),
        ),
        (
            "max.in.flight.requests.per.connection",
            job.in_flight.map(|it| it as u64),
        ),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            builder = builder.set(name, number.to_string());
        }
    }
    builder.build().await.map_err(said)
}

fn settings(job: &Job, report: Report) -> Report {
    let bytes = job
        .setting(job.batch_bytes, BEST_BATCH_BYTES)
        .unwrap_or(16_384);
    report
        .setting("acks", job.acks.name())
        .setting("idempotence", job.acks == Acks::All)
        .setting("linger", format!("{} ms", job.linger_ms.unwrap_or(5)))
        .setting("batch bytes", bytes)
        .setting("in flight", job.in_flight.unwrap_or(5))
        .setting("codec", job.codec.name())
}

fn topic(job: &Job) -> Arc<str> {
    Arc::from(job.topic.as_str())
}

fn values(job: &Job) -> Vec<Bytes> {
    Payload::of(job)
        .values()
        .map(Bytes::copy_from_slice)
        .collect()
}

fn flag(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
