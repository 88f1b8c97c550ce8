//! Tests that need nothing but Rust.

use super::Scale;
use crate::cargo;
use crate::report::Outcome;

pub(super) fn run(scale: &Scale) -> Outcome {
    // Documentation tests included: plain `cargo test` runs them after the rest.
    let mut command = cargo::command(&["test", "--workspace", "--no-fail-fast"]);
    if let Some(cases) = scale.property_cases {
        command.env("PROPTEST_CASES", cases.to_string());
    }
    if let Some(mutations) = scale.mutations {
        command.env("MUTATIONS", mutations.to_string());
    }
    cargo::test(&mut command)
}
