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
    let test = |arguments: &[&str]| {
        let outcome = cargo::test(cargo::command(&["test"]).args(arguments));
        match outcome {
            // A name that fits no test would pass for success.
            Outcome::Ran {
                passed: 0,
                failed: 0,
            } => Outcome::single(false),
            outcome => outcome,
        }
    };
    test(&interleavings).and(test(&tls))
}
