//! kafka-protocol as its users may switch it: each codec alone, none, and zstd by
//! its C library.

use super::Scale;
use crate::cargo;
use crate::report::Outcome;

const CODECS: [&str; 4] = ["gzip", "snappy", "lz4", "zstd"];

/// Tests of what the C library does in the place of the Rust one.
const C_LIBRARY: &[&str] = &[
    "test",
    "--package",
    "kafka-protocol",
    "--features",
    "zstd-c,json",
    "--lib",
    "--test",
    "records_roundtrip",
    "--test",
    "records_vectors",
    "--test",
    "records_hostile",
];

pub(super) fn run(_scale: &Scale) -> Outcome {
    let none = with(&[]);
    let each = CODECS.iter().fold(none, |outcome, codec| {
        outcome.and(with(&["--features", codec]))
    });
    let mut c_library = cargo::command(C_LIBRARY);
    each.and(cargo::test(c_library.env("PROPTEST_RNG_SEED", "1")))
}

/// Builds with no features but these, warnings being errors.
fn with(features: &[&str]) -> Outcome {
    let check = [
        "clippy",
        "--package",
        "kafka-protocol",
        "--no-default-features",
    ];
    let mut command = cargo::command(&check);
    cargo::check(command.args(features).args(["--", "-D", "warnings"]))
}
