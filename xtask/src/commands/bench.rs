//! `cargo xtask bench protocol [--quick]`
//!
//! `cargo xtask bench peers [--quick] [--rounds N] [--records N] [--peers A,B]
//! [--only CELL | --matrix | --nkafka]`

use super::Result;
use crate::bench;
use crate::error::Error;

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let (mut what, mut options) = (None, bench::peers::Options::default());
    // Of `peers` alone.
    let mut restricted = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("quick") => options.quick = true,
            Long("matrix") => (options.matrix, restricted) = (true, true),
            Long("nkafka") => (options.nkafka, restricted) = (true, true),
            Long("rounds") => {
                (options.rounds, restricted) = (Some(arguments.value()?.parse()?), true)
            }
            Long("records") => {
                (options.records, restricted) = (Some(arguments.value()?.parse()?), true)
            }
            Long("only") => (options.only, restricted) = (Some(arguments.value()?.string()?), true),
            Long("peers") => {
                let names = arguments.value()?.string()?;
                options.peers = names.split(',').map(str::to_owned).collect();
                restricted = true;
            }
            Value(name) if what.is_none() => what = Some(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    match what.as_deref() {
        Some("protocol") if restricted => Err(Error::new("`bench protocol` takes --quick alone")),
        Some("protocol") => bench::protocol(options.quick),
        Some("peers") => bench::peers::run(&options),
        _ => Err(Error::new("bench wants what to measure: protocol or peers")),
    }
}
