//! Runs ranges of seeds: `sim --seeds A..B [--trace]`.
//!
//! Prints one line a seed, `seed N hash H …`, then the faults that happened. Exits with 1
//! when a seed broke a promise, with the command that repeats it.

use std::process::ExitCode;
use std::time::Duration;

use kafka_sim::{FaultCounts, FaultKind, workload};

const USAGE: &str = "usage: sim --seeds A..B [--trace]\n\n\
    --seeds A..B   runs the seeds from A up to, but not including, B; or one seed A\n\
    --trace        prints every event of every run";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments) {
        Ok((seeds, trace)) => run(seeds, trace),
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: &[String]) -> Result<(std::ops::Range<u64>, bool), String> {
    let mut seeds = None;
    let mut trace = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seeds" => seeds = Some(range(rest.next().ok_or("--seeds needs a range")?)?),
            "--trace" => trace = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok((seeds.ok_or("--seeds is missing")?, trace))
}

fn range(text: &str) -> Result<std::ops::Range<u64>, String> {
    let number = |part: &str| {
        part.parse::<u64>()
            .map_err(|_| format!("{part:?} is not a seed"))
    };
    match text.split_once("..") {
        Some((first, end)) => Ok(number(first)?..number(end)?),
        None => number(text).map(|seed| seed..seed + 1),
    }
}

fn run(seeds: std::ops::Range<u64>, trace: bool) -> ExitCode {
    let mut faults = FaultCounts::new();
    let mut broken = Vec::new();
    let mut virtual_time = Duration::ZERO;
    let runs = seeds.end.saturating_sub(seeds.start);
    for seed in seeds {
        let report = workload::run(seed, trace);
        for line in &report.lines {
            println!("{line}");
        }
        println!("{report}");
        for violation in report.violations.iter().take(10) {
            println!("  {violation}");
        }
        for (kind, times) in &report.faults {
            *faults.entry(*kind).or_default() += times;
        }
        virtual_time += report.virtual_time;
        if !report.violations.is_empty() {
            broken.push(seed);
        }
    }
    println!(
        "{runs} seeds, {:.0} s of virtual time; faults that happened:",
        virtual_time.as_secs_f64()
    );
    for kind in FaultKind::ALL {
        println!("  {kind:<24} {}", faults.get(&kind).copied().unwrap_or(0));
    }
    for seed in &broken {
        println!(
            "repeat with: cargo run --profile sim -p kafka-sim --bin sim -- --seeds {seed} --trace"
        );
    }
    if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
