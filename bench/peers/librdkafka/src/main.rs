//! librdkafka through rdkafka's `BaseProducer` and `BaseConsumer`, the thinnest there is
//! over it: delivery reports are counted by a callback, without a future for each.
//!
//! Variant `idempotent` switches idempotence on, which librdkafka leaves off.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use peer_contract::{
    Check, Job, Latencies, Meter, Mode, Payload, Reading, Report, Role, open_loop,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{
    BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer,
};
use rdkafka::{ClientConfig, ClientContext, Message, Offset, TopicPartitionList};

/// How often the sending threads ask for delivery reports, in records.
const REPORTS_EVERY: u64 = 1_000;
/// Its introduction's advice for throughput: a longer linger and room for more.
const BEST_LINGER_MS: u64 = 50;
const BEST_QUEUE: &str = "1000000";

pub fn main() -> ExitCode {
    peer_contract::main(|job| match job.role {
        Role::Produce => produce(job),
        Role::Consume => consume(job),
        Role::Latency => latency(job),
    })
}

/// Counts what is delivered.
#[derive(Default)]
struct Counts {
    delivered: AtomicU64,
    failed: AtomicU64,
}

impl ClientContext for Counts {}

impl ProducerContext for Counts {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let counter = if result.is_ok() {
            &self.delivered
        } else {
            &self.failed
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn produce(job: &Job) -> Result<Report, String> {
    let producer: BaseProducer<Counts> = producer_config(job)
        .create_with_context(Counts::default())
        .map_err(said)?;
    let producer = Arc::new(producer);
    if job.warmup > 0 {
        send_all(job, &producer, 0, job.warmup)?;
    }
    let meter = Meter::start();
    send_all(job, &producer, job.warmup, job.records)?;
    let report = Report::new(
        version(),
        &meter,
        job.records,
        job.records * job.size as u64,
    );
    Ok(settings(job, report))
}

/// `before` have been delivered already.
fn send_all(
    job: &Job,
    producer: &Arc<BaseProducer<Counts>>,
    before: u64,
    records: u64,
) -> Result<(), String> {
    let mut threads = Vec::new();
    for task in 0..job.tasks {
        let (payload, topic, part) = (Payload::of(job), job.topic.clone(), job.part(records, task));
        let producer = Arc::clone(producer);
        threads.push(thread::spawn(move || {
            for n in 0..part {
                send(&producer, &topic, payload.value(n))?;
                if n % REPORTS_EVERY == 0 {
                    producer.poll(Duration::ZERO);
                }
            }
            Ok::<(), String>(())
        }));
    }
    for thread in threads {
        thread.join().map_err(|_| "a sending thread panicked")??;
    }
    let counts = producer.context();
    loop {
        let delivered = counts.delivered.load(Ordering::Relaxed);
        let failed = counts.failed.load(Ordering::Relaxed);
        if failed > 0 {
            return Err(format!("{failed} records failed"));
        }
        if delivered == before + records {
            return Ok(());
        }
        producer.poll(Duration::from_millis(10));
    }
}

fn send(producer: &BaseProducer<Counts>, topic: &str, value: &[u8]) -> Result<(), String> {
    let mut record = BaseRecord::<(), [u8]>::to(topic).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                producer.poll(Duration::from_millis(10));
            }
            Err((error, _)) => return Err(said(error)),
        }
    }
}

fn consume(job: &Job) -> Result<Report, String> {
    let reading = Reading::begin();
    let mut threads = Vec::new();
    for task in 0..job.tasks {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &job.bootstrap)
            // Asked for by its interface; nothing is committed and no group joined.
            .set("group.id", "peer-librdkafka")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest");
        if job.mode == Mode::Best {
            config
                .set("queued.min.messages", BEST_QUEUE)
                .set("fetch.queue.backoff.ms", "0");
        }
        let consumer: BaseConsumer = config.create().map_err(said)?;
        let mut partitions = TopicPartitionList::new();
        for partition in job.share(task) {
            partitions
                .add_partition_offset(&job.topic, partition, Offset::Beginning)
                .map_err(said)?;
        }
        consumer.assign(&partitions).map_err(said)?;
        let (records, reading) = (job.share_records(task), Arc::clone(&reading));
        threads.push(thread::spawn(move || read(&consumer, records, &reading)));
    }
    let mut check = Check::default();
    for thread in threads {
        check.add(thread.join().map_err(|_| "a reading thread panicked")??);
    }
    let best = job.mode == Mode::Best;
    Ok(reading
        .report(job, &version(), check)?
        .setting(
            "queued.min.messages",
            if best { BEST_QUEUE } else { "100000" },
        )
        .setting("fetch.queue.backoff.ms", if best { "0" } else { "1000" })
        .setting("check.crcs", "false, its default")
        .setting("reads", "messages one by one"))
}

fn read(consumer: &BaseConsumer, records: u64, reading: &Reading) -> Result<Check, String> {
    let mut check = Check::default();
    while check.records < records {
        if let Some(message) = consumer.poll(Duration::from_secs(1)) {
            let message = message.map_err(said)?;
            reading.arrived();
            check.read(message.payload().unwrap_or_default());
        }
    }
    Ok(check)
}

/// Tells each record's delivery; the opaque value is the record's number.
struct Times {
    latencies: Latencies,
}

impl ClientContext for Times {}

impl ProducerContext for Times {
    type DeliveryOpaque = Box<(u64, Option<Instant>)>;

    fn delivery(&self, result: &DeliveryResult<'_>, told: Self::DeliveryOpaque) {
        if let ((n, Some(due)), Ok(_)) = (*told, result) {
            self.latencies.acknowledged(n, due);
        }
    }
}

fn latency(job: &Job) -> Result<Report, String> {
    let latencies = Latencies::of(job.records);
    let context = Times {
        latencies: latencies.clone(),
    };
    let producer: ThreadedProducer<Times> = producer_config(job)
        .create_with_context(context)
        .map_err(said)?;
    let payload = Payload::of(job);
    let send = |n: u64, due: Option<Instant>| {
        let told = Box::new((n, due));
        let record = BaseRecord::<(), [u8], _>::with_opaque_to(&job.topic, told);
        let sent = producer.send(record.payload(payload.value(n)));
        sent.map_err(|(error, _)| said(error))
    };
    if job.warmup > 0 {
        for n in 0..job.warmup.min(50_000) {
            send(n, None)?;
        }
        producer.flush(Duration::from_secs(60)).map_err(said)?;
    }
    let meter = Meter::start();
    let late = open_loop(job.rate, job.records, |n, due| send(n, Some(due)))?;
    latencies.wait()?;
    let report = Report::new(
        version(),
        &meter,
        job.records,
        job.records * job.size as u64,
    );
    Ok(settings(job, report).latency(&latencies, late))
}

fn producer_config(job: &Job) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &job.bootstrap)
        .set("acks", job.acks.name())
        .set("compression.codec", job.codec.name());
    if job.variant == "idempotent" {
        config.set("enable.idempotence", "true");
    }
    if let Some(linger) = linger_ms(job) {
        config.set("linger.ms", linger.to_string());
    }
    if let Some(bytes) = job.batch_bytes {
        config.set("batch.size", bytes.to_string());
    }
    if let Some(requests) = job.in_flight {
        config.set("max.in.flight", requests.to_string());
    }
    if job.mode == Mode::Best {
        config
            .set("queue.buffering.max.messages", BEST_QUEUE)
            .set("batch.num.messages", "100000");
    }
    config
}

fn linger_ms(job: &Job) -> Option<u64> {
    // A longer linger is for throughput: it is no advice for latency.
    match job.role {
        Role::Latency => job.linger_ms,
        Role::Produce | Role::Consume => job.setting(job.linger_ms, BEST_LINGER_MS),
    }
}

fn settings(job: &Job, report: Report) -> Report {
    let best = job.mode == Mode::Best;
    let in_flight = if job.variant == "idempotent" {
        5
    } else {
        1_000_000
    };
    report
        .setting("acks", job.acks.name())
        .setting("idempotence", job.variant == "idempotent")
        .setting("linger", format!("{} ms", linger_ms(job).unwrap_or(5)))
        .setting("batch bytes", job.batch_bytes.unwrap_or(1_000_000))
        .setting("batch records", if best { 100_000 } else { 10_000 })
        .setting("in flight", job.in_flight.unwrap_or(in_flight))
        .setting("queue records", if best { BEST_QUEUE } else { "100000" })
        .setting("codec", job.codec.name())
}

fn version() -> String {
    rdkafka::util::get_rdkafka_version().1
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
