//! `cargo xtask vectors FILE`

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader};

use super::{Result, expect_end};
use crate::error::Error;
use crate::vectors::{self, Tally};

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let file = match arguments.next()? {
        Some(Value(file)) => file,
        Some(other) => return Err(other.unexpected().into()),
        None => {
            return Err(Error::new(
                "vectors wants a FILE, or - for standard input; its lines are \
                 `api key TAB request|response TAB version TAB hex of the body`",
            ));
        }
    };
    expect_end(arguments)?;
    let tally = check(&file)?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

fn check(file: &OsString) -> Result<Tally> {
    let shown = file.display();
    let unreadable = |error: io::Error| Error::new(format!("cannot read {shown}: {error}"));
    let mut print = |failure: String| println!("{failure}");
    if file == "-" {
        return vectors::check(io::stdin().lock(), &mut print).map_err(unreadable);
    }
    let opened = File::open(file).map_err(unreadable)?;
    vectors::check(BufReader::new(opened), &mut print).map_err(unreadable)
}
