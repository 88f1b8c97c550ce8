//! `cargo xtask scenarios [--record | --bootstrap ADDRESS [--brokers N]] [NAME ...]`

use super::Result;
use crate::cargo;

/// The program of `kafka-suite` understands the arguments.
pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    let run = ["run", "--package", "kafka-suite", "--bin", "scenarios"];
    let mut command = cargo::command(&run);
    command.arg("--").args(arguments.raw_args()?);
    Ok(cargo::run(&mut command).success)
}
