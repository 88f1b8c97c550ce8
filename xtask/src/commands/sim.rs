//! `cargo xtask sim …`: the simulation's own program, built with its profile, and
//! `cargo xtask sim --mutants [NAME ...]`.

use super::Result;
use crate::cargo;
use crate::mutants;

/// What runs without arguments: what every change goes through.
const USUAL: [&str; 4] = ["--seeds", "0..500", "--jobs", "2"];

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    let mut given: Vec<String> = Vec::new();
    for argument in arguments.raw_args()? {
        given.push(argument.to_string_lossy().into_owned());
    }
    match given.split_first() {
        Some((first, names)) if first == "--mutants" => mutants::run(names),
        Some(_) => Ok(simulate(&given)),
        None => Ok(simulate(&USUAL.map(str::to_owned))),
    }
}

fn simulate(arguments: &[String]) -> bool {
    // Seeds run with every assertion; how fast it is, is asked of what users build.
    let asks_speed = arguments.iter().any(|argument| argument == "--speed");
    let program = [
        "run",
        "--quiet",
        "--profile",
        if asks_speed { "release" } else { "sim" },
        "--package",
        "kafka-sim",
        "--bin",
        "sim",
        "--",
    ];
    cargo::run_showing(cargo::command(&program).args(arguments))
}
