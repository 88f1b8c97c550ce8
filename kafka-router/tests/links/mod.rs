//! An embedded cluster and a router to it over virtual links.

use std::sync::Arc;

use kafka_net::{Environment, NetConfig, Pool, Random, SystemWallClock};
use kafka_router::{Router, RouterConfig};
use kafka_test_broker::TestCluster;

#[path = "../../../kafka-net/tests/links/mod.rs"]
mod net;

use net::Links;

/// A router that knows the address of one of the brokers.
#[allow(dead_code, reason = "each test uses a part of it")]
pub(crate) fn router(cluster: &TestCluster) -> Router {
    router_from(cluster, &cluster.bootstrap())
}

/// A router that knows these addresses.
pub(crate) fn router_from(cluster: &TestCluster, bootstrap: &str) -> Router {
    let env = Environment::new(
        tokio::runtime::Handle::current(),
        Arc::new(Links::to(cluster)),
        Arc::new(SystemWallClock),
        Random::from_seed(7),
    );
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let config = RouterConfig::default().with_bootstrap_servers(bootstrap);
    Router::new(config.unwrap(), pool).unwrap()
}
