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
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::failures::Failure;
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
    /// Scenarios, or beginnings of their names; none stands for all.
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Those that did not, each with what differs.
    pub(crate) failures: Vec<Failure>,
    /// Those that did only the second time, and what is left out of comparisons.
    pub(crate) notes: Vec<String>,
}

/// The Kafka whose transcripts are stored.
const VERSION: &str = "4.3.1";
/// A scenario that takes longer hangs; those that start seven JVMs take minutes on a
/// machine with much else to do.
const SCENARIO_TIMEOUT: Duration = Duration::from_secs(300);
/// So many that differ are run once more, each alone: other people's clients have
/// timers of their own. More than that is no matter of chance.
const MOST_REPEATED: usize = 20;

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
    let run = Run {
        options,
        programs: &programs,
    };
    let tally = Mutex::new(Tally::default());
    let differing = Mutex::new(Vec::new());
    for_each(&chosen, jobs, |scenario| match run.compare(scenario) {
        None => lock(&tally).passed += 1,
        Some(problem) => lock(&differing).push((scenario, problem)),
    });
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut differing = differing
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    // Their topics and groups are there already on brokers that we did not start.
    let again = options.bootstrap.is_none() && differing.len() <= MOST_REPEATED;
    for (scenario, problem) in differing.drain(..) {
        if again && run.compare(scenario).is_none() {
            tally.notes.push(format!(
                "{} differed once: {}; equal alone",
                scenario.name,
                first_difference(&problem)
            ));
            tally.passed += 1;
        } else {
            tally.failures.push(Failure::new(scenario.name, &problem));
            tally.failed += 1;
        }
    }
    for scenario in chosen.iter().filter(|one| !one.unserved.is_empty()) {
        let unserved: Vec<_> = scenario.unserved.iter().map(|line| line.trim()).collect();
        let unserved = unserved.join(", ");
        tally
            .notes
            .push(format!("{} not served: {unserved}", scenario.name));
    }
    for note in &tally.notes {
        println!("{note}");
    }
    Ok(tally)
}

/// How scenarios are compared.
struct Run<'a> {
    options: &'a Options,
    programs: &'a Programs,
}

impl Run<'_> {
    /// Runs one and says how it ended; what is wrong, if something is.
    fn compare(&self, scenario: &Scenario) -> Option<String> {
        let watch = Stopwatch::start();
        let held = match &self.options.bootstrap {
            Some(bootstrap) => compare(self.programs, scenario, bootstrap),
            None => EmbeddedBroker::start(&self.options.profile, scenario.brokers)
                .and_then(|broker| compare(self.programs, scenario, broker.bootstrap())),
        };
        let (name, took) = (scenario.name, watch.read().as_secs_f64());
        match held {
            Ok(None) => {
                println!("{name:<32} equal, {took:.1} s");
                None
            }
            Ok(Some(difference)) => {
                println!("{name:<32} DIFFERS, {took:.1} s\n{difference}");
                Some(difference)
            }
            Err(error) => {
                println!("{name:<32} FAILED, {took:.1} s: {error}");
                Some(error.to_string())
            }
        }
    }
}

/// What differs between the stored transcript and the one of these brokers, but for
/// what is known not to be served.
fn compare(programs: &Programs, scenario: &Scenario, bootstrap: &str) -> Result<Option<String>> {
    let path = transcript(scenario);
    let stored = fs::read_to_string(&path)
        .map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
    let left = programs.run(scenario, bootstrap)?;
    if left == stored {
        return Ok(None);
    }
    Ok(text::difference(&served(scenario, &stored), &left))
}

/// The lines of a stored transcript that the embedded cluster leaves, too.
fn served(scenario: &Scenario, stored: &str) -> String {
    let is_served = |line: &&str| {
        let mut unserved = scenario.unserved.iter();
        !unserved.any(|beginning| line.starts_with(beginning))
    };
    let lines = stored.split_inclusive('\n');
    lines.filter(is_served).collect()
}

/// The first line that is in one only; the first of all where there is none.
fn first_difference(problem: &str) -> &str {
    let mut lines = problem.lines().map(str::trim);
    let first = lines.clone().next().unwrap_or_default();
    lines
        .find(|line| line.starts_with(['-', '+']))
        .unwrap_or(first)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands each scenario to one of `jobs` threads, in the table's order.
fn for_each(scenarios: &[&'static Scenario], jobs: usize, work: impl Fn(&'static Scenario) + Sync) {
    let left = Mutex::new(scenarios.iter().copied().collect::<VecDeque<_>>());
    let next = || lock(&left).pop_front();
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
        return Ok(SCENARIOS.iter().collect());
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
    fn what_is_not_served_is_in_the_stored_transcript_once() {
        for scenario in SCENARIOS {
            let stored = fs::read_to_string(transcript(scenario)).unwrap();
            for beginning in scenario.unserved {
                let found = stored.lines().filter(|line| line.starts_with(beginning));
                assert_eq!(found.count(), 1, "{beginning}");
            }
            let left = stored.lines().count() - scenario.unserved.len();
            assert_eq!(served(scenario, &stored).lines().count(), left);
        }
    }

    #[test]
    fn a_difference_is_told_by_its_first_line() {
        assert_eq!(first_difference("    a\n  - b\n  + c\n"), "- b");
        assert_eq!(first_difference("javac failed\nbecause"), "javac failed");
        assert_eq!(first_difference(""), "");
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
