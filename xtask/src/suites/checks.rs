//! What reads the code instead of running it.

use super::Scale;
use crate::failures::Failure;
use crate::report::Outcome;
use crate::{cargo, tidy as rules};

pub(super) fn fmt(_scale: &Scale) -> Outcome {
    cargo::check(&mut cargo::command(&["fmt", "--all", "--check"]))
}

pub(super) fn clippy(_scale: &Scale) -> Outcome {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    cargo::check(&mut cargo::command(&arguments))
}

pub(super) fn docs(_scale: &Scale) -> Outcome {
    let with = |arguments: &[&str]| {
        let mut command = cargo::command(&["doc", "--no-deps"]);
        cargo::check(command.args(arguments).env("RUSTDOCFLAGS", "-D warnings"))
    };
    let tls = ["--package", "kafka-net", "--package", "kafka-client"];
    let tls = [&tls[..], &["--features", "kafka-net/tls,kafka-client/tls"]].concat();
    with(&["--workspace"]).and(with(&tls))
}

pub(super) fn tidy(_scale: &Scale) -> Outcome {
    match rules::check_workspace() {
        Ok(verdict) => {
            print!("{verdict}");
            let failed = verdict.broken_rules();
            let outcome = Outcome::ran(verdict.rules() - failed, failed);
            outcome.because([Failure::new("rules", &verdict.to_string())])
        }
        Err(error) => Outcome::broken(&error),
    }
}
