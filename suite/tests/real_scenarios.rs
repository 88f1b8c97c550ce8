//! The scenarios of our client on a real Kafka: the transcripts are those stored.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use kafka_harness::{Installation, KafkaVersion, RealCluster};
use kafka_suite::scenarios::{self, Scenario};
use kafka_suite::{BoxError, NEWEST};
use tokio::task::block_in_place;

async fn check(brokers: u32) -> Result<(), BoxError> {
    let all: Vec<&'static Scenario> = scenarios::ALL.iter().collect();
    let kafka = Installation::ensure(KafkaVersion::find(NEWEST)?)?;
    let options = scenarios::cluster_options();
    let cluster = block_in_place(|| RealCluster::start(&kafka, brokers, &options))?;
    let mut failures = String::new();
    let outcomes = scenarios::run(&cluster.bootstrap(), brokers, &all).await;
    assert!(!outcomes.is_empty());
    for outcome in outcomes {
        let took = outcome.took.as_secs_f64();
        println!("{:<32} {took:.1} s", outcome.scenario.name);
        if let Some(failure) = outcome.failure() {
            let _ = writeln!(failures, "{}: {failure}", outcome.scenario.name);
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_real_broker_leaves_the_transcripts_stored() -> Result<(), BoxError> {
    check(1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_real_brokers_leave_the_transcripts_stored() -> Result<(), BoxError> {
    check(3).await
}
