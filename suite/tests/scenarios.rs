//! The scenarios of our client on embedded clusters: the transcripts are those of a
//! real Kafka.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use kafka_suite::BoxError;
use kafka_suite::scenarios::{self, Scenario};

async fn check(brokers: u32) -> Result<(), BoxError> {
    let all: Vec<&'static Scenario> = scenarios::ALL.iter().collect();
    let cluster = scenarios::embedded(brokers).start().await?;
    let mut failures = String::new();
    let outcomes = scenarios::run(&cluster.bootstrap(), brokers, &all).await;
    assert!(!outcomes.is_empty());
    for outcome in outcomes {
        if let Some(failure) = outcome.failure() {
            let _ = writeln!(failures, "{}: {failure}", outcome.scenario.name);
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_embedded_broker_leaves_the_transcripts_of_a_real_one() -> Result<(), BoxError> {
    check(1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_embedded_brokers_leave_the_transcripts_of_real_ones() -> Result<(), BoxError> {
    check(3).await
}
