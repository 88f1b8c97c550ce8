//! `cargo xtask ci`: everything CI does, at home.

use super::{Result, expect_end};
use crate::suites::{self, Scale, Tier};

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    expect_end(arguments)?;
    // The checks first: they are quick, and most mistakes are theirs to find.
    let chosen = suites::of_tiers(&[Tier::Check, Tier::Test]);
    suites::run_all(&chosen, &Scale::EVERY_CHANGE)
}
