//! Other people's clients on our broker, beside what they saw of a real one.
//!
//! The programs are in `suite/foreign`, with the transcripts that a real Kafka
//! left of each scenario. A scenario holds when the embedded cluster leaves the
//! same.

mod cluster;
mod programs;
mod recording;
mod table;
mod text;

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use cluster::EmbeddedBroker;
use programs::Programs;
use table::{SCENARIOS, Scenario};

/// What runs, and against what.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Runs on real brokers and keeps what they leave.
    pub(crate) record: bool,
    /// Runs on brokers that somebody else has started, one scenario at a time.
    pub(crate) bootstrap: Option<String>,
    /// The profile in which the embedded cluster is built.
    pub(crate) profile: String,
    /// Scenarios at a time.
    pub(crate) jobs: usize,
    /// Scenarios, or beginnings of their names; none stands for all that must hold.
    pub(crate) names: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            record: false,
            bootstrap: None,
            profile: "sim".to_owned(),
            // Their clients wait for rebalances and markers most of the time.
            jobs: 6,
            names: Vec::new(),
        }
    }
}

/// Scenarios that left the stored transcript, and those that did not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

/// The Kafka whose transcripts are stored.
const VERSION: &str = "4.3.1";
/// A scenario that takes longer hangs.
const SCENARIO_TIMEOUT: Duration = Duration::from_secs(150);

/// Runs the chosen scenarios and says how each ended.
///
/// # Errors
///
/// When there is nothing to run, or something to run it with is missing.
pub(crate) fn run(options: &Options) -> Result<Tally> {
    let chosen = choose(&options.names)?;
    let programs = Programs::prepare(VERSION, &chosen)?;
    programs.check_table()?;
    if options.record {
        return recording::record(&programs, &chosen, options.jobs);
    }
    let jobs = match &options.bootstrap {
        Some(_) => 1,
        None => options.jobs,
    };
    if options.bootstrap.is_none() {
        EmbeddedBroker::build(&options.profile)?;
    }
    let tally = Mutex::new(Tally::default());
    for_each(&chosen, jobs, |scenario| {
        let watch = Stopwatch::start();
        let held = match &options.bootstrap {
            Some(bootstrap) => compare(&programs, scenario, bootstrap),
            None => EmbeddedBroker::start(&options.profile, scenario.brokers)
                .and_then(|broker| compare(&programs, scenario, broker.bootstrap())),
        };
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        let took = watch.read().as_secs_f64();
        match held {
            Ok(None) => {
                println!("{:<32} equal, {took:.1} s", scenario.name);
                tally.passed += 1;
            }
            Ok(Some(difference)) => {
                println!("{:<32} DIFFERS, {took:.1} s\n{difference}", scenario.name);
                tally.failed += 1;
            }
            Err(error) => {
                println!("{:<32} FAILED, {took:.1} s: {error}", scenario.name);
                tally.failed += 1;
            }
        }
    });
    if options.names.is_empty() {
        say_pending();
    }
    Ok(tally.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What differs between the stored transcript and the one of these brokers.
fn compare(programs: &Programs, scenario: &Scenario, bootstrap: &str) -> Result<Option<String>> {
    let path = transcript(scenario);
    let stored = fs::read_to_string(&path)
        .map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
    let left = programs.run(scenario, bootstrap)?;
    Ok(text::difference(&stored, &left))
}

/// Hands each scenario to one of `jobs` threads, in the table's order.
fn for_each(scenarios: &[&'static Scenario], jobs: usize, work: impl Fn(&'static Scenario) + Sync) {
    let left = Mutex::new(scenarios.iter().copied().collect::<VecDeque<_>>());
    let next = || {
        left.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(scenario) = next() {
                    work(scenario);
                }
            });
        }
    });
}

fn choose(names: &[String]) -> Result<Vec<&'static Scenario>> {
    if names.is_empty() {
        let must = SCENARIOS.iter().filter(|one| one.pending.is_none());
        return Ok(must.collect());
    }
    for name in names {
        if !SCENARIOS
            .iter()
            .any(|one| one.name.starts_with(name.as_str()))
        {
            return Err(Error::new(format!("no scenario begins with {name:?}")));
        }
    }
    let is_chosen = |one: &&Scenario| names.iter().any(|name| one.name.starts_with(name.as_str()));
    Ok(SCENARIOS.iter().filter(is_chosen).collect())
}

/// What does not hold yet is told by every run, never left out in silence.
fn say_pending() {
    for scenario in SCENARIOS {
        if let Some(reason) = scenario.pending {
            println!("{:<32} PENDING: {reason}", scenario.name);
        }
    }
}

fn transcript(scenario: &Scenario) -> PathBuf {
    sources()
        .join("transcripts")
        .join(format!("{}.txt", scenario.name))
}

/// The directory of the programs.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../suite/foreign")
}

/// Every file of a directory whose name has this ending, sorted.
fn files(dir: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Error::new(format!("{}: {error}", dir.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_scenario_has_a_transcript_and_every_transcript_a_scenario() {
        let stored: BTreeSet<_> = files(&sources().join("transcripts"), "txt")
            .unwrap()
            .iter()
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let known: BTreeSet<_> = SCENARIOS.iter().map(|one| one.name.to_owned()).collect();
        assert_eq!(known.len(), SCENARIOS.len(), "names are distinct");
        assert_eq!(known, stored);
    }

    #[test]
    fn names_choose_by_their_beginning() {
        let of = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            choose(&names).map(|chosen| chosen.len())
        };
        assert_eq!(of(&["rd-produce-acks-0"]).unwrap(), 1);
        assert!(of(&["rd-", "go-"]).unwrap() > 50);
        assert!(of(&["nothing"]).is_err());
    }

    #[test]
    fn each_scenario_is_handed_out_once() {
        let chosen: Vec<_> = SCENARIOS.iter().collect();
        let seen = Mutex::new(Vec::new());
        for_each(&chosen, 3, |one| seen.lock().unwrap().push(one.name));
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        let mut all: Vec<_> = SCENARIOS.iter().map(|one| one.name).collect();
        all.sort_unstable();
        assert_eq!(seen, all);
    }
}
