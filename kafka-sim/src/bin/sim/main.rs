//! Runs ranges of seeds: see `USAGE`.
//!
//! Prints one line a seed, `seed N hash H …`, below it what promises were broken, and in
//! the end which faults and situations there were. Exits with 1 when a promise was broken,
//! with the command that repeats it, or when many seeds never met a situation that they
//! should.

mod arguments;
mod state;
mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use kafka_sim::workload::{self, Options, Report};
use kafka_sim::{Anomaly, shrink, speed};
use tokio::time::Instant;

use arguments::{Arguments, Task};
use state::State;

const USAGE: &str = "usage: sim --seeds A..B [--jobs N] [--profile P] [--resume FILE] [--quiet]
       sim --seeds A [--profile P] [--only PLACES] [--trace] [--shrink]
       sim --speed [SECONDS]

    --seeds A..B    runs the seeds from A up to, but not including, B; or one seed A
    --jobs N        so many at a time; the outcome is the same
    --profile P     quick, default, heavy, network or producer
    --resume FILE   keeps counts in this file, and passes over the seeds it has; a file that
                    another build of this program wrote is refused
    --quiet         tells of seeds that broke a promise alone
    --only PLACES   of the seed's faults these, by place: 0,3,7; none: -
    --trace         prints every event
    --shrink        leaves out the faults that a failing seed does not need, of all or those
                    of --only
    --speed         how fast simulated time runs, over so many simulated seconds
    --help          this";

/// So many seeds should meet every situation.
const MANY: u64 = 500;

/// Seeds between two times that the file of `--resume` is written.
const BETWEEN_SAVES: usize = 50;

fn main() -> ExitCode {
    match arguments::parse(std::env::args().skip(1)) {
        Ok(Task::Help) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Task::Seeds(arguments)) => seeds(&arguments),
        Ok(Task::Shrink(arguments)) => shrink_seeds(&arguments),
        Ok(Task::Speed(seconds)) => measure(seconds),
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn seeds(arguments: &Arguments) -> ExitCode {
    let mut state = match &arguments.resume {
        Some(file) => match State::load(file, arguments.profile) {
            Ok(state) => state,
            Err(problem) => {
                eprintln!("{}: {problem}", file.display());
                return ExitCode::from(2);
            }
        },
        None => State::new(arguments.profile),
    };
    let started = Instant::now();
    let before = state.wall();
    let wanted: Vec<u64> = arguments
        .seeds
        .clone()
        .filter(|seed| !state.has(*seed))
        .collect();
    let mut unsaved = 0;
    run_all(arguments, &wanted, |report| {
        print(arguments, &report);
        state.add(&report);
        unsaved += 1;
        if unsaved >= BETWEEN_SAVES {
            unsaved = 0;
            state.set_wall(before + started.elapsed());
            save(arguments, &state);
        }
    });
    state.set_wall(before + started.elapsed());
    save(arguments, &state);
    print!("{}", table::Table(&state));
    let mut success = true;
    for (seed, anomaly) in state.violations() {
        success = false;
        let repeat = command(arguments, *seed);
        println!("{anomaly}; repeat with: {repeat} --trace");
        println!("    find out which faults it needs with: {repeat} --shrink");
    }
    if state.seeds() >= MANY {
        let (rows, kinds) = (state.never_hit(), state.never_struck());
        if !rows.is_empty() {
            success = false;
            println!("never hit in {} seeds: rows {rows:?}", state.seeds());
        }
        if !kinds.is_empty() {
            success = false;
            println!("never happened in {} seeds: {kinds:?}", state.seeds());
        }
    }
    match success {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Runs the seeds on as many threads as are wanted; reports come in the seeds' order.
fn run_all(arguments: &Arguments, seeds: &[u64], mut each: impl FnMut(Report)) {
    let next = AtomicUsize::new(0);
    let options = &arguments.options;
    thread::scope(|scope| {
        let (sender, reports) = mpsc::sync_channel(64);
        for _ in 0..arguments.jobs {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if sender.send(workload::run(*seed, options)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = seeds.iter();
        let mut next_due = due.next();
        for report in reports {
            early.insert(report.seed, report);
            while let Some(report) = next_due.and_then(|seed| early.remove(seed)) {
                each(report);
                next_due = due.next();
            }
        }
    });
}

/// How to read the events of `--trace`.
const LEGEND: &str = "\
 virtual time     event
                  >3 120                on link 3, 120 bytes arrive at the broker
                  <3 40                 on link 3, 40 bytes arrive at the client
                  open link, cut link   a connection begins, or ends by a fault
                  fault 4 CutLink       fault 4 of the schedule begins: its place for --only
                  fault 4: links [3]    whom it hits
                  fault 4: … is over    it ends; it took effect so many times
                  heal                  all faults end, and everything must go well again
 without a time   what a request or answer says, by the broker's address";

fn print(arguments: &Arguments, report: &Report) {
    if arguments.options.keep_events {
        println!("{LEGEND}\n");
    }
    for line in &report.lines {
        println!("{line}");
    }
    if arguments.quiet && report.violations.is_empty() {
        return;
    }
    println!("{report}");
    for violation in report.violations.iter().take(10) {
        println!("  {violation}");
    }
    if arguments.options.keep_events {
        print!("faults by place:\n{}", report.schedule);
    }
}

fn save(arguments: &Arguments, state: &State) {
    if let Some(file) = &arguments.resume
        && let Err(problem) = state.save(file)
    {
        eprintln!("{}: {problem}", file.display());
    }
}

fn command(arguments: &Arguments, seed: u64) -> String {
    let only = match &arguments.options.only {
        Some(places) => format!(" --only {}", arguments::places(places)),
        None => String::new(),
    };
    format!(
        "cargo xtask sim --seeds {seed} --profile {}{only}",
        arguments.profile
    )
}

/// Shrinks each failing seed's schedule to what the first kind of violation needs.
fn shrink_seeds(arguments: &Arguments) -> ExitCode {
    let mut success = true;
    for seed in arguments.seeds.clone() {
        let run = |only: Option<Vec<usize>>| -> Option<Anomaly> {
            let options = Options {
                only,
                keep_events: false,
                ..arguments.options.clone()
            };
            let report = workload::run(seed, &options);
            report.violations.first().map(kafka_sim::Violation::anomaly)
        };
        let Some(anomaly) = run(arguments.options.only.clone()) else {
            println!("seed {seed} breaks no promise");
            continue;
        };
        success = false;
        let whole = workload::schedule(seed, arguments.profile);
        let place_of =
            |strike: &kafka_sim::Strike| whole.strikes().iter().position(|other| other == strike);
        let given = match &arguments.options.only {
            Some(places) => places.clone(),
            None => (0..whole.strikes().len()).collect(),
        };
        let begin = whole.only(&given);
        let mut runs = 0;
        let left = shrink(&begin, |schedule| {
            runs += 1;
            let places = schedule.strikes().iter().filter_map(place_of);
            run(Some(places.collect())) == Some(anomaly)
        });
        let left = begin.only(&left);
        let left: Vec<usize> = left.strikes().iter().filter_map(place_of).collect();
        println!(
            "seed {seed}, {anomaly}: {} of {} faults are needed ({runs} runs)",
            left.len(),
            begin.strikes().len()
        );
        for place in &left {
            if let Some(strike) = whole.strikes().get(*place) {
                println!("{place:>4}  {strike}");
            }
        }
        println!(
            "repeat with: cargo xtask sim --seeds {seed} --profile {} --only {} --trace",
            arguments.profile,
            arguments::places(&left)
        );
    }
    match success {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn measure(seconds: u64) -> ExitCode {
    let started = Instant::now();
    match speed::run(seconds) {
        Ok(amount) => {
            let times = |took: f64| amount.virtual_time.as_secs_f64() / took;
            let wall = started.elapsed().as_secs_f64();
            println!(
                "three brokers, ten clients of ten records a second each: {:.0} s of virtual \
                 time in {wall:.2} s, {:.0} times real time; {} records delivered, {} read",
                amount.virtual_time.as_secs_f64(),
                times(wall),
                amount.delivered,
                amount.read,
            );
            if let Some(processor) = processor_seconds() {
                println!(
                    "of that {processor:.2} s on a processor: {:.0} times real time where nothing \
                     else runs",
                    times(processor)
                );
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// How long this process has run on a processor, where the system tells.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds as f64 / 1e9)
}
