//! `cargo xtask conformance [messages] [records] [--seed S] [--per-version N] [--only VALUE]
//! [--record FILE]`

use super::Result;
use crate::conformance::{self, Options};
use crate::error::Error;

/// What there is to compare.
const PARTS: [&str; 2] = ["messages", "records"];

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let mut options = Options {
        seed: Options::SEED,
        per_version: Options::FULL,
        only: None,
        record: None,
    };
    let mut parts = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("seed") => options.seed = arguments.value()?.parse()?,
            Long("per-version") => options.per_version = arguments.value()?.parse()?,
            Long("only") => options.only = Some(arguments.value()?.string()?.parse()?),
            Long("record") => options.record = Some(arguments.value()?.into()),
            Value(part) => parts.push(part.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        let known = PARTS.join(", ");
        return Err(Error::new(format!(
            "no part {unknown:?}; there are {known}"
        )));
    }
    let is_chosen = |part: &str| parts.is_empty() || parts.iter().any(|chosen| chosen == part);
    let (mut passed, mut failed) = (0, 0);
    if is_chosen("messages") {
        println!("messages, seed {}", options.seed);
        let tally = conformance::messages(&options)?;
        print!("{tally}");
        passed += tally.passed();
        failed += tally.failed();
    }
    // What `--only` names is a message.
    if is_chosen("records") && options.only.is_none() {
        println!("records, seed {}", options.seed);
        let table = conformance::records(&options)?;
        print!("{table}");
        passed += table.passed();
        failed += table.failed();
    }
    println!("{passed} passed, {failed} failed");
    // Silence is no proof: `--only` may name nothing.
    Ok(failed == 0 && passed > 0)
}
