//! Transcripts of real brokers: made twice, kept when both agree.

use kafka_harness::{Installation, KafkaVersion, RealCluster};
use tokio::task::block_in_place;

use super::{Outcome, Scenario, cluster_options, run, stored};
use crate::{BoxError, NEWEST};

/// Plays the scenarios on two real clusters of each size they take, one after the
/// other, and stores the transcripts that came out the same. Returns how many did
/// not. Needs a multi-threaded runtime.
///
/// # Errors
///
/// When a cluster does not start or a transcript can't be written.
pub async fn record(scenarios: &[&'static Scenario]) -> Result<usize, BoxError> {
    let first = once(scenarios).await?;
    let second = once(scenarios).await?;
    let mut failed = 0;
    for (one, other) in first.into_iter().zip(second) {
        let name = one.scenario.name;
        let said = match (one.transcript, other.transcript) {
            (Ok(first), Ok(second)) => match stored::difference(first.text(), second.text()) {
                None => {
                    stored::keep(one.scenario, first.text())?;
                    println!("{name:<32} recorded");
                    continue;
                }
                Some(difference) => format!("is not the same twice\n{difference}"),
            },
            (Err(error), _) | (_, Err(error)) => format!("FAILED: {error}"),
        };
        println!("{name:<32} {said}");
        failed += 1;
    }
    Ok(failed)
}

async fn once(scenarios: &[&'static Scenario]) -> Result<Vec<Outcome>, BoxError> {
    let mut outcomes = Vec::new();
    for brokers in [1, 3] {
        if scenarios.iter().any(|one| one.brokers == brokers) {
            let cluster = block_in_place(|| start(brokers))?;
            outcomes.extend(run(&cluster.bootstrap(), brokers, scenarios).await);
        }
    }
    Ok(outcomes)
}

fn start(brokers: u32) -> Result<RealCluster, BoxError> {
    println!("Kafka {NEWEST} with {brokers} broker(s)");
    let kafka = Installation::ensure(KafkaVersion::find(NEWEST)?)?;
    Ok(RealCluster::start(&kafka, brokers, &cluster_options())?)
}
