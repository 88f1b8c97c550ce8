//! A cluster inside the process, reached over in-memory links, and a router to it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kafka_net::{Environment, Error, NetConfig, Pool, Random, WallClock};
use kafka_producer::{Delivery, Producer, ProducerConfig};
use kafka_protocol::records::BatchLimits;
use kafka_router::{Router, RouterConfig};
use kafka_test_broker::{TestCluster, TestClusterBuilder};

#[path = "../../../kafka-net/tests/links/mod.rs"]
mod links;

use links::Links;

pub struct Rig {
    pub cluster: TestCluster,
    pub router: Router,
    pub wall: Arc<SetClock>,
}

impl Rig {
    /// A cluster of its own; everything runs on the current runtime's clock.
    pub fn new(builder: TestClusterBuilder) -> Self {
        let cluster = builder.build_offline();
        let wall = Arc::new(SetClock(AtomicI64::new(1_700_000_000_000)));
        let env = Environment::new(
            tokio::runtime::Handle::current(),
            Arc::new(Links::to(&cluster)),
            wall.clone(),
            Random::from_seed(7),
        );
        let router = router(&cluster, env);
        Self {
            cluster,
            router,
            wall,
        }
    }

    /// One broker and a topic `t` with so many partitions.
    pub fn with_topic(partitions: i32) -> Self {
        Self::new(TestCluster::builder().topic("t", partitions))
    }

    pub fn producer(&self, config: ProducerConfig) -> Producer {
        Producer::new(config, self.router.clone()).unwrap()
    }

    /// The log of a partition as text.
    pub fn values(&self, topic: &str, partition: i32) -> Vec<String> {
        values(&self.cluster, topic, partition)
    }
}

pub fn router(cluster: &TestCluster, env: Environment) -> Router {
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let config = RouterConfig::default()
        .with_bootstrap_servers(&cluster.bootstrap())
        .unwrap();
    Router::new(config, pool).unwrap()
}

pub fn values(cluster: &TestCluster, topic: &str, partition: i32) -> Vec<String> {
    let mut values = Vec::new();
    for batch in cluster.log(topic, partition) {
        for record in &batch.decompress(&BatchLimits::default()).unwrap() {
            let value = record.value().unwrap_or(b"<null>");
            values.push(String::from_utf8(value.to_vec()).unwrap());
        }
    }
    values
}

pub async fn offsets(deliveries: Vec<Delivery>) -> Vec<Result<Option<i64>, Error>> {
    let mut all = Vec::new();
    for delivery in deliveries {
        all.push(delivery.await.map(|ack| ack.offset));
    }
    all
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A wall clock that stands where it is set.
#[derive(Debug)]
pub struct SetClock(pub AtomicI64);

impl WallClock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}
