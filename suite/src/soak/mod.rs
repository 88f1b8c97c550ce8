//! Traffic of our clients on a real cluster of three brokers under faults, judged by the
//! history checker of `kafka-sim`.
//!
//! The cluster has replication factor 3 and `min.insync.replicas` 2. Four producers with
//! acks=all send to one topic at a steady rate: three idempotent ones (one with keys, one
//! compressing, one with a delivery timeout so short that records expire) and a plain one.
//! Two assigned consumers read on from the earliest offset and commit; one of them is
//! closed and begins again where it committed, over and over. All of them reach the
//! brokers through proxies of ours.
//!
//! Two schedules run side by side, both drawn from the seed: processes are killed or
//! stopped, one at a time; and the network fails or leadership moves. A fault counts if
//! produce requests to the broker concerned were in flight when it struck. In the end
//! everything is healed, traffic has to flow again, and a fresh client reads all there is.

pub(crate) mod arena;
mod figures;
pub(crate) mod leadership;
mod readers;
mod record;
mod schedule;
mod strike;
mod traffic;

use std::sync::Arc;
use std::time::Duration;

use kafka_client::{Kafka, NewTopic};
use kafka_sim::{Evidence, Violation};
use tokio::time::{sleep, timeout};

use crate::{BoxError, clock};
use arena::Arena;
pub use figures::Figures;
use figures::{Progress, Watched};
use record::Recorder;
pub use schedule::{Fault, Schedule, Strike};
use strike::Striker;
pub use strike::Struck;
use traffic::Traffic;

/// The topic that everything happens in.
const TOPIC: &str = "soak";
const PARTITIONS: i32 = 6;
/// How long anything may take after everything was healed.
const RECOVERY: Duration = Duration::from_secs(120);

/// How long, how much, and from which seed.
#[derive(Clone, Debug)]
pub struct Options {
    /// For how long faults strike.
    pub duration: Duration,
    /// What the schedules of faults are drawn from.
    pub seed: u64,
    /// Brokers; three are needed for what the run claims.
    pub brokers: u32,
    /// Records a second of all producers together. The history keeps about 300 bytes of
    /// each: 600 a second for an hour take some 700 MB.
    pub rate: u32,
}

impl Options {
    /// A run of this length: seed 1, three brokers, 600 records a second.
    pub fn new(duration: Duration) -> Self {
        Self {
            duration,
            seed: 1,
            brokers: 3,
            rate: 600,
        }
    }

    /// Faults with requests in flight that a run of this length must have: 100 an hour.
    pub fn faults_expected(&self) -> u64 {
        self.duration.as_secs() * 100 / 3600
    }
}

/// Runs it, printing a line every few seconds.
///
/// # Errors
/// What kept the run from being carried out at all. What went wrong with the traffic is
/// part of the figures.
pub async fn run(options: &Options) -> Result<Figures, BoxError> {
    let arena = Arc::new(Arena::start(options.brokers, true, &[]).await?);
    let kafka = arena.connect("soak").await?;
    let replicas = i16::try_from(options.brokers.min(3))?;
    let topic = NewTopic::new(TOPIC, PARTITIONS, replicas)
        .config("min.insync.replicas", (replicas.min(2)).to_string());
    let created = kafka.admin().create_topic(topic).await?;
    let recorder = Arc::new(Recorder::start(created.id.to_string()));

    let traffic = Arc::new(Traffic::start(&kafka, options.rate, &recorder).await?);
    let readers = readers::Readers::start(&kafka, options.seed, &recorder).await?;
    let striker = Arc::new(Striker::new(arena.clone(), traffic.clone()).await?);
    let progress = Progress::start(Watched {
        recorder: recorder.clone(),
        traffic: traffic.clone(),
        striker: striker.clone(),
    });

    let end = clock::now() + options.duration;
    let schedule = Schedule::new(options.seed, options.brokers, PARTITIONS);
    let (processes, network) = tokio::join!(
        striker.run(schedule.processes, end),
        striker.run(schedule.network, end)
    );
    processes.and(network)?;
    arena.heal().await?;
    println!("healed after {:.0} s", recorder.now().as_secs_f64());

    let mut problems = Vec::new();
    let recovery = recovered(&traffic).await;
    if recovery.is_none() {
        let stuck = traffic.describe();
        problems.push(format!(
            "no traffic within {RECOVERY:?} after healing: {stuck}"
        ));
    }
    problems.extend(traffic.stop().await);
    problems.extend(traffic.losses());
    let ends = end_offsets(&kafka).await?;
    problems.extend(readers.stop(&ends).await);
    let fresh = arena.connect("fresh").await?;
    let read = readers::read_all(&fresh, &ends, &recorder);
    match timeout(RECOVERY, read).await {
        Ok(read) => read?,
        Err(_) => problems.push(format!("a fresh reader was not through in {RECOVERY:?}")),
    }
    readers::stored_offsets(&fresh, &recorder).await?;
    let metrics = traffic.metrics();
    fresh.close(Duration::from_secs(10)).await?;
    kafka.close(Duration::from_secs(10)).await?;
    let stalls = progress.stop().await;
    problems.extend(stalls.too_long());
    let watch = clock::now();
    let mut violations: Vec<Violation> = problems.into_iter().map(Violation::liveness).collect();
    violations.extend(recorder.with(|history, _| history.check(Evidence::FreshReaders)));
    println!("checked in {:.1} s", (clock::now() - watch).as_secs_f64());
    Ok(Figures {
        options: options.clone(),
        faults: striker.counts(),
        outcomes: recorder.with(|history, _| history.outcomes()),
        read: recorder.with(|history, _| history.records_read()),
        metrics,
        stalls,
        recovery,
        violations,
    })
}

/// How long it took until every producer got acknowledgements again and had no backlog.
async fn recovered(traffic: &Traffic) -> Option<Duration> {
    let healed = clock::now();
    let before = traffic.acknowledged();
    while clock::now() - healed < RECOVERY {
        sleep(Duration::from_millis(100)).await;
        if traffic.flows_since(&before) {
            let took = clock::now() - healed;
            // On for a while: the last of the run's records meet a whole cluster.
            sleep(Duration::from_secs(5)).await;
            return Some(took);
        }
    }
    None
}

/// By partition.
async fn end_offsets(kafka: &Kafka) -> Result<Vec<i64>, BoxError> {
    let consumer = kafka.consumer().build().await?;
    let ends = consumer
        .end_offsets((0..PARTITIONS).map(|partition| (TOPIC, partition)))
        .await?;
    Ok(ends.into_values().collect())
}
