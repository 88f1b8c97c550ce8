//! Suites that need real Kafka brokers: downloaded, announced, skipped loudly.

use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster, missing_requirement};

use super::{Scale, in_ci, quickstart};
use crate::cargo;
use crate::report::Outcome;

const NEWEST: &str = "4.3.1";
/// What the suites of every change run against. The oldest is there for its logins and
/// its TLS.
const VERSIONS: [&str; 3] = [NEWEST, "2.8.2", "0.10.2.2"];

/// What the test `matrix` starts.
const MATRIX: [&str; 8] = [
    "0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "1.1.1", "2.8.2", "3.9.1", NEWEST,
];

pub(super) fn run(_scale: &Scale) -> Outcome {
    let versions: Vec<_> = KafkaVersion::all()
        .iter()
        .filter(|version| VERSIONS.contains(&version.number()))
        .collect();
    if let Some(outcome) = unready(&versions) {
        return outcome;
    }
    let mut command = cargo::command(&["test", "--profile", "sim", "--no-fail-fast"]);
    command.args([
        "--package",
        "kafka-harness",
        "--package",
        "kafka-suite",
        "--features",
    ]);
    command.arg("kafka-harness/real-broker,kafka-suite/real-broker");
    // The versions of `eras` take minutes of their own.
    command.args(["--lib", "--test", "cluster", "--test", "real_*"]);
    // Brokers, tools and clients share the cores: one test at a time.
    let tests = cargo::test(command.args(["--", "--test-threads", "1", "--nocapture"]));
    tests.and(quickstart_on(NEWEST))
}

/// The outcome if the newest Kafka can't be had.
pub(super) fn newest_unready() -> Option<Outcome> {
    match KafkaVersion::find(NEWEST) {
        Ok(version) => unready(&[&version]),
        Err(error) => Some(Outcome::broken(&error)),
    }
}

/// README's first command on a real cluster.
fn quickstart_on(version: &str) -> Outcome {
    let cluster = KafkaVersion::find(version)
        .and_then(Installation::ensure)
        .and_then(|kafka| RealCluster::start(&kafka, 1, &ClusterOptions::default()));
    match cluster {
        Ok(cluster) => quickstart::run_with(&["--bootstrap", &cluster.bootstrap()]),
        Err(error) => Outcome::broken(&error),
    }
}

/// The client at brokers of each release.
pub(super) fn matrix(_scale: &Scale) -> Outcome {
    let versions: Vec<_> = KafkaVersion::all()
        .iter()
        .filter(|version| MATRIX.contains(&version.number()))
        .collect();
    if let Some(outcome) = unready(&versions) {
        return outcome;
    }
    let mut command = cargo::command(&["test", "--profile", "sim", "--no-fail-fast"]);
    // The features of `real`, so that nothing is built twice.
    command.args(["--package", "kafka-harness", "--package", "kafka-suite"]);
    command.args([
        "--features",
        "kafka-harness/real-broker,kafka-suite/real-broker",
    ]);
    cargo::test(command.args(["--test", "matrix", "--", "--nocapture"]))
}

pub(super) fn eras(_scale: &Scale) -> Outcome {
    let versions: Vec<_> = KafkaVersion::all().iter().collect();
    if let Some(outcome) = unready(&versions) {
        return outcome;
    }
    let mut command = cargo::command(&["test", "--profile", "sim", "--no-fail-fast"]);
    command.args(["--package", "kafka-harness", "--package", "kafka-suite"]);
    command.args([
        "--features",
        "kafka-harness/real-broker,kafka-suite/real-broker",
    ]);
    command.args(["--test", "every_version", "--test", "every_era"]);
    cargo::test(command.args(["--", "--nocapture"]))
}

/// Downloads what is missing, having said so; the outcome if that can't be done.
fn unready(versions: &[&KafkaVersion]) -> Option<Outcome> {
    if let Some(missing) = missing_requirement() {
        let reason = format!("{missing}; nothing was tested against a real Kafka");
        println!("SKIPPED: {reason}");
        return Some(Outcome::Skipped {
            reason,
            is_failure: in_ci(),
        });
    }
    for version in versions {
        let place = Installation::place(**version);
        match Installation::cached(**version) {
            Some(_) => println!("Kafka {version} is in {}", place.display()),
            None => println!(
                "Kafka {version} will be downloaded by Maven into {}",
                place.display()
            ),
        }
    }
    for version in versions {
        if let Err(error) = Installation::ensure(**version) {
            return Some(Outcome::broken(&error));
        }
    }
    None
}
