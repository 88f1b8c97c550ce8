//! Every version of the table downloads, starts and stops.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpStream;

use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};

#[test]
fn every_version_starts() {
    for version in KafkaVersion::all() {
        let installation = Installation::ensure(*version).unwrap();
        let cluster = RealCluster::start(&installation, 1, &ClusterOptions::default()).unwrap();
        let address = cluster.address(1).unwrap();
        TcpStream::connect(&address).unwrap();
        println!("Kafka {version} serves at {address}");
        drop(cluster);
        assert!(
            TcpStream::connect(&address).is_err(),
            "Kafka {version} is gone"
        );
    }
}
