//! `cargo xtask test [SUITE ...] [--list]`

use super::Result;
use crate::error::Error;
use crate::suites::{self, Scale, Suite, Tier};

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let mut chosen = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("list") => {
                list();
                return Ok(true);
            }
            Value(name) => chosen.push(find(&name.string()?)?),
            other => return Err(other.unexpected().into()),
        }
    }
    if chosen.is_empty() {
        chosen = suites::of_tiers(&[Tier::Test]);
    }
    suites::run_all(&chosen, &Scale::EVERY_CHANGE)
}

fn list() {
    for suite in suites::ALL {
        println!("{:<12} {:<8} {}", suite.name, suite.tier, suite.about);
    }
}

fn find(name: &str) -> Result<&'static Suite> {
    suites::ALL
        .iter()
        .find(|suite| suite.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = suites::ALL.iter().map(|suite| suite.name).collect();
            Error::new(format!("no suite {name:?}; there are {}", names.join(", ")))
        })
}
