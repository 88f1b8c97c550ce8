//! `cargo xtask tidy`

use super::{Result, expect_end};
use crate::tidy;

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    expect_end(arguments)?;
    let verdict = tidy::check_workspace()?;
    print!("{verdict}");
    Ok(verdict.is_clean())
}
