//! The message bodies of Kafka's own classes that the project keeps.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::Scale;
use crate::failures::Failure;
use crate::report::Outcome;
use crate::vectors;

const FILE: &str = "kafka-protocol/tests/vectors/messages.tsv";

pub(super) fn run(_scale: &Scale) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
    let mut failures = Vec::new();
    let checked = File::open(path).and_then(|file| {
        vectors::check(BufReader::new(file), &mut |failure| {
            let failure = failure.to_string();
            println!("{failure}");
            failures.push(Failure::new(failure, ""));
        })
    });
    match checked {
        Ok(tally) => {
            println!("{FILE}: {tally}");
            // A file without a vector proves nothing.
            let failed = tally.failed + u64::from(tally.passed == 0);
            Outcome::ran(tally.passed, failed).because(failures)
        }
        Err(error) => Outcome::broken(&format!("cannot read {FILE}: {error}")),
    }
}
