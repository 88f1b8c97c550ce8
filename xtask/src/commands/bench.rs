//! `cargo xtask bench protocol [--quick]`

use super::Result;
use crate::bench;
use crate::error::Error;

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let (mut what, mut quick) = (None, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("quick") => quick = true,
            Value(name) if what.is_none() => what = Some(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    match what.as_deref() {
        Some("protocol") => bench::protocol(quick),
        _ => Err(Error::new("bench wants what to measure: protocol")),
    }
}
