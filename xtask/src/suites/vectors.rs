//! The message bodies of Kafka's own classes that the project keeps.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::Scale;
use crate::report::Outcome;
use crate::vectors;

const FILE: &str = "kafka-protocol/tests/vectors/messages.tsv";

pub(super) fn run(_scale: &Scale) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
    let checked = File::open(path).and_then(|file| {
        vectors::check(BufReader::new(file), &mut |failure| println!("{failure}"))
    });
    match checked {
        Ok(tally) => {
            println!("{FILE}: {tally}");
            // A file without a vector proves nothing.
            Outcome::Ran {
                passed: tally.passed,
                failed: tally.failed + u64::from(tally.passed == 0),
            }
        }
        Err(error) => {
            eprintln!("cannot read {FILE}: {error}");
            Outcome::single(false)
        }
    }
}
