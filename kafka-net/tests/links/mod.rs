//! An embedded cluster as a client's network: in-memory links, and no sockets. Test files
//! of other crates include it, too.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use kafka_net::{BoxFuture, BoxStream, Connector};
use kafka_test_broker::TestCluster;

/// Connects to the cluster's brokers by their ports, whatever names they have.
pub(crate) struct Links(TestCluster);

impl Links {
    pub(crate) fn to(cluster: &TestCluster) -> Self {
        Self(cluster.clone())
    }
}

impl Connector for Links {
    fn resolve(&self, _host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Box::pin(async move { Ok(vec![address]) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let cluster = self.0.clone();
        Box::pin(async move {
            let brokers: BTreeMap<u16, String> = cluster
                .broker_ids()
                .into_iter()
                .filter_map(|id| cluster.broker_address(id))
                .map(|(host, port)| (port, host))
                .collect();
            let host = brokers
                .get(&address.port())
                .ok_or(io::ErrorKind::ConnectionRefused)?;
            let link = cluster.dial(host, address.port())?;
            Ok(Box::new(link) as BoxStream)
        })
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links")
    }
}
