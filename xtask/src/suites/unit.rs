//! Tests that need nothing but Rust.

use super::Scale;
use crate::cargo;
use crate::report::Outcome;

pub(super) fn run(scale: &Scale) -> Outcome {
    // Documentation tests included: plain `cargo test` runs them after the rest.
    let mut command = cargo::command(&["test", "--workspace", "--no-fail-fast"]);
    match scale.property_cases {
        Some(cases) => command.env("PROPTEST_CASES", cases.to_string()),
        // The same cases each time: a change is judged by what it changes. Nightly
        // looks at new ones.
        None => command.env("PROPTEST_RNG_SEED", "1"),
    };
    if let Some(mutations) = scale.mutations {
        command.env("MUTATIONS", mutations.to_string());
    }
    cargo::test(&mut command)
}
