//! `cargo xtask transcripts [--record] [--bootstrap ADDRESS] [--profile P] [--jobs N]
//! [NAME ...]`

use super::Result;
use crate::transcripts::{self, Options};

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("record") => options.record = true,
            Long("bootstrap") => options.bootstrap = Some(arguments.value()?.string()?),
            Long("profile") => options.profile = arguments.value()?.string()?,
            Long("jobs") => options.jobs = arguments.value()?.parse()?,
            Value(name) => options.names.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let tally = transcripts::run(&options)?;
    println!("{} passed, {} failed", tally.passed, tally.failed);
    // Silence is no proof.
    Ok(tally.failed == 0 && tally.passed > 0)
}
