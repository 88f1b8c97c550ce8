//! A simulated world: cluster, network, clock and chance, all from one seed.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kafka_client::{Kafka, KafkaBuilder};
use kafka_net::{Environment, Random};
use kafka_test_broker::TestCluster;
use tokio::runtime::{Builder, Handle};

use crate::clock::{EPOCH_MS, SimWallClock};
use crate::network::Network;
use crate::trace::Trace;

/// Settings of a simulated run.
#[derive(Clone, Debug)]
pub struct Simulation {
    seed: u64,
    brokers: i32,
    partitions: i32,
    keep_events: bool,
    time_limit: Duration,
}

impl Simulation {
    /// A world in which all chance comes from `seed`: one broker, topics created with one
    /// partition when first used.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            brokers: 1,
            partitions: 1,
            keep_events: false,
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

    /// Keeps every event as text ([`Trace::lines`]), not only its hash. Default `false`.
    pub fn keep_events(mut self, keep: bool) -> Self {
        self.keep_events = keep;
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
    /// # Errors
    /// The run's output is [`Stuck`] when the time limit passed, or when the runtime could
    /// not be built.
    pub fn run<A, F, T>(self, app: A) -> Run<T>
    where
        A: FnOnce(World) -> F,
        F: Future<Output = T>,
    {
        match Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
        {
            Ok(runtime) => runtime.block_on(self.run_inside(app)),
            Err(error) => Run {
                output: Err(Stuck(format!("no runtime: {error}"))),
                trace: Trace::start(false),
            },
        }
    }

    async fn run_inside<A, F, T>(self, app: A) -> Run<T>
    where
        A: FnOnce(World) -> F,
        F: Future<Output = T>,
    {
        let random = Random::from_seed(self.seed);
        let trace = Trace::start(self.keep_events);
        let cluster = TestCluster::builder()
            .brokers(self.brokers)
            .default_partitions(self.partitions)
            .seed(random.u64())
            .wall_clock_ms(EPOCH_MS)
            .build_offline();
        let network = Network::new(cluster.clone(), random.fork(), trace.clone());
        let world = World {
            environment: Environment::new(
                Handle::current(),
                Arc::new(network.clone()),
                Arc::new(SimWallClock::start()),
                random.fork(),
            ),
            cluster,
            network,
            random,
            trace: trace.clone(),
        };
        let limit = self.time_limit;
        let output = tokio::time::timeout(limit, app(world))
            .await
            .map_err(|_| Stuck(format!("not done after {limit:?} of virtual time")));
        Run { output, trace }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Run<T> {
    /// What the application returned.
    pub output: Result<T, Stuck>,
    /// What happened.
    pub trace: Trace,
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

/// What an application in the simulation can use. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct World {
    cluster: TestCluster,
    network: Network,
    environment: Environment,
    random: Random,
    trace: Trace,
}

impl World {
    /// A client builder wired to this world's cluster, network, clock and chance.
    pub fn kafka(&self) -> KafkaBuilder {
        Kafka::builder(self.cluster.bootstrap()).environment(self.environment.clone())
    }

    /// The cluster: stop and start brokers, move leaders, inject faults, read the logs.
    pub fn cluster(&self) -> &TestCluster {
        &self.cluster
    }

    /// The network: delays, cuts, silence.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// This world's chance. Draw from it only in an order that the run itself determines.
    pub fn random(&self) -> &Random {
        &self.random
    }

    /// The run's trace: note your own events in it.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}
