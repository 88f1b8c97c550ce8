//! Traffic under faults on a real cluster of three brokers.

use super::{Scale, real};
use crate::cargo;
use crate::report::Outcome;

pub(super) fn run(scale: &Scale) -> Outcome {
    with(scale.soak_minutes, &[])
}

/// `options` are those of the `soak` program.
pub(super) fn with(minutes: u64, options: &[String]) -> Outcome {
    if let Some(outcome) = real::newest_unready() {
        return outcome;
    }
    let mut command = cargo::command(&["run", "--profile", "sim", "--package", "kafka-suite"]);
    command.args(["--bin", "soak", "--", "--minutes"]);
    cargo::check(command.arg(minutes.to_string()).args(options))
}
