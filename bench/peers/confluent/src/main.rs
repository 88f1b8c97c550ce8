//! confluent-kafka, the Rust client of that name: borrowed records, which it calls its
//! path without copies, and futures that are all awaited.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use confluent_kafka::common::serialization::{ByteArrayDeserializer, ByteArraySerializer};
use confluent_kafka::common::{Error, TopicPartition};
use confluent_kafka::consumer::{Consumer, ConsumerConfig, KafkaConsumer};
use confluent_kafka::producer::{KafkaProducer, ProducerConfig, ProducerRecord};
use peer_contract::{
    Acks, Check, Job, Latencies, Meter, Payload, Reading, Report, Role, open_loop,
};
use tokio::runtime::Runtime;

const VERSION: &str = "1.0.0";
/// Records without an outcome yet, per task.
const WINDOW: usize = 100_000;
/// The largest batch that a broker takes without being told otherwise.
const BEST_BATCH_BYTES: usize = 1_000_000;

type ByteProducer = KafkaProducer<Vec<u8>, Vec<u8>>;
type ByteConsumer = KafkaConsumer<Vec<u8>, Vec<u8>>;

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
    let producer = Arc::new(producer(job)?);
    if job.warmup > 0 {
        send_all(job, &producer, job.warmup).await?;
    }
    let meter = Meter::start();
    send_all(job, &producer, job.records).await?;
    let report = Report::new(VERSION, &meter, job.records, job.records * job.size as u64);
    Ok(settings(job, report).setting("window", WINDOW))
}

async fn send_all(job: &Job, producer: &Arc<ByteProducer>, records: u64) -> Result<(), String> {
    let mut tasks = Vec::new();
    for task in 0..job.tasks {
        let (payload, topic, part) = (Payload::of(job), job.topic.clone(), job.part(records, task));
        let producer = Arc::clone(producer);
        tasks.push(tokio::spawn(async move {
            let mut sent = Vec::with_capacity(WINDOW);
            for n in 0..part {
                let record = ProducerRecord::new(topic.clone(), Some(payload.value(n)));
                sent.push(producer.send(record, None).await?);
                if sent.len() == WINDOW {
                    for one in sent.drain(..WINDOW / 2) {
                        one.get().await?;
                    }
                }
            }
            for one in sent {
                one.get().await?;
            }
            Ok::<(), Error>(())
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
        let settings = properties(&[
            ("bootstrap.servers", job.bootstrap.clone()),
            ("auto.offset.reset", "earliest".to_owned()),
            ("enable.auto.commit", "false".to_owned()),
            ("group.protocol", "consumer".to_owned()),
        ]);
        let config = ConsumerConfig::new(&settings).map_err(said)?;
        let (keys, values) = (
            ByteArrayDeserializer::default(),
            ByteArrayDeserializer::default(),
        );
        let mut consumer = ByteConsumer::new(config, keys, values).map_err(said)?;
        let share = job.share(task).into_iter();
        let share = share.map(|partition| TopicPartition::new(job.topic.clone(), partition));
        consumer.assign(share.collect()).await.map_err(said)?;
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

async fn read(mut consumer: ByteConsumer, records: u64, reading: &Reading) -> Result<Check, Error> {
    let mut check = Check::default();
    while check.records < records {
        let polled = consumer.poll(Duration::from_secs(1)).await?;
        for record in &polled {
            reading.arrived();
            check.read(record.value().map_or(&[], Vec::as_slice));
        }
    }
    Ok(check)
}

fn latency(job: &Job, runtime: &Runtime) -> Result<Report, String> {
    let inside = runtime.enter();
    let producer = Arc::new(producer(job)?);
    drop(inside);
    if job.warmup > 0 {
        runtime.block_on(send_all(job, &producer, job.warmup))?;
    }
    let (payload, latencies) = (Payload::of(job), Latencies::of(job.records));
    let meter = Meter::start();
    let late = open_loop(job.rate, job.records, |n, due| {
        let record = ProducerRecord::new(job.topic.clone(), Some(payload.value(n)));
        let sent = runtime
            .block_on(producer.send(record, None))
            .map_err(said)?;
        let latencies = latencies.clone();
        runtime.spawn(async move {
            if sent.get().await.is_ok() {
                latencies.acknowledged(n, due);
            }
        });
        Ok(())
    })?;
    latencies.wait()?;
    let report = Report::new(VERSION, &meter, job.records, job.records * job.size as u64);
    Ok(settings(job, report).latency(&latencies, late))
}

fn producer(job: &Job) -> Result<ByteProducer, String> {
    let mut settings = vec![
        ("bootstrap.servers", job.bootstrap.clone()),
        ("acks", job.acks.name().to_owned()),
        ("enable.idempotence", (job.acks == Acks::All).to_string()),
        ("compression.type", job.codec.name().to_owned()),
    ];
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
    let given = numbers
        .into_iter()
        .filter_map(|(name, it)| Some((name, it?.to_string())));
    settings.extend(given);
    let config = ProducerConfig::new(&properties(&settings)).map_err(said)?;
    ByteProducer::new(
        config,
        ByteArraySerializer::default(),
        ByteArraySerializer::default(),
    )
    .map_err(said)
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

fn properties(settings: &[(&str, String)]) -> HashMap<String, String> {
    let owned = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    owned.collect()
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
