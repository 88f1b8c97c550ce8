//! Other people's clients on the embedded cluster.

use super::Scale;
use crate::report::Outcome;
use crate::transcripts::{self, Options};

/// Every scenario that must hold; a tool that is missing fails it.
pub(super) fn run(_scale: &Scale) -> Outcome {
    match transcripts::run(&Options::default()) {
        Ok(tally) => Outcome::ran(tally.passed, tally.failed)
            .because(tally.failures)
            .noting(tally.notes),
        Err(error) => Outcome::broken(&error),
    }
}
