//! The fuzz targets, each for a while.

use super::{Scale, in_ci};
use crate::fuzz::{self, TARGETS, Toolchain};
use crate::report::Outcome;

const SECONDS: u64 = 60;

pub(super) fn run(_scale: &Scale) -> Outcome {
    let toolchain = match Toolchain::find() {
        Ok(toolchain) => toolchain,
        Err(missing) => {
            let reason = format!("{missing}; nothing was fuzzed");
            println!("SKIPPED: {reason}");
            return Outcome::Skipped {
                reason,
                is_failure: in_ci(),
            };
        }
    };
    match fuzz::run(&toolchain, TARGETS, SECONDS) {
        Ok(failed) => Outcome::ran(TARGETS.len() as u64 - failed, failed),
        Err(error) => Outcome::broken(&error),
    }
}
