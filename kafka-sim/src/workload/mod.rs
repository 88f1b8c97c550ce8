//! The run that tests this project: producers and readers on a faulty cluster, and what
//! they saw held against what Kafka promises.

mod contents;
mod observed;
mod operate;
mod plan;
mod probe;
mod produce;
mod profile;
mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use kafka_client::{Error, Kafka, TopicPartition};
use kafka_net::watch;
use kafka_test_broker::TestCluster;
use tokio::task::JoinHandle;

use crate::checker::{Evidence, Violation};
use crate::panics::{self, Watch};
use crate::process::Process;
use crate::rows::RowCounts;
use crate::schedule::{FaultCounts, Schedule};
use crate::world::{Simulation, World};
use observed::{Doubtful, Observer};
use plan::{ClientPlan, Plan, TopicPlan};
use produce::{CatchUnwind, SLACK, Sender};
pub use profile::{Profile, UnknownProfile};
use read::{Goal, Reader};

/// Everything that a run needs besides its seed.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What kind of run.
    pub profile: Profile,
    /// Keeps only these faults of the seed's schedule, by place. Default: all.
    pub only: Option<Vec<usize>>,
    /// Fills [`Report::lines`].
    pub keep_events: bool,
}

/// How one seed went.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Fingerprint of everything that happened.
    pub hash: u64,
    /// Number of events behind the hash.
    pub events: u64,
    /// How long the run took on the virtual clock.
    pub virtual_time: Duration,
    /// How often each kind of fault really happened.
    pub faults: FaultCounts,
    /// Which of [`ROWS`](crate::ROWS) were met, and how often.
    pub rows: RowCounts,
    /// Values delivered, certainly not written, and of unknown outcome.
    pub outcomes: (usize, usize, usize),
    /// Records handed to consumers.
    pub records_read: usize,
    /// The faults that were planned.
    pub schedule: Schedule,
    /// Broken promises; empty for a good run.
    pub violations: Vec<Violation>,
    /// The events as text, if asked for.
    pub lines: Vec<String>,
}

impl Report {
    /// Of a run in which nothing happened.
    fn of(seed: u64) -> Self {
        Self {
            seed,
            hash: 0,
            events: 0,
            virtual_time: Duration::ZERO,
            faults: FaultCounts::new(),
            rows: RowCounts::new(),
            outcomes: (0, 0, 0),
            records_read: 0,
            schedule: Schedule::default(),
            violations: Vec::new(),
            lines: Vec::new(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (delivered, not_written, unknown) = self.outcomes;
        write!(
            f,
            "seed {} hash {:016x} events {} virtual {:.3} s delivered {delivered} \
             failed {not_written} unknown {unknown} read {} violations {}",
            self.seed,
            self.hash,
            self.events,
            self.virtual_time.as_secs_f64(),
            self.records_read,
            self.violations.len(),
        )
    }
}

/// The faults that a seed means, without a run.
pub fn schedule(seed: u64, profile: Profile) -> Schedule {
    Plan::draw(seed, profile).schedule
}

/// Runs one seed. A panic in it, wherever, is a violation of the seed's.
pub fn run(seed: u64, options: &Options) -> Report {
    unless_it_panics(seed, || run_plan(seed, options))
}

/// Of a run that panicked as a whole nothing else is known.
fn unless_it_panics(seed: u64, run: impl FnOnce() -> Report) -> Report {
    let panics = Watch::start();
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let mut violations = panics.take();
        if violations.is_empty() {
            violations.push(Violation::liveness(format!(
                "panic: {}",
                panics::message(&*panic)
            )));
        }
        Report {
            violations,
            ..Report::of(seed)
        }
    })
}

fn run_plan(seed: u64, options: &Options) -> Report {
    let mut plan = Plan::draw(seed, options.profile);
    if let Some(only) = &options.only {
        plan.schedule = plan.schedule.only(only);
    }
    let schedule = plan.schedule.clone();
    let (era, max_message_bytes) = (plan.era, plan.max_message_bytes);
    let (partial_batches, auto_create) = (plan.partial_batches, plan.auto_create);
    let run = Simulation::new(seed)
        .brokers(plan.brokers)
        .cluster(move |cluster| {
            cluster
                .era(era)
                .max_message_bytes(max_message_bytes)
                .partial_batches(partial_batches)
                .auto_create_topics(auto_create)
        })
        .keep_events(options.keep_events)
        .run(move |world| async move {
            world.trace().note(format_args!("plan {plan:?}"));
            let doubtful = Doubtful {
                producers: plan.produces_by_name(),
                readers: plan.fetches_by_name(),
            };
            let observer = Observer::new(&world, doubtful, plan.nothing_is_final());
            let faults = match CatchUnwind::new(drive(&world, &plan, &observer)).await {
                Ok(Ok(faults)) => faults,
                Err(_panic) => FaultCounts::new(),
                Ok(Err(error)) => {
                    observer.failed(format!("a client was not built: {error}"));
                    FaultCounts::new()
                }
            };
            for spinning in world.hot_loops() {
                observer.failed(spinning.facts());
            }
            observer.note_ground_truth();
            observer.lower_promises();
            (faults, observer, world.trace().virtual_time())
        });
    let mut report = Report {
        hash: run.trace.hash(),
        events: run.trace.events(),
        rows: run.rows,
        schedule,
        violations: run.panics,
        lines: run.trace.lines(),
        ..Report::of(seed)
    };
    match run.output {
        Ok((faults, observer, virtual_time)) => {
            let observed = observer.lock();
            report.faults = faults;
            report.virtual_time = virtual_time;
            report.outcomes = observed.history.outcomes();
            report.records_read = observed.history.records_read();
            let found = observed.history.check(Evidence::Logs);
            let others = observed.violations.iter().cloned();
            report.violations.extend(found.into_iter().chain(others));
        }
        Err(stuck) => report
            .violations
            .push(Violation::liveness(stuck.to_string())),
    }
    report
}

/// Faults and traffic side by side, then healing, then everything read back.
async fn drive(world: &World, plan: &Plan, observer: &Observer) -> Result<FaultCounts, Error> {
    let cluster = world.cluster();
    world.network().set_profile(plan.link);
    for topic in &plan.topics {
        create(cluster, topic);
        if topic.disposable {
            world.let_be_disposable(topic.name.clone());
        }
    }
    let (heal, healed) = watch::channel(false);
    let (arrive, goal) = watch::channel::<Goal>(None);
    let mut clients = Vec::new();
    for (number, client) in plan.clients.iter().enumerate() {
        clients.push(Client::start(world, client, number, observer, &healed, &goal).await?);
    }
    let operating = clients.first().map(|client| {
        let operating = operate::run(client.kafka.clone(), plan.operations, observer.clone());
        client.process.spawn(operating)
    });

    let faults = plan.schedule.clone().strike(world.clone()).await;
    world.heal();
    heal.send_replace(true);
    for client in &mut clients {
        for sender in client.senders.drain(..) {
            joined(sender, "a producer", observer).await;
        }
    }
    if let Some(operating) = operating {
        joined(operating, "the operator", observer).await;
    }

    // What was sent without asking for an answer may still be on its way.
    tokio::time::sleep(SLACK).await;

    // Everybody arrives at the ends, those that read all the while and a fresh one.
    arrive.send_replace(Some(ends(cluster)));
    let process = world.process();
    let fresh = process.kafka().client_id("fresh").connect().await?;
    let topics = cluster.topic_names();
    let everything = read::everything(99, topics, Duration::from_secs(5));
    let reader = Reader::start(&fresh, everything, observer, true).await?;
    let mut readers = vec![process.spawn(reader.run(goal.clone()))];
    for client in &mut clients {
        readers.append(&mut client.readers);
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60) + SLACK;
    for reader in readers {
        let abort = reader.abort_handle();
        match tokio::time::timeout_at(deadline, reader).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => observer.failed(format!("a reader failed: {error}")),
            Err(_) => {
                abort.abort();
                observer.failed("a reader did not reach the ends of the logs after healing");
            }
        }
    }
    note_commits(plan, observer);
    fresh.close(Duration::from_secs(10)).await?;
    for client in clients {
        client.kafka.close(Duration::from_secs(10)).await?;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let open = world.network().open_links();
    if open > 0 {
        observer.failed(format!(
            "{open} connections are left by clients that were closed"
        ));
    }
    Ok(faults)
}

/// Replicas of a partition, as of one whose topic does not say.
const COPIES: usize = 3;

fn create(cluster: &TestCluster, topic: &TopicPlan) {
    if !topic.compacted {
        cluster.create_topic(&topic.name, topic.partitions);
        return;
    }
    let brokers = cluster.broker_ids();
    let replicas: Vec<Vec<i32>> = (0..topic.partitions as usize)
        .map(|first| {
            let following = brokers.iter().cycle().skip(first % brokers.len().max(1));
            following.take(COPIES.min(brokers.len())).copied().collect()
        })
        .collect();
    let replicas: Vec<&[i32]> = replicas.iter().map(Vec::as_slice).collect();
    cluster.create_topic_on(&topic.name, &replicas, &[("cleanup.policy", "compact")]);
}

/// One client's process, and what runs in it.
struct Client {
    process: Process,
    kafka: Kafka,
    senders: Vec<JoinHandle<()>>,
    readers: Vec<JoinHandle<()>>,
}

impl Client {
    async fn start(
        world: &World,
        plan: &ClientPlan,
        number: usize,
        observer: &Observer,
        healed: &watch::Receiver<bool>,
        goal: &watch::Receiver<Goal>,
    ) -> Result<Self, Error> {
        let process = world.process();
        let kafka = process
            .kafka()
            .client_id(format!("client {number}"))
            .request_timeout(plan.request_timeout)
            .connect_timeout(plan.connect_timeout)
            // A dial into a cut never succeeds here, whatever is healed meanwhile.
            .connect_timeout_max(plan.connect_timeout * 2)
            .metadata_max_age(plan.metadata_max_age)
            .connect()
            .await?;
        let mut senders = Vec::new();
        for plan in &plan.producers {
            let sender = Sender::start(&kafka, plan.clone(), observer).await?;
            let mut healed = healed.clone();
            let healed = async move {
                while !healed.with(|healed| *healed) && healed.changed().await.is_ok() {}
            };
            senders.push(process.spawn(sender.run(healed)));
        }
        let mut readers = Vec::new();
        for plan in &plan.readers {
            let reader = Reader::start(&kafka, plan.clone(), observer, false).await?;
            readers.push(process.spawn(reader.run(goal.clone())));
        }
        Ok(Self {
            process,
            kafka,
            senders,
            readers,
        })
    }
}

async fn joined(task: JoinHandle<()>, what: &str, observer: &Observer) {
    if let Err(error) = task.await {
        observer.failed(format!("{what} failed: {error}"));
    }
}

/// End offsets, from the brokers' own logs.
fn ends(cluster: &TestCluster) -> BTreeMap<TopicPartition, i64> {
    let mut ends = BTreeMap::new();
    for topic in cluster.topic_names() {
        for partition in 0..cluster.partition_count(&topic) {
            let end = cluster.end_offset(&topic, partition);
            ends.insert(TopicPartition::new(topic.clone(), partition), end);
        }
    }
    ends
}

/// What the groups have stored in the end, of topics whose commits can't have been lost
/// with them.
fn note_commits(plan: &Plan, observer: &Observer) {
    let cluster = observer.world().cluster();
    let readers = plan.clients.iter().flat_map(|client| &client.readers);
    for name in readers.filter_map(|reader| reader.group.as_ref()) {
        for topic in plan.topics.iter().filter(|topic| !topic.disposable) {
            for partition in 0..cluster.partition_count(&topic.name) {
                let log = observer.present(&topic.name, partition);
                let stored = cluster.committed_offset(name, &topic.name, partition);
                let history = &mut observer.lock().history;
                let group = history.group(name);
                history.stored_offset(group, log, stored);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_violation_of_its_seed() {
        let report = unless_it_panics(7, || panic!("planted"));
        assert_eq!(report.seed, 7);
        let [violation] = &report.violations[..] else {
            unreachable!("{:?}", report.violations);
        };
        assert!(violation.facts().ends_with("planted"), "{violation}");
        let whole = unless_it_panics(8, || Report::of(8));
        assert_eq!(whole.violations, []);
    }
}
