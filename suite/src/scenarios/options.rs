//! Both kinds of clusters, set up alike.

use std::time::Duration;

use kafka_harness::ClusterOptions;
use kafka_test_broker::{TestCluster, TestClusterBuilder};

/// How often logs are looked through for what to remove, so that scenarios need not
/// wait for the usual minutes.
const CLEAN_UP: Duration = Duration::from_millis(200);

/// A real cluster for the scenarios.
pub fn cluster_options() -> ClusterOptions {
    let interval = CLEAN_UP.as_millis();
    ClusterOptions::default()
        .property("log.cleaner.backoff.ms", interval)
        .property("log.retention.check.interval.ms", interval)
        .property("log.initial.task.delay.ms", interval)
}

/// An embedded cluster for the scenarios.
pub fn embedded(brokers: u32) -> TestClusterBuilder {
    TestCluster::builder()
        .brokers(i32::try_from(brokers).unwrap_or(i32::MAX))
        .clean_up_interval(CLEAN_UP)
}
