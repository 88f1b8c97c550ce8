//! Transcripts of real brokers: made twice, kept when both agree.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, PoisonError};

use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};

use super::programs::Programs;
use super::table::Scenario;
use super::{Tally, VERSION, for_each, text, transcript};
use crate::error::{Error, Result};

/// Runs the scenarios on two clusters, one after the other.
///
/// A transcript in which something was waited for in vain is no specification:
/// it is not kept.
pub(super) fn record(
    programs: &Programs,
    scenarios: &[&'static Scenario],
    jobs: usize,
) -> Result<Tally> {
    let first = once(programs, scenarios, jobs)?;
    let second = once(programs, scenarios, jobs)?;
    let mut tally = Tally::default();
    for scenario in scenarios {
        let (Some(one), Some(other)) = (first.get(scenario.name), second.get(scenario.name)) else {
            println!("{:<32} FAILED", scenario.name);
            tally.failed += 1;
            continue;
        };
        if let Some(difference) = text::difference(one, other) {
            println!("{:<32} is not the same twice\n{difference}", scenario.name);
            tally.failed += 1;
        } else if let Some(line) = broken(one) {
            println!("{:<32} did not get through: {line}", scenario.name);
            tally.failed += 1;
        } else {
            let path = transcript(scenario);
            fs::write(&path, one)
                .map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
            println!("{:<32} recorded", scenario.name);
            tally.passed += 1;
        }
    }
    Ok(tally)
}

/// One transcript of each scenario that ended.
fn once(
    programs: &Programs,
    scenarios: &[&'static Scenario],
    jobs: usize,
) -> Result<BTreeMap<&'static str, String>> {
    let kafka = Installation::ensure(KafkaVersion::find(VERSION)?)?;
    let left = Mutex::new(BTreeMap::new());
    let mut sizes: Vec<u32> = scenarios.iter().map(|one| one.brokers).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for brokers in sizes {
        println!("Kafka {VERSION} with {brokers} broker(s)");
        let cluster = RealCluster::start(&kafka, brokers, &ClusterOptions::default())?;
        let bootstrap = cluster.bootstrap();
        let of_size = scenarios
            .iter()
            .copied()
            .filter(|one| one.brokers == brokers);
        let of_size: Vec<_> = of_size.collect();
        for_each(&of_size, jobs, |scenario| {
            match programs.run(scenario, &bootstrap) {
                Ok(text) => {
                    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
                    left.insert(scenario.name, text);
                }
                Err(error) => println!("{:<32} {error}", scenario.name),
            }
        });
    }
    Ok(left.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn broken(transcript: &str) -> Option<&str> {
    let signs = ["waited in vain", "scenario ended by", "no such scenario"];
    transcript
        .lines()
        .find(|line| signs.iter().any(|sign| line.contains(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_that_did_not_get_through_is_known() {
        assert_eq!(broken("a\n  b\n"), None);
        assert_eq!(
            broken("a\nwaited in vain for b\n"),
            Some("waited in vain for b")
        );
        assert!(broken("scenario ended by Panic").is_some());
    }
}
