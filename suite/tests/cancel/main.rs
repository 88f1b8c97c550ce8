//! Every public future is polled k times and dropped, for every k up to its
//! completion: no accepted record is lost, nothing is stuck afterwards.
//! `xtask/cancel_safety.txt` says which test is whose; tidy holds the list.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod consumer;
mod net;
mod producer;
mod router;

use std::time::{Duration, Instant};

use kafka_client::Kafka;
use kafka_suite::BoxError;
use kafka_test_broker::TestCluster;

type Outcome = Result<(), BoxError>;

/// Far above what anything here takes; a stuck wait ends in an error.
const LIMIT: Duration = Duration::from_secs(20);

fn deadline() -> Instant {
    kafka_net::clock::now() + LIMIT
}

async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, BoxError> {
    Ok(tokio::time::timeout(LIMIT, work).await?)
}

async fn connected(cluster: &TestCluster) -> Result<Kafka, BoxError> {
    Ok(in_time(Kafka::builder(cluster.bootstrap()).connect()).await??)
}

/// Records in a topic, by the embedded broker's own log.
fn stored(cluster: &TestCluster, topic: &str) -> i64 {
    (0..cluster.partition_count(topic))
        .map(|partition| cluster.end_offset(topic, partition))
        .sum()
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), BoxError> {
    if got == wanted {
        Ok(())
    } else {
        Err(format!("{what}: {got:?}, not {wanted:?}").into())
    }
}
