//! `cargo xtask fuzz [TARGET ...] [--seconds N]`

use super::Result;
use crate::error::Error;
use crate::fuzz::{self, Toolchain};

const DEFAULT_SECONDS: u64 = 60;

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let mut targets = Vec::new();
    let mut seconds = DEFAULT_SECONDS;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("seconds") => seconds = seconds_of(&arguments.value()?.string()?)?,
            Value(name) => targets.push(fuzz::find(&name.string()?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    if targets.is_empty() {
        targets = fuzz::TARGETS.to_vec();
    }
    let failed = fuzz::run(&Toolchain::find()?, &targets, seconds)?;
    Ok(failed == 0)
}

fn seconds_of(seconds: &str) -> Result<u64> {
    match seconds.parse() {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        _ => Err(Error::new(format!(
            "--seconds wants a number, not {seconds:?}"
        ))),
    }
}
