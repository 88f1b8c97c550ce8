//! Our codecs beside Kafka's own classes.

use kafka_harness::missing_requirement;

use super::{Scale, in_ci};
use crate::conformance::{self, Options};
use crate::report::Outcome;

pub(super) fn run(scale: &Scale) -> Outcome {
    if let Some(missing) = missing_requirement() {
        let reason = format!("{missing}; nothing was compared with Kafka's classes");
        println!("SKIPPED: {reason}");
        return Outcome::Skipped {
            reason,
            is_failure: in_ci(),
        };
    }
    let options = Options {
        seed: Options::SEED,
        per_version: scale.values_per_version,
        only: None,
        record: None,
    };
    let compared = conformance::messages(&options).and_then(|tally| {
        print!("{tally}");
        let table = conformance::records(&options)?;
        print!("{table}");
        Ok((tally, table))
    });
    match compared {
        Ok((tally, table)) => Outcome::ran(
            tally.passed() + table.passed(),
            tally.failed() + table.failed(),
        ),
        Err(error) => Outcome::broken(&error),
    }
}
