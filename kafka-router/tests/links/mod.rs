//! An embedded cluster and a router to it over virtual links.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kafka_net::{
    BoxFuture, BoxStream, Connector, Environment, NetConfig, Pool, Random, SystemWallClock,
};
use kafka_router::{Router, RouterConfig};
use kafka_test_broker::TestCluster;

/// Connects within the process, by address.
#[derive(Debug)]
struct Links(TestCluster);

impl Connector for Links {
    fn resolve(&self, _host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Box::pin(async move { Ok(vec![address]) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let cluster = self.0.clone();
        Box::pin(async move {
            let stream = cluster.dial(&address.ip().to_string(), address.port())?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

/// A router that knows the address of one of the brokers.
#[allow(dead_code, reason = "each test uses a part of it")]
pub(crate) fn router(cluster: &TestCluster) -> Router {
    router_from(cluster, &cluster.bootstrap())
}

/// A router that knows these addresses.
pub(crate) fn router_from(cluster: &TestCluster, bootstrap: &str) -> Router {
    let env = Environment::new(
        tokio::runtime::Handle::current(),
        Arc::new(Links(cluster.clone())),
        Arc::new(SystemWallClock),
        Random::from_seed(7),
    );
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let config = RouterConfig::default().with_bootstrap_servers(bootstrap);
    Router::new(config.unwrap(), pool).unwrap()
}
