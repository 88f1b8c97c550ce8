//! Runs of a cell: everyone once a round, in an order of its own.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use kafka_harness::run_program;

use super::brokers::{Broker, Kind};
use super::cells::{Cell, Role};
use super::entrants::{Entrant, Program, taking_part};
use super::programs::Programs;
use super::run::Run;
use super::statistics::Random;
use super::syscalls;
use crate::bench::peers_program::first_complaint;
use crate::error::{Error, Result};

/// Counting takes no more records than these, where it can choose.
const COUNTED_RECORDS: u64 = 1_000_000;

/// How much is measured.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub(super) rounds: usize,
    pub(super) quick: bool,
    pub(super) records: Option<u64>,
    pub(super) programs: Vec<Program>,
}

/// What a cell showed of one role against one broker.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) cell: Cell,
    pub(crate) role: Role,
    pub(crate) kind: Kind,
    pub(crate) records: u64,
    pub(crate) results: Vec<Entered>,
}

/// What one entrant showed there.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) entrant: Entrant,
    /// By round; an entrant that failed has none from then on.
    pub(crate) runs: BTreeMap<usize, Run>,
    pub(crate) failure: Option<String>,
    pub(crate) allocations_per_record: Option<f64>,
    /// Or why there is no figure.
    pub(crate) syscalls_per_mb: std::result::Result<f64, String>,
}

/// A cell's everything that a run needs.
struct Setting<'a> {
    programs: &'a Programs,
    broker: &'a Broker,
    cell: &'a Cell,
    role: Role,
}

/// Measures one role of a cell against a broker. What fails is told in the results; an
/// error is about the broker or its topics.
///
/// # Errors
///
/// When a topic cannot be made.
pub(super) fn measure(
    scale: &Scale,
    programs: &Programs,
    broker: &Broker,
    kind: Kind,
    cell: &Cell,
    role: Role,
    everyone: bool,
) -> Result<Measured> {
    let records = cell.records(scale.quick, scale.records);
    let setting = Setting {
        programs,
        broker,
        cell,
        role,
    };
    println!(
        "{}, {}, {}: {records} records",
        cell.name,
        role.name(),
        kind.name()
    );
    let mut results: Vec<Entered> = taking_part(role, everyone, &scale.programs)
        .into_iter()
        .map(|entrant| Entered {
            entrant,
            runs: BTreeMap::new(),
            failure: programs.missing.get(&entrant.program).cloned(),
            allocations_per_record: None,
            syscalls_per_mb: Err("not counted in this cell".to_owned()),
        })
        .collect();
    // Consumers share one topic: it is read from its beginning each time.
    let full = match role {
        Role::Consume => Some(broker.full_topic(programs, cell, "consumed", records)?),
        Role::Produce | Role::Latency => None,
    };
    for round in 0..scale.rounds {
        let mut order: Vec<usize> = (0..results.len()).collect();
        Random(round as u64 + 1).shuffle(&mut order);
        for index in order {
            let Some(entered) = results.get_mut(index) else {
                continue;
            };
            if entered.failure.is_some() {
                continue;
            }
            let name = entered.entrant.name;
            match setting.run(&entered.entrant, full.as_ref(), records, false, round) {
                Ok(run) => {
                    println!("  {name}: {}", told(&run));
                    entered.runs.insert(round, run);
                }
                Err(error) => {
                    println!("  {name} failed: {error}");
                    // What it printed follows on more lines.
                    let why = error.to_string();
                    entered.failure = why.lines().next().map(str::to_owned);
                }
            }
        }
    }
    if everyone && role != Role::Latency {
        for entered in &mut results {
            setting.count(entered, full.as_ref(), records)?;
        }
    }
    if let Some(topic) = full {
        broker.delete(programs, cell, &topic)?;
    }
    Ok(Measured {
        cell: *cell,
        role,
        kind,
        records,
        results,
    })
}

impl Setting<'_> {
    /// One run of an entrant, on the full topic or on one of its own.
    fn run(
        &self,
        entrant: &Entrant,
        full: Option<&super::brokers::Topic>,
        records: u64,
        counted: bool,
        round: usize,
    ) -> Result<Run> {
        let command = self.programs.command(entrant, counted);
        self.run_as(command, entrant, full, records, round)
    }

    fn run_as(
        &self,
        mut command: Command,
        entrant: &Entrant,
        full: Option<&super::brokers::Topic>,
        records: u64,
        round: usize,
    ) -> Result<Run> {
        let own = match full {
            Some(_) => None,
            None => {
                let name = format!("{}-{round}-{}", self.cell.name, slug(entrant.name));
                Some(self.broker.empty_topic(self.programs, self.cell, &name)?)
            }
        };
        let Some(topic) = full.or(own.as_ref()) else {
            return Err(Error::new("no topic"));
        };
        // Connections are made and code is warm before anything is measured.
        let warmup = match self.role {
            Role::Consume => 0,
            Role::Produce => (records / 10).clamp(100, 200_000),
            Role::Latency => (records / 10).clamp(100, 20_000),
        };
        command.arg(self.role.name()).args(topic.arguments());
        command.args(self.cell.arguments());
        command.args([
            "--records",
            &records.to_string(),
            "--warmup",
            &warmup.to_string(),
        ]);
        command.args(["--mode", entrant.mode]);
        if !entrant.variant.is_empty() {
            command.args(["--variant", entrant.variant]);
        }
        let before = self.broker.cpu_s();
        let ran = self.attend(entrant, &mut command, records);
        let broker_cpu = before
            .zip(self.broker.cpu_s())
            .map(|(before, after)| after - before);
        let ran = ran.and_then(|mut run| {
            // The broker worked for the warm-up too.
            let share = run.records / (run.records + warmup as f64);
            run.broker_cpu_s = broker_cpu.map(|cpu| cpu * share);
            self.broker.tell(&mut run, self.role);
            if self.role == Role::Produce && entrant.program != Program::Floor {
                let sent = records + warmup;
                self.broker
                    .check_end(self.programs, self.cell, topic, sent)?;
            }
            Ok(run)
        });
        if let Some(topic) = own {
            self.broker.delete(self.programs, self.cell, &topic)?;
        }
        ran
    }

    fn attend(&self, entrant: &Entrant, command: &mut Command, records: u64) -> Result<Run> {
        // A hundred times slower than anyone is wont to be: it hangs.
        let timeout = Duration::from_secs(60 + records * self.cell.size.max(100) / 1_000_000);
        let output = run_program(entrant.name, command, b"", timeout)?;
        if output.status.success() {
            return Run::parse(&output.text());
        }
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::new(format!(
            "{}: {}",
            output.status,
            first_complaint(&log)
        )))
    }

    /// Allocations and calls into the kernel, in runs of their own: counting slows down.
    fn count(
        &self,
        entered: &mut Entered,
        full: Option<&super::brokers::Topic>,
        records: u64,
    ) -> Result<()> {
        if entered.failure.is_some() {
            return Ok(());
        }
        let entrant = entered.entrant;
        if entrant.program.is_counted() {
            let run = self.run(&entrant, full, records, true, 100);
            let counted = run
                .ok()
                .and_then(|run| Some(run.allocations? / run.records));
            entered.allocations_per_record = counted;
        } else if let Some(run) = entered.runs.values().next_back() {
            entered.allocations_per_record = run.allocations.map(|count| count / run.records);
        }
        if full.is_some() {
            // A topic is read whole or not at all: there is no second length to compare.
            entered.syscalls_per_mb = syscalls::count(&self.programs.command(&entrant, false))
                .and_then(|(command, counter)| {
                    let run = self.run_as(command, &entrant, full, records, 101);
                    let run = run.map_err(|error| error.to_string())?;
                    Ok(counter.read()? / (run.bytes / 1e6))
                });
        } else {
            let records = records.min(COUNTED_RECORDS);
            entered.syscalls_per_mb = self.syscalls_by_difference(&entrant, records / 2);
        }
        Ok(())
    }

    /// Of twice as many records less those of once: starting up is in both.
    fn syscalls_by_difference(
        &self,
        entrant: &Entrant,
        records: u64,
    ) -> std::result::Result<f64, String> {
        let counted = |records: u64, round: usize| {
            let (command, counter) = syscalls::count(&self.programs.command(entrant, false))?;
            let run = self.run_as(command, entrant, None, records, round);
            let run = run.map_err(|error| error.to_string())?;
            Ok::<_, String>((counter.read()?, run.bytes / 1e6))
        };
        let (few, few_mb) = counted(records, 101)?;
        let (many, many_mb) = counted(2 * records, 102)?;
        if many_mb <= few_mb {
            return Err("too short a run to tell".to_owned());
        }
        Ok(((many - few) / (many_mb - few_mb)).max(0.0))
    }
}

fn told(run: &Run) -> String {
    let latency = run.latency.map_or(String::new(), |latency| {
        format!(", p50 {:.2} ms, p99 {:.2} ms", latency.p50, latency.p99)
    });
    format!(
        "{:.3} CPU-s per million, {:.0} k records/s{latency}",
        run.cpu_per_million(),
        run.records_per_second() / 1e3
    )
}

/// What a topic may be called.
fn slug(name: &str) -> String {
    let kept = name.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    });
    kept.collect()
}
