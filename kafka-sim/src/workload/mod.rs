//! The run that tests this project: seeded producers and readers on a seeded cluster under
//! a seeded schedule of faults, then healing, then the verdict.

mod faults;
mod plan;
mod produce;
mod read;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_client::{Error, Kafka};
use tokio::task::JoinHandle;

use crate::checker::{Evidence, Violation};
use crate::history::{History, LogId, Visibility};
use crate::schedule::FaultCounts;
use crate::world::{Simulation, World};
use plan::Plan;
use read::Stage;

/// The topic that the workload uses.
const TOPIC: &str = "events";

/// How one seed's run ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Fingerprint of the trace: the same for the same seed, on every machine.
    pub hash: u64,
    /// Events in the trace.
    pub events: u64,
    /// Virtual time that passed.
    pub virtual_time: Duration,
    /// Faults that really happened, by kind.
    pub faults: FaultCounts,
    /// Values delivered, failed before they were written, and of unknown outcome.
    pub outcomes: (usize, usize, usize),
    /// Promises broken; empty for a good run.
    pub violations: Vec<Violation>,
    /// The events as text, when asked for.
    pub lines: Vec<String>,
}

impl fmt::Display for Report {
    /// One line: `seed N hash H …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (delivered, failed, unknown) = self.outcomes;
        let faults: u64 = self.faults.values().sum();
        write!(
            f,
            "seed {} hash {:016x} events {} virtual {:.3}s faults {faults} delivered {delivered} failed {failed} unknown {unknown} violations {}",
            self.seed,
            self.hash,
            self.events,
            self.virtual_time.as_secs_f64(),
            self.violations.len(),
        )
    }
}

/// Runs one seed. `keep_events` fills [`Report::lines`].
pub fn run(seed: u64, keep_events: bool) -> Report {
    let plan = Plan::draw(seed);
    let shared = Shared::default();
    let inside = shared.clone();
    let run = Simulation::new(seed)
        .brokers(plan.brokers)
        .default_partitions(plan.partitions)
        .keep_events(keep_events)
        .run(move |world| async move {
            world.trace().note(format_args!("plan {plan:?}"));
            let outcome = drive(&world, &plan, &inside).await;
            log_ground_truth(&world, &plan, &inside);
            (outcome, world.trace().virtual_time())
        });
    let shared = shared.lock();
    let mut violations = shared.history.check(Evidence::Logs);
    let virtual_time = match run.output {
        Ok((outcome, elapsed)) => {
            violations.extend(
                outcome
                    .err()
                    .map(|error| Violation::liveness(error.to_string())),
            );
            elapsed
        }
        Err(stuck) => {
            violations.push(Violation::liveness(stuck.to_string()));
            Duration::ZERO
        }
    };
    Report {
        seed,
        hash: run.trace.hash(),
        events: run.trace.events(),
        virtual_time,
        faults: shared.faults.clone(),
        outcomes: shared.history.outcomes(),
        violations,
        lines: run.trace.lines(),
    }
}

/// What the tasks of a run write into.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Observed>>);

#[derive(Default)]
struct Observed {
    history: History,
    faults: FaultCounts,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Observed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    /// The one incarnation that the workload's topic has.
    fn log(&mut self, partition: i32) -> LogId {
        self.history.log(TOPIC, "", partition)
    }
}

/// Faults and traffic side by side, then healing, then everything read back.
async fn drive(world: &World, plan: &Plan, shared: &Shared) -> Result<(), Failed> {
    world.network().set_profile(plan.link);
    world.cluster().create_topic(TOPIC, plan.partitions);
    let kafka = connect(world, plan).await?;
    let reader = read::Reader::start(world, &kafka, plan, shared, Stage::UnderFaults).await?;
    let reading: JoinHandle<_> = tokio::spawn(reader.follow());

    let striking = tokio::spawn(faults::strike(
        world.clone(),
        plan.strikes.clone(),
        shared.clone(),
    ));
    let mut producing = Vec::new();
    for producer in 0..plan.producers {
        producing.push(tokio::spawn(produce::run(
            world.clone(),
            kafka.clone(),
            plan.clone(),
            producer,
            shared.clone(),
        )));
    }
    striking
        .await
        .map_err(|_| Failed::new("the schedule of faults panicked"))?;
    faults::heal(world);
    for task in producing {
        task.await
            .map_err(|_| Failed::new("a producer task panicked"))??;
    }
    reading.abort();

    // A fresh client after healing must be able to read everything.
    let fresh = connect(world, plan).await?;
    let reader = read::Reader::start(world, &fresh, plan, shared, Stage::Healed).await?;
    let ends = ends(world, plan);
    tokio::time::timeout(Duration::from_secs(120), reader.read_to(ends))
        .await
        .map_err(|_| Failed::new("the log was not read to its end within 120 s after healing"))??;
    fresh.close(Duration::from_secs(30)).await?;
    kafka.close(Duration::from_secs(30)).await?;
    Ok(())
}

async fn connect(world: &World, plan: &Plan) -> Result<Kafka, Failed> {
    Ok(world
        .kafka()
        .client_id("sim")
        .request_timeout(plan.request_timeout)
        .connect()
        .await?)
}

/// End offsets by partition, from the brokers' own logs.
fn ends(world: &World, plan: &Plan) -> Vec<i64> {
    (0..plan.partitions)
        .map(|partition| world.cluster().end_offset(TOPIC, partition))
        .collect()
}

/// Copies the brokers' logs into the history.
fn log_ground_truth(world: &World, plan: &Plan, shared: &Shared) {
    let mut observed = shared.lock();
    for partition in 0..plan.partitions {
        let log = observed.log(partition);
        for (offset, value) in read::stored(world.cluster(), TOPIC, partition) {
            observed
                .history
                .stored(log, offset, value, Visibility::Committed);
        }
    }
}

/// Why a run could not go on.
#[derive(Debug)]
struct Failed(String);

impl Failed {
    fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
