//! Every message beside Kafka's own definitions.

use kafka_harness::missing_requirement;

use super::{Scale, in_ci};
use crate::failures::Failure;
use crate::report::Outcome;
use crate::schema_audit;

pub(super) fn run(_scale: &Scale) -> Outcome {
    if let Some(missing) = missing_requirement() {
        let reason = format!("{missing}; no message was compared with Kafka's definition");
        println!("SKIPPED: {reason}");
        return Outcome::Skipped {
            reason,
            is_failure: in_ci(),
        };
    }
    match schema_audit::run() {
        Ok(verdict) => {
            print!("{verdict}");
            let outcome = Outcome::ran(verdict.passed(), verdict.failed());
            outcome.because([Failure::new("findings", &verdict.to_string())])
        }
        Err(error) => Outcome::broken(&error),
    }
}
