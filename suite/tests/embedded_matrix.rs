//! Every check of the matrix on the embedded cluster in the dress of each release.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use kafka_suite::BoxError;
use kafka_suite::matrix::{CHECKS, Ground, Table};
use kafka_test_broker::{Era, TestCluster};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_release_does_what_it_can_and_the_rest_is_refused() -> Result<(), BoxError> {
    let mut table = Table::default();
    let mut failures = Vec::new();
    for era in Era::RELEASES {
        let release = era.release().unwrap();
        let cluster = TestCluster::builder().era(era).start().await?;
        let ground = Ground::connect(&cluster.bootstrap(), release).await?;
        table.begin(release);
        for check in CHECKS {
            let outcome = check.run(&ground).await;
            let expected = check.expected(&ground.release());
            let mark = outcome.as_ref().ok().copied();
            table.enter(check.name, mark.filter(|mark| *mark == expected));
            if mark != Some(expected) {
                failures.push(format!("{release}, {}: {outcome:?}", check.name));
            }
        }
    }
    println!("{table}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
