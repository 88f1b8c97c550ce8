//! Tests of what only a feature switches on.

use super::Scale;
use crate::cargo;
use crate::report::Outcome;

pub(super) fn run(_scale: &Scale) -> Outcome {
    let interleavings = [
        "--package",
        "kafka-producer",
        "--features",
        "shuttle",
        "--lib",
        "interleavings",
    ];
    let tls = [
        "--package",
        "kafka-test-broker",
        "--features",
        "tls",
        "--test",
        "dialogues",
        "tls",
    ];
    let client_tls = [
        "--package",
        "kafka-net",
        "--package",
        "kafka-client",
        "--features",
        "kafka-net/tls,kafka-client/tls",
        "--lib",
        "--test",
        "tls",
        "--test",
        "tls_canary",
    ];
    // The documentation's examples of it, and the facade's.
    let documented = [
        "--package",
        "kafka-net",
        "--package",
        "kafka-client",
        "--features",
        "kafka-net/tls,kafka-client/tls",
        "--doc",
        "tls",
    ];
    let test = |arguments: &[&str]| {
        let outcome = cargo::test(cargo::command(&["test"]).args(arguments));
        match outcome {
            // A name that fits no test would pass for success.
            Outcome::Ran {
                passed: 0,
                failed: 0,
                ..
            } => Outcome::broken(&"no test has such a name"),
            outcome => outcome,
        }
    };
    test(&interleavings)
        .and(test(&tls))
        .and(test(&client_tls))
        .and(test(&documented))
}
