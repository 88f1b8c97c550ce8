//! A simulated world: cluster, network, clock and chance, all from one seed.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_client::KafkaBuilder;
use kafka_net::{Environment, Random};
use kafka_protocol::Uuid;
use kafka_protocol::records::{BatchLimits, RecordBatch};
use kafka_test_broker::{TestCluster, TestClusterBuilder};
use tokio::runtime::{Builder, Handle};

use crate::checker::Violation;
use crate::clock::{EPOCH_MS, SimWallClock};
use crate::network::{LinkProfile, Network};
use crate::panics::Watch;
use crate::process::Process;
use crate::rows::{RowCounts, Rows};
use crate::trace::Trace;

/// Settings of a simulated run.
#[derive(Clone)]
pub struct Simulation {
    seed: u64,
    brokers: i32,
    partitions: i32,
    cluster: Option<ClusterSettings>,
    keep_events: bool,
    watch_wire: bool,
    time_limit: Duration,
}

/// See [`Simulation::cluster`].
type ClusterSettings = Arc<dyn Fn(TestClusterBuilder) -> TestClusterBuilder + Send + Sync>;

impl Simulation {
    /// A world in which all chance comes from `seed`: one broker, topics created with one
    /// partition when first used.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            brokers: 1,
            partitions: 1,
            cluster: None,
            keep_events: false,
            watch_wire: true,
            time_limit: Duration::from_secs(3600),
        }
    }

    /// Brokers in the cluster. Default 1.
    pub fn brokers(mut self, brokers: i32) -> Self {
        self.brokers = brokers;
        self
    }

    /// Partitions of a topic that is created when first used. Default 1.
    pub fn default_partitions(mut self, partitions: i32) -> Self {
        self.partitions = partitions;
        self
    }

    /// What else is to be said of the cluster: the versions it serves, limits, topics.
    /// Brokers, seed and wall clock are the world's own.
    pub fn cluster(
        mut self,
        settings: impl Fn(TestClusterBuilder) -> TestClusterBuilder + Send + Sync + 'static,
    ) -> Self {
        self.cluster = Some(Arc::new(settings));
        self
    }

    /// Keeps every event as text ([`Trace::lines`]), not only its hash. Default `false`.
    pub fn keep_events(mut self, keep: bool) -> Self {
        self.keep_events = keep;
        self
    }

    /// Reads the protocol on every link along, which finds out which
    /// [`ROWS`](crate::ROWS) were met and adds requests to kept events. Costs time; the
    /// run is the same without. Default `true`.
    pub fn watch_wire(mut self, watch: bool) -> Self {
        self.watch_wire = watch;
        self
    }

    /// Virtual time after which the run is given up as [`Stuck`]. Default one hour.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Runs `app` to its end in a new world. Must not be called from within an
    /// asynchronous context: it brings a runtime of its own, single-threaded, its clock
    /// paused and advanced whenever all tasks wait.
    ///
    /// # Panics
    /// When `app` itself panics, with its panic. Panics of spawned tasks are found in
    /// [`Run::panics`].
    ///
    /// # Errors
    /// The run's output is [`Stuck`] when the time limit passed, when the runtime could not
    /// be built, and within another runtime.
    pub fn run<A, F, T>(self, app: A) -> Run<T>
    where
        A: FnOnce(World) -> F,
        F: Future<Output = T>,
    {
        if Handle::try_current().is_ok() {
            return Run::impossible(
                "a simulation brings a runtime of its own, and this one runs within another: call \
                 it outside of asynchronous code, from a plain #[test] or thread",
            );
        }
        let panics = Watch::start();
        match Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
        {
            Ok(runtime) => {
                let mut run = runtime.block_on(self.run_inside(app, &panics));
                // Without the runtime there is no virtual time.
                panics.trace_to(None);
                drop(runtime);
                run.panics = panics.take();
                run
            }
            Err(error) => Run::impossible(format!("no runtime: {error}")),
        }
    }

    async fn run_inside<A, F, T>(self, app: A, panics: &Watch) -> Run<T>
    where
        A: FnOnce(World) -> F,
        F: Future<Output = T>,
    {
        let random = Random::from_seed(self.seed);
        let trace = Trace::start(self.keep_events);
        panics.trace_to(Some(&trace));
        let rows = Rows::default();
        let mut cluster = TestCluster::builder();
        if let Some(settings) = &self.cluster {
            cluster = settings(cluster);
        }
        let cluster = cluster
            .brokers(self.brokers)
            .default_partitions(self.partitions)
            .seed(random.u64())
            .wall_clock_ms(EPOCH_MS)
            .build_offline();
        let network = Network::new(
            cluster.clone(),
            random.fork(),
            trace.clone(),
            rows.clone(),
            self.watch_wire,
        );
        let wall_clock = SimWallClock::start();
        let environment = Environment::new(
            Handle::current(),
            Arc::new(network.clone()),
            Arc::new(wall_clock.clone()),
            random.fork(),
        );
        let world = World {
            main: Process::new(&environment, cluster.bootstrap()),
            processes: Arc::default(),
            disposable: Arc::default(),
            environment,
            wall_clock,
            cluster,
            network,
            random,
            rows: rows.clone(),
            trace: trace.clone(),
        };
        let limit = self.time_limit;
        let output = tokio::select! {
            biased;
            who = world.network.paces().runaway() => Err(Stuck(who)),
            output = tokio::time::timeout(limit, app(world.clone())) => {
                output.map_err(|_| Stuck(format!("not done after {limit:?} of virtual time")))
            }
        };
        rows.hit_times(2, world.cluster.duplicates_recognised());
        let rows = rows.counts();
        Run {
            output,
            trace,
            rows,
            panics: Vec::new(),
        }
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("seed", &self.seed)
            .field("brokers", &self.brokers)
            .finish_non_exhaustive()
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Run<T> {
    /// What the application returned.
    pub output: Result<T, Stuck>,
    /// What happened.
    pub trace: Trace,
    /// Which [`ROWS`](crate::ROWS) were met, and how often.
    pub rows: RowCounts,
    /// Panics in any task of the run, of clients, brokers or the application: what each said
    /// and where, also as an event of the trace. None of a good run.
    pub panics: Vec<Violation>,
}

impl<T> Run<T> {
    fn impossible(why: impl Into<String>) -> Self {
        Self {
            output: Err(Stuck(why.into())),
            trace: Trace::start(false),
            rows: RowCounts::new(),
            panics: Vec::new(),
        }
    }
}

/// A run that did not end by itself; says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck(String);

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Stuck {}

/// Topics whose records may go, and the records that went.
#[derive(Debug, Default)]
struct Disposable {
    topics: Vec<String>,
    removed: Vec<RemovedLog>,
    compacted: Vec<CompactedLog>,
    usual_profile: Option<LinkProfile>,
}

/// Records that a fault took out of a log.
#[derive(Clone, Debug)]
pub struct RemovedLog {
    /// The topic.
    pub topic: String,
    /// Its id at that time.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// When, on the run's clock.
    pub at: Duration,
    /// The first offset that is still there; `i64::MAX` where the topic was deleted.
    pub below: i64,
    /// What was removed.
    pub batches: Vec<RecordBatch>,
}

/// Records that compaction took out of a log.
#[derive(Clone, Debug)]
pub struct CompactedLog {
    /// The topic.
    pub topic: String,
    /// Its id at that time.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// When, on the run's clock.
    pub at: Duration,
    /// The offsets that were in use before and are not any more.
    pub removed: BTreeSet<i64>,
    /// The batches that held them, as they were before.
    pub batches: Vec<RecordBatch>,
}

/// What an application in the simulation can use. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct World {
    cluster: TestCluster,
    network: Network,
    environment: Environment,
    wall_clock: SimWallClock,
    main: Process,
    processes: Arc<Mutex<Vec<Process>>>,
    disposable: Arc<Mutex<Disposable>>,
    random: Random,
    rows: Rows,
    trace: Trace,
}

impl World {
    /// A client builder wired to this world's cluster, network, clock and chance.
    pub fn kafka(&self) -> KafkaBuilder {
        self.main.kafka()
    }

    /// A process of its own for some of the clients, which can be frozen.
    pub fn process(&self) -> Process {
        let mut processes = self.processes();
        let environment = Environment::new(
            self.environment.runtime().clone(),
            Arc::new(self.network.of_process(processes.len() + 1)),
            self.environment.wall_clock().clone(),
            self.environment.random().clone(),
        );
        let process = Process::new(&environment, self.cluster.bootstrap());
        processes.push(process.clone());
        process
    }

    /// The cluster: stop and start brokers, move leaders, inject faults, read the logs.
    pub fn cluster(&self) -> &TestCluster {
        &self.cluster
    }

    /// The network: delays, cuts, silence.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The clients' wall clock.
    pub fn wall_clock(&self) -> &SimWallClock {
        &self.wall_clock
    }

    /// This world's chance. Draw from it only in an order that the run itself determines.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// Clients that went on faster than pauses allow, so far: that dialled, asked for what
    /// the cluster is like, or were refused, so often within a second of virtual time that
    /// they can't have waited in between. Ten times as often as the first of the default
    /// pauses allows is allowed (50 ms between dials of one address, 100 ms otherwise, for
    /// each api, and each partition that is refused). A client that goes on without any
    /// time passing ends the run as [`Stuck`].
    ///
    /// Where the wire is not watched, only dials are counted.
    pub fn hot_loops(&self) -> Vec<Violation> {
        self.network.paces().violations()
    }

    /// Counts the [`ROWS`](crate::ROWS) that were met; those of the cluster and the wire
    /// are counted by themselves.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The run's trace: note your own events in it.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Everything works again: faults end, brokers and processes go on, the network
    /// carries. What was lost stays lost.
    pub fn heal(&self) {
        self.trace.note("heal");
        self.cluster.faults().clear();
        self.network.heal();
        self.network.set_profile_of_all(self.usual_profile());
        for id in self.cluster.broker_ids() {
            self.cluster.resume_broker(id);
            self.cluster.reconnect_broker(id);
            self.cluster.release_replicas(id);
            self.cluster.release_metadata(id);
            self.cluster.mend_disk(id);
            self.cluster.start_broker(id);
        }
        for process in self.processes().iter() {
            process.thaw();
        }
    }

    /// Faults may delete records of this topic, or delete it and create it anew. Without
    /// it they do so to none.
    pub fn let_be_disposable(&self, topic: impl Into<String>) {
        self.disposable().topics.push(topic.into());
    }

    /// All that such faults have removed so far: the ground truth for records that are in
    /// no log any more.
    pub fn removed_logs(&self) -> Vec<RemovedLog> {
        self.disposable().removed.clone()
    }

    /// Deletes a topic and creates it anew, keeping what it held for
    /// [`World::removed_logs`]. Returns whether there was one.
    pub fn recreate_topic(&self, topic: &str) -> bool {
        self.bury(topic);
        let done = self.cluster.recreate_topic(topic);
        self.trace
            .note(format_args!("topic {topic} is another now: {done}"));
        done
    }

    /// Deletes a partition's records before `offset`, keeping them for
    /// [`World::removed_logs`]. Returns whether there is such a partition.
    pub fn delete_records(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let Some(topic_id) = self.cluster.topic_id(topic) else {
            return false;
        };
        let mut batches = self.cluster.log(topic, partition);
        batches.retain(|batch| batch.base_offset() < offset);
        self.disposable().removed.push(RemovedLog {
            topic: topic.to_owned(),
            topic_id,
            partition,
            at: self.trace.virtual_time(),
            below: offset,
            batches,
        });
        self.trace
            .note(format_args!("{topic}-{partition} begins at {offset}"));
        self.cluster.delete_records(topic, partition, offset)
    }

    /// Compacts a partition as far as its high watermark, if the `cleanup.policy` of its
    /// topic is to compact, keeping what it removed for [`World::compacted_logs`]. Returns
    /// how many records went.
    pub fn compact(&self, topic: &str, partition: i32) -> usize {
        let Some(topic_id) = self.cluster.topic_id(topic) else {
            return 0;
        };
        let mut batches = self.cluster.log(topic, partition);
        self.cluster.roll_segment(topic, partition);
        if !self.cluster.compact(topic, partition) {
            return 0;
        }
        let kept: BTreeSet<i64> = offsets(&self.cluster.log(topic, partition)).collect();
        let mut removed: BTreeSet<i64> = offsets(&batches).collect();
        removed.retain(|offset| !kept.contains(offset));
        batches.retain(|batch| {
            let of = batch.base_offset()..=batch.last_offset();
            removed.range(of).next().is_some()
        });
        let count = removed.len();
        self.trace.note(format_args!(
            "{topic}-{partition} lost {count} to compaction"
        ));
        self.disposable().compacted.push(CompactedLog {
            topic: topic.to_owned(),
            topic_id,
            partition,
            at: self.trace.virtual_time(),
            removed,
            batches,
        });
        count
    }

    /// All that compaction has removed so far: the ground truth for records that are in no
    /// log any more.
    pub fn compacted_logs(&self) -> Vec<CompactedLog> {
        self.disposable().compacted.clone()
    }

    fn bury(&self, topic: &str) {
        let Some(topic_id) = self.cluster.topic_id(topic) else {
            return;
        };
        for partition in 0..self.cluster.partition_count(topic) {
            let batches = self.cluster.log(topic, partition);
            self.disposable().removed.push(RemovedLog {
                topic: topic.to_owned(),
                topic_id,
                partition,
                at: self.trace.virtual_time(),
                below: i64::MAX,
                batches,
            });
        }
    }

    /// Whether there was another topic of this name before.
    pub(crate) fn was_recreated(&self, topic: &str) -> bool {
        let disposable = self.disposable();
        let mut removed = disposable.removed.iter();
        removed.any(|log| log.below == i64::MAX && log.topic == topic)
    }

    /// Those of [`World::removed_logs`] from this place on.
    pub(crate) fn removed_since(&self, place: usize) -> Vec<RemovedLog> {
        let disposable = self.disposable();
        disposable.removed.get(place..).unwrap_or_default().to_vec()
    }

    /// Those of [`World::compacted_logs`] from this place on.
    pub(crate) fn compacted_since(&self, place: usize) -> Vec<CompactedLog> {
        let disposable = self.disposable();
        let compacted = disposable.compacted.get(place..);
        compacted.unwrap_or_default().to_vec()
    }

    pub(crate) fn disposable_topics(&self) -> Vec<String> {
        self.disposable().topics.clone()
    }

    /// What links are like without faults: the profile when this was first asked for.
    pub(crate) fn usual_profile(&self) -> LinkProfile {
        let profile = self.network.profile();
        *self.disposable().usual_profile.get_or_insert(profile)
    }

    fn disposable(&self) -> MutexGuard<'_, Disposable> {
        self.disposable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn processes(&self) -> MutexGuard<'_, Vec<Process>> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The offset of every record that can be read.
fn offsets(batches: &[RecordBatch]) -> impl Iterator<Item = i64> {
    let limits = BatchLimits::default();
    let records = batches
        .iter()
        .filter_map(move |batch| batch.decompress(&limits).ok());
    records.flat_map(|records| {
        let offsets: Vec<i64> = records.iter().map(|record| record.offset()).collect();
        offsets
    })
}
