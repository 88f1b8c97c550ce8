//! Embedded clusters behind names that a test changes.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_net::clock::now;
use kafka_net::{
    BoxFuture, BoxStream, BrokerAddress, Connection, Connector, Environment, Error, Lane,
    NetConfig, Pool, Random, SendOptions, SystemWallClock,
};
use kafka_protocol::ApiKey;
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};
use tokio::runtime::Handle;

/// What names and addresses lead to.
pub(crate) struct World {
    places: Mutex<Places>,
    dials: Mutex<Vec<SocketAddr>>,
}

#[derive(Default)]
struct Places {
    /// A name that is not here does not resolve.
    names: BTreeMap<String, Vec<SocketAddr>>,
    /// An address that is not here takes no connection and says nothing.
    brokers: BTreeMap<SocketAddr, (TestCluster, i32)>,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            places: Mutex::default(),
            dials: Mutex::default(),
        })
    }

    /// A world in which each broker of `cluster` has a name and an address.
    pub(crate) fn of(cluster: &TestCluster) -> Arc<Self> {
        let world = Self::new();
        for id in cluster.broker_ids() {
            let address = format!("10.0.0.{id}:9092");
            world.name(&format!("kafka-{id}"), &[&address]);
            world.place(&address, cluster, id);
        }
        world
    }

    /// From now on a name has these addresses.
    pub(crate) fn name(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        self.lock().names.insert(name.to_owned(), addresses);
    }

    /// From now on a broker is at this address.
    pub(crate) fn place(&self, address: &str, cluster: &TestCluster, id: i32) {
        let place = (cluster.clone(), id);
        self.lock().brokers.insert(address.parse().unwrap(), place);
    }

    /// From now on nothing is at this address.
    pub(crate) fn clear(&self, address: &str) {
        self.lock().brokers.remove(&address.parse().unwrap());
    }

    pub(crate) fn dials(&self) -> Vec<String> {
        let dials = self.dials.lock().unwrap();
        dials.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn pool(self: &Arc<Self>) -> Pool {
        self.pool_with(NetConfig::default())
    }

    pub(crate) fn pool_with(self: &Arc<Self>, config: NetConfig) -> Pool {
        let random = Random::from_seed(7);
        let connector: Arc<dyn Connector> = self.clone();
        let wall_clock = Arc::new(SystemWallClock);
        let env = Environment::new(Handle::current(), connector, wall_clock, random);
        Pool::new(config, env).unwrap()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

impl Connector for World {
    fn resolve(&self, host: &str, _port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let found = self.lock().names.get(host).cloned();
        Box::pin(async move { found.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        self.dials.lock().unwrap().push(address);
        let place = self.lock().brokers.get(&address).cloned();
        Box::pin(async move {
            let Some((cluster, id)) = place else {
                return std::future::pending().await;
            };
            let (host, port) = cluster.broker_address(id).unwrap();
            Ok(Box::new(cluster.dial(&host, port)?) as BoxStream)
        })
    }
}

/// A cluster of so many brokers with the topic `orders`.
pub(crate) fn cluster(brokers: i32) -> TestCluster {
    let cluster = TestCluster::builder().brokers(brokers);
    cluster.topic("orders", 1).build_offline()
}

pub(crate) fn broker(id: i32) -> BrokerAddress {
    BrokerAddress::new(format!("kafka-{id}"), 9092).with_id(id)
}

pub(crate) async fn connect(pool: &Pool, id: i32, lane: Lane) -> Result<Connection, Error> {
    pool.connection(&broker(id), lane, now() + seconds(60))
        .await
}

/// Asks for the topic `orders`, within this time.
pub(crate) async fn ask(
    connection: &Connection,
    timeout: Duration,
) -> Result<MetadataResponse, Error> {
    let options = SendOptions::new(timeout);
    connection.request(&question(), &options).await
}

pub(crate) fn question() -> MetadataRequest {
    let topic = MetadataRequestTopic::new().with_name(Some("orders".into()));
    MetadataRequest::new().with_topics(Some(vec![topic]))
}

/// The next answer to [`question`] gets this reaction.
pub(crate) fn next_answer(cluster: &TestCluster, reaction: Reaction) {
    let condition = Condition::api(ApiKey::Metadata);
    cluster.faults().add(Fault::new(condition, reaction).once());
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
