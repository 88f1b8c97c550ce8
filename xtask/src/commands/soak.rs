//! `cargo xtask soak --minutes N [--seed S] [--brokers 3] [--rate R]`

use super::Result;
use crate::error::Error;
use crate::suites;

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let mut minutes = None;
    let mut passed_on = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("minutes") => minutes = Some(arguments.value()?.parse()?),
            Long(name @ ("seed" | "brokers" | "rate")) => {
                let name = format!("--{name}");
                let number: u64 = arguments.value()?.parse()?;
                passed_on.extend([name, number.to_string()]);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let minutes = minutes.filter(|minutes| *minutes > 0);
    let minutes = minutes.ok_or_else(|| Error::new("--minutes is missing: a number above 0"))?;
    Ok(suites::soak(minutes, &passed_on))
}
