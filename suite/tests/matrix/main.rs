//! The client at real brokers of every era, one after the other, each with its own
//! tools as the witness.
//!
//! `MATRIX_RELEASES=0.8.2.2,0.9.0.1` runs it on these alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod witness;

use std::env;

use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};
use kafka_net::clock;
use kafka_suite::BoxError;
use kafka_suite::matrix::{CHECKS, Ground, Mark, Table};
use tokio::task::block_in_place;

/// What is tested; `cargo xtask test matrix` downloads them.
const RELEASES: [&str; 8] = [
    "0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "1.1.1", "2.8.2", "3.9.1", "4.3.1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_release_does_what_it_can_and_the_rest_is_refused() -> Result<(), BoxError> {
    let wanted = env::var("MATRIX_RELEASES").ok();
    let wanted = |release: &&str| {
        let named = wanted.as_deref();
        named.is_none_or(|named| named.split(',').any(|name| name == *release))
    };
    let mut table = Table::default();
    let mut failures = Vec::new();
    for release in RELEASES.iter().copied().filter(wanted) {
        table.begin(release);
        if let Err(error) = at(release, &mut table, &mut failures).await {
            failures.push(format!("{release}: {error}"));
        }
    }
    println!("{table}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Everything at one release's broker.
async fn at(release: &str, table: &mut Table, failures: &mut Vec<String>) -> Result<(), BoxError> {
    let began = clock::now();
    let installation = Installation::ensure(KafkaVersion::find(release)?)?;
    let options = ClusterOptions::default()
        // Fifty logs of each take an old broker seconds to make.
        .property("offsets.topic.num.partitions", 1)
        .property("transaction.state.log.num.partitions", 1)
        // Not by default before 1.0.
        .property("delete.topic.enable", true);
    let cluster = block_in_place(|| RealCluster::start(&installation, 1, &options))?;
    let started = clock::now() - began;
    let ground = Ground::connect(&cluster.bootstrap(), release).await?;
    for check in CHECKS {
        let began = clock::now();
        let expected = check.expected(&ground.release());
        let outcome = check.run(&ground).await;
        let mark = outcome.as_ref().ok().copied();
        table.enter(check.name, mark.filter(|mark| *mark == expected));
        let took = clock::now() - began;
        println!("{release}, {}: {outcome:?} in {took:.1?}", check.name);
        if mark != Some(expected) {
            failures.push(format!("{release}, {}: {outcome:?}", check.name));
        }
    }
    for (name, outcome) in [
        (
            witness::THEY_READ,
            witness::they_read(&ground, &cluster).await,
        ),
        (
            witness::THEY_WRITE,
            witness::they_write(&ground, &cluster).await,
        ),
    ] {
        println!("{release}, {name}: {outcome:?}");
        table.enter(name, outcome.is_ok().then_some(Mark::Works));
        if let Err(error) = outcome {
            failures.push(format!("{release}, {name}: {error}"));
        }
    }
    let took = clock::now() - began;
    println!("{release}: {took:.1?}, of which {started:.1?} until its broker served");
    Ok(())
}
