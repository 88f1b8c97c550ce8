//! Simulation seeds: no promise broken, every situation met, and the same trace from
//! another process and another number of jobs.

use std::collections::BTreeMap;

use super::Scale;
use crate::cargo::{self, Ran};
use crate::failures::Failure;
use crate::report::Outcome;

pub(super) fn run(scale: &Scale) -> Outcome {
    let (first, end) = scale.seeds;
    // Built once, loudly.
    let mut build = cargo::command(&["build", "--profile", "sim", "--package", "kafka-sim"]);
    let built = cargo::run(build.args(["--bin", "sim"]));
    if !built.success {
        return built.outcome(&build);
    }
    let again = first + (end - first).div_ceil(REPEATED);
    println!("seeds {first}..{end} on two jobs; {first}..{again} once more, in another process");
    let one = simulate(first, end, 2);
    let two = simulate(first, again, 1);
    let seeds = end - first;
    let differing = compare(&one.stdout, &two.stdout, first, again);
    for line in &differing {
        eprintln!("{line}");
    }
    if !(one.success && two.success) {
        print!("{}", one.stdout);
        eprintln!("a seed broke a promise, or a situation was never met");
    }
    let mut failed = u64::try_from(differing.len()).unwrap_or(seeds).min(seeds);
    if !(one.success && two.success) {
        failed = failed.max(1);
    }
    let failures = complaints(&one.stdout, &two.stdout).into_iter();
    let failures = failures.chain(differing.iter().map(String::as_str));
    Outcome::ran(seeds - failed, failed).because(failures.map(|line| Failure::new(line, "")))
}

/// The lines that tell of a broken promise and how to repeat it, or of a situation
/// that was never met, each once.
fn complaints<'a>(one: &'a str, two: &'a str) -> Vec<&'a str> {
    let is_complaint =
        |line: &&str| line.contains("; repeat with: ") || line.starts_with("never hit in ");
    let mut found: Vec<&str> = one.lines().filter(is_complaint).collect();
    for line in two.lines().filter(is_complaint) {
        if !found.contains(&line) {
            found.push(line);
        }
    }
    found
}

/// One seed in so many is run again, and must leave the same trace.
const REPEATED: u64 = 10;

fn simulate(first: u64, end: u64, jobs: u32) -> Ran {
    let range = format!("{first}..{end}");
    let jobs = jobs.to_string();
    let arguments = [
        "run",
        "--quiet",
        "--profile",
        "sim",
        "--package",
        "kafka-sim",
        "--bin",
        "sim",
        "--",
    ];
    let mut command = cargo::command(&arguments);
    cargo::run_quietly(command.args(["--seeds", range.as_str(), "--jobs", jobs.as_str()]))
}

/// One line for each seed whose hashes differ or are missing.
fn compare(one: &str, two: &str, first: u64, end: u64) -> Vec<String> {
    let (one, two) = (hashes(one), hashes(two));
    (first..end)
        .filter_map(|seed| match (one.get(&seed), two.get(&seed)) {
            (Some(one), Some(two)) if one == two => None,
            (Some(one), Some(two)) => Some(format!(
                "seed {seed}: trace {one} in one process, {two} in the other"
            )),
            _ => Some(format!("seed {seed}: a process printed no hash")),
        })
        .collect()
}

/// The lines `seed N hash H …`.
fn hashes(output: &str) -> BTreeMap<u64, &str> {
    output
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("seed"), Some(seed), Some("hash"), Some(hash)) => {
                    Some((seed.parse().ok()?, hash))
                }
                _ => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_promises_are_told_once() {
        let one =
            "seed 3 hash aa\nlost; repeat with: cargo xtask sim\nnever hit in 9 seeds: rows [4]\n";
        let two = "noise\nlost; repeat with: cargo xtask sim\n";
        assert_eq!(
            complaints(one, two),
            [
                "lost; repeat with: cargo xtask sim",
                "never hit in 9 seeds: rows [4]"
            ]
        );
        assert!(complaints("seed 3 hash aa\n", "").is_empty());
    }

    #[test]
    fn equal_traces_pass_and_any_difference_is_named() {
        let one = "seed 0 hash aa 12 events\nnoise\nseed 1 hash bb\n";
        assert!(compare(one, one, 0, 2).is_empty());
        let two = "seed 0 hash aa\nseed 1 hash bc\n";
        assert_eq!(
            compare(one, two, 0, 2),
            ["seed 1: trace bb in one process, bc in the other"]
        );
        assert_eq!(
            compare(one, "seed 0 hash aa\n", 0, 2),
            ["seed 1: a process printed no hash"]
        );
        assert_eq!(compare("", "", 0, 2).len(), 2, "silence is no proof");
    }
}
