//! `cargo xtask bench protocol [--quick]`
//!
//! `cargo xtask bench layers [--record]`
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
    let mut record = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("quick") => options.quick = true,
            Long("record") => record = true,
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
        Some("protocol" | "peers") if record => Err(Error::new("--record is of `bench layers`")),
        Some("protocol") if restricted => Err(Error::new("`bench protocol` takes --quick alone")),
        Some("protocol") => bench::protocol(options.quick),
        Some("peers") => bench::peers::run(&options),
        Some("layers") if options.quick || restricted => {
            Err(Error::new("`bench layers` takes --record alone"))
        }
        Some("layers") => bench::layers::run(record),
        _ => Err(Error::new(
            "bench wants what to measure: protocol, layers or peers",
        )),
    }
}
