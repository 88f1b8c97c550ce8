//! Produces records, consumes them back, verifies every one, and prints the rates.
//!
//! ```sh
//! cargo run --release --example quickstart                                # embedded broker
//! cargo run --release --example quickstart -- --bootstrap localhost:9092  # a real cluster
//! ```

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use kafka_client::{Compression, Kafka, NewTopic, RecordRef, Start};
use kafka_test_broker::TestCluster;

const PARTITIONS: i32 = 6;
const VALUE_SIZE: usize = 100;
const USAGE: &str = "usage: quickstart [--bootstrap host:port[,host:port…]] [--records N] \
                     [--compression none|gzip|snappy|lz4|zstd]";

struct Options {
    bootstrap: Option<String>,
    records: u64,
    compression: Compression,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options =
        parse(std::env::args().skip(1)).map_err(|problem| format!("{problem}\n{USAGE}"))?;

    // Without an address, a Kafka cluster is started inside this process.
    let embedded = match &options.bootstrap {
        Some(_) => None,
        None => Some(TestCluster::start().await?),
    };
    let bootstrap = match (&options.bootstrap, &embedded) {
        (Some(given), _) => given.clone(),
        (None, Some(cluster)) => cluster.bootstrap(),
        (None, None) => return Err("no broker".into()),
    };
    println!(
        "broker      {bootstrap}{}",
        if embedded.is_some() {
            " (embedded)"
        } else {
            ""
        }
    );

    let kafka = Kafka::builder(bootstrap)
        .client_id("quickstart")
        .connect()
        .await?;
    let topic = format!("quickstart-{:08x}", std::process::id());
    kafka
        .admin()
        .create_topic(NewTopic::new(&topic, PARTITIONS, 1))
        .await?;
    println!("topic       {topic}, {PARTITIONS} partitions");

    let produced = produce(&kafka, &topic, &options).await?;
    let (consumed, verified) = consume(&kafka, &topic, options.records).await?;

    kafka.admin().delete_topic(&topic).await?;
    kafka.close(Duration::from_secs(10)).await?;
    println!("produced {produced} consumed {consumed} verified {verified}");
    if produced == consumed && consumed == verified {
        Ok(())
    } else {
        Err("not every record came back as it was sent".into())
    }
}

/// Sends the records; returns how many were acknowledged.
async fn produce(kafka: &Kafka, topic: &str, options: &Options) -> Result<u64, Box<dyn Error>> {
    let producer = kafka
        .producer()
        .compression(options.compression)
        .build()
        .await?;
    let mut orders = producer.topic(topic).await?;
    let mut progress = Progress::start("produced", options.records);
    let mut value = [0; VALUE_SIZE];
    // The last delivery of each stretch is awaited: with a bound on what is under way, this
    // shows progress as the broker acknowledges, not as records are buffered.
    let mut deliveries = Vec::with_capacity(10_000);
    let mut acknowledged = 0;
    for n in 0..options.records {
        fill(&mut value, n);
        deliveries.push(orders.send(RecordRef::value(&value)).await?);
        if deliveries.len() == deliveries.capacity() {
            for delivery in deliveries.drain(..5_000) {
                delivery.await?;
                acknowledged += 1;
            }
            progress.at(acknowledged);
        }
    }
    for delivery in deliveries {
        delivery.await?;
        acknowledged += 1;
    }
    progress.done(acknowledged);
    producer.close(Duration::from_secs(10)).await?;
    Ok(acknowledged)
}

/// Reads the topic from its beginning; returns how many records came and how many of them
/// were right: known content, not seen before, in order within their partition.
async fn consume(kafka: &Kafka, topic: &str, records: u64) -> Result<(u64, u64), Box<dyn Error>> {
    let mut consumer = kafka
        .consumer()
        .assign_topic(topic, Start::Earliest)
        .build()
        .await?;
    let mut progress = Progress::start("consumed", records);
    let mut seen = vec![false; usize::try_from(records)?];
    let mut last = [None; PARTITIONS as usize];
    let mut expected = [0; VALUE_SIZE];
    let (mut consumed, mut verified) = (0, 0);
    while consumed < records {
        let Some(batch) = consumer.next_batch().await? else {
            break;
        };
        let last = &mut last[usize::try_from(batch.partition())?];
        for record in &batch {
            consumed += 1;
            let Some((n, value)) = record.value().and_then(|v| Some((number(v)?, v))) else {
                continue;
            };
            fill(&mut expected, n);
            let fresh = usize::try_from(n)
                .ok()
                .and_then(|n| seen.get_mut(n))
                .is_some_and(|seen| !std::mem::replace(seen, true));
            if fresh && value == expected && last.is_none_or(|last| last < n) {
                verified += 1;
            }
            *last = Some(n);
        }
        progress.at(consumed);
    }
    progress.done(consumed);
    consumer.close(Duration::from_secs(10)).await?;
    Ok((consumed, verified))
}

/// The value of record `n`: its number, then bytes that follow from it.
fn fill(value: &mut [u8; VALUE_SIZE], n: u64) {
    let (number, rest) = value.split_at_mut(8);
    number.copy_from_slice(&n.to_be_bytes());
    let mut state = n ^ 0x9e37_79b9_7f4a_7c15;
    for chunk in rest.chunks_mut(8) {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        chunk.copy_from_slice(&state.to_be_bytes()[..chunk.len()]);
    }
}

fn number(value: &[u8]) -> Option<u64> {
    value.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// A bar that is redrawn in place on a terminal, and one line when done.
struct Progress {
    what: &'static str,
    total: u64,
    started: Instant,
    drawn: Instant,
}

impl Progress {
    #[allow(clippy::disallowed_methods)] // a person watches real time pass
    fn start(what: &'static str, total: u64) -> Self {
        let now = Instant::now();
        Self {
            what,
            total,
            started: now,
            drawn: now,
        }
    }

    #[allow(clippy::disallowed_methods)]
    fn at(&mut self, count: u64) {
        if self.drawn.elapsed() < Duration::from_millis(100) || !std::io::stderr().is_terminal() {
            return;
        }
        self.drawn = Instant::now();
        let filled = (count * 30 / self.total.max(1)) as usize;
        eprint!(
            "\r{:<11} [{:<30}] {count}/{}",
            self.what,
            "#".repeat(filled),
            self.total
        );
        let _ = std::io::stderr().flush();
    }

    #[allow(clippy::disallowed_methods)]
    fn done(&self, count: u64) {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = count as f64 / seconds;
        let megabytes = rate * VALUE_SIZE as f64 / 1e6;
        if std::io::stderr().is_terminal() {
            eprint!("\r{:60}\r", "");
        }
        println!(
            "{:<11} {count} records of {VALUE_SIZE} bytes in {seconds:.2} s: {:.0} k records/s, {megabytes:.0} MB/s",
            self.what,
            rate / 1e3,
        );
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        bootstrap: None,
        records: 1_000_000,
        compression: Compression::None,
    };
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--bootstrap" => options.bootstrap = Some(value()?),
            "--records" => {
                options.records = value()?
                    .parse()
                    .map_err(|_| "--records needs a whole number".to_owned())?;
            }
            "--compression" => {
                options.compression = value()?
                    .parse()
                    .map_err(|_| "--compression needs a codec's name".to_owned())?;
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(options)
}
