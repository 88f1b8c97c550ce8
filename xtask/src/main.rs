//! The project's automation: one command, one file. `cargo xtask help` lists them.

mod bench;
mod cargo;
mod clock;
mod commands;
mod conformance;
mod error;
mod failures;
mod fuzz;
mod mutants;
mod report;
mod schema_audit;
mod suites;
mod test_output;
mod tidy;
mod transcripts;
mod vectors;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = lexopt::Parser::from_env();
    match commands::run(&mut arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
