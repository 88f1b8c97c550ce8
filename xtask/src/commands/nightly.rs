//! `cargo xtask nightly`: what takes longer than a change may wait for.

use super::{Result, expect_end};
use crate::suites::{self, Scale, Tier};

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    expect_end(arguments)?;
    let chosen = suites::of_tiers(&[Tier::Check, Tier::Test, Tier::Nightly]);
    suites::run_all(&chosen, &Scale::NIGHTLY)
}
