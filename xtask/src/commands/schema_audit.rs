//! `cargo xtask schema-audit`

use super::{Result, expect_end};
use crate::schema_audit;

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    expect_end(arguments)?;
    let verdict = schema_audit::run()?;
    print!("{verdict}");
    Ok(verdict.failed() == 0)
}
