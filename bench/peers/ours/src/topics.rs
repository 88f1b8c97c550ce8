//! The topics that the peers produce to and consume from.
//!
//! `peer-topics create|fill|end|delete` and then the arguments of a peer program: creates
//! the topic, fills it with records for consuming, prints how many records it has, or
//! deletes it.

use std::process::ExitCode;
use std::time::Duration;

use kafka_client::{Compression, Kafka, NewTopic, RecordRef};
use peer_contract::{Job, Payload};

/// Records without an outcome yet.
const WINDOW: usize = 50_000;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<String, String> {
    let mut arguments = std::env::args().skip(1);
    let action = arguments.next().unwrap_or_default();
    let job = Job::parse(std::iter::once("produce".to_owned()).chain(arguments))?;
    let kafka = Kafka::builder(&job.bootstrap)
        .connect()
        .await
        .map_err(said)?;
    match action.as_str() {
        "create" => {
            let topic = NewTopic::new(&job.topic, job.partitions, 1);
            kafka.admin().create_topic(topic).await.map_err(said)?;
            Ok(job.topic)
        }
        "delete" => {
            kafka.admin().delete_topic(&job.topic).await.map_err(said)?;
            Ok(job.topic)
        }
        "fill" => fill(&job, &kafka).await.map_err(said),
        "end" => {
            let consumer = kafka.consumer().build().await.map_err(said)?;
            let partitions = (0..job.partitions).map(|at| (job.topic.as_str(), at));
            let ends = consumer.end_offsets(partitions).await.map_err(said)?;
            Ok(ends.values().sum::<i64>().to_string())
        }
        _ => Err(format!("create, fill, end or delete, not {action:?}")),
    }
}

/// Record `n` goes to partition `n % partitions`, in batches of `--batch-bytes`.
async fn fill(job: &Job, kafka: &Kafka) -> Result<String, kafka_client::Error> {
    let codec: Compression = job.codec.name().parse().unwrap_or(Compression::None);
    let bytes = job.batch_bytes.unwrap_or(16 * 1024);
    let producer = kafka
        .producer()
        .compression(codec)
        .linger(Duration::from_millis(100))
        .batch_size(bytes)
        .max_request_size(bytes.max(1024 * 1024))
        .build()
        .await?;
    let mut topic = producer.topic(&job.topic).await?;
    let payload = Payload::of(job);
    let mut deliveries = Vec::with_capacity(WINDOW);
    for n in 0..job.records {
        let partition = i32::try_from(n % job.partitions.unsigned_abs() as u64).unwrap_or(0);
        let record = RecordRef::value(payload.value(n)).with_partition(partition);
        deliveries.push(topic.send(record).await?);
        if deliveries.len() == WINDOW {
            for delivery in deliveries.drain(..WINDOW / 2) {
                delivery.await?;
            }
        }
    }
    for delivery in deliveries {
        delivery.await?;
    }
    let batches = producer.metrics().batches_sent;
    producer.close(Duration::from_secs(30)).await?;
    Ok(format!("{} records in {batches} batches", job.records))
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
