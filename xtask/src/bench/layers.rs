//! Instructions a record, counted by valgrind: the same on a busy machine as on an idle
//! one, so that a change which makes a hot path longer is seen.
//!
//! Counted are instructions outside the kernel. Valgrind has no AVX-512, so checksums
//! take the way of an older processor.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use kafka_harness::{ServerProgram, run_program};

use super::peers_program;
use super::root;
use crate::error::{Error, Result};

/// What was counted last, from the root.
const RECORDED: &str = "bench/results/layers.tsv";
/// By so much a count may exceed the recorded one: schedules of threads differ.
const MOST: f64 = 1.10;
const TIMEOUT: Duration = Duration::from_secs(1_800);

/// A piece of work that is counted.
struct Layer {
    name: &'static str,
    work: Work,
    /// Of the shorter run: times the case is done, or records.
    runs: u64,
}

enum Work {
    /// A case of the codec comparison, our side.
    Case(&'static str),
    /// Our peer program against the null broker, with these arguments.
    Client(&'static [&'static str]),
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "encode",
        work: Work::Case("batch of 1,000 × 100 B: encode with CRC, capacity known"),
        runs: 200,
    },
    Layer {
        name: "decode and iterate",
        work: Work::Case("batch of 1,000 × 100 B: validate with CRC, iterate"),
        runs: 200,
    },
    Layer {
        name: "send to acknowledgement",
        work: Work::Client(&["produce"]),
        runs: 200_000,
    },
    Layer {
        name: "send_batch to acknowledgement",
        work: Work::Client(&["produce", "--variant", "batch"]),
        runs: 200_000,
    },
    Layer {
        name: "consume batches",
        work: Work::Client(&["consume"]),
        runs: 1_000_000,
    },
    Layer {
        name: "consume owned records",
        work: Work::Client(&["consume", "--variant", "owned"]),
        runs: 1_000_000,
    },
];

/// Counts every layer and holds it against what is recorded; with `record`, the counts
/// are kept instead. `false` when one is longer than it may be.
///
/// # Errors
///
/// When valgrind is missing, or a program does not build or run.
pub(crate) fn run(record: bool) -> Result<bool> {
    let mut asked = Command::new("valgrind");
    asked
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if !asked.status().is_ok_and(|status| status.success()) {
        return Err(Error::new(
            "`valgrind` is missing: Debian's package of that name has it",
        ));
    }
    for (package, program) in [
        ("kafka-peers", "layers"),
        ("peer-ours", "peer-ours"),
        ("peer-null-broker", "peer-null-broker"),
    ] {
        peers_program::build(package, Some(program), "release")?;
    }
    let mut counts = BTreeMap::new();
    for layer in LAYERS {
        let count = layer.count()?;
        println!("{}: {count:.1} instructions a record", layer.name);
        counts.insert(layer.name.to_owned(), count);
    }
    let path = root().join(RECORDED);
    let cannot = |error: std::io::Error| Error::new(format!("{RECORDED}: {error}"));
    if record {
        fs::write(&path, written(&counts)).map_err(cannot)?;
        println!("written to {RECORDED}");
        return Ok(true);
    }
    let recorded = read(&fs::read_to_string(&path).map_err(cannot)?)?;
    let mut kept = true;
    for (name, count) in &counts {
        match recorded.get(name) {
            Some(before) => {
                let ratio = count / before;
                let verdict = if ratio > MOST { "too long" } else { "kept" };
                println!("{name}: {ratio:.3} of the {before:.1} recorded, {verdict}");
                kept &= ratio <= MOST;
            }
            None => {
                println!("{name}: nothing is recorded");
                kept = false;
            }
        }
    }
    Ok(kept)
}

impl Layer {
    /// A long run less one half as long: what starting up takes is in both.
    fn count(&self) -> Result<f64> {
        let (short, records) = self.once(self.runs)?;
        let (long, more) = self.once(2 * self.runs)?;
        let (instructions, records) = (long - short, more - records);
        if instructions <= 0.0 || records <= 0.0 {
            return Err(Error::new(format!("{}: no difference to tell", self.name)));
        }
        Ok(instructions / records)
    }

    /// Instructions, and the records that they were for.
    fn once(&self, runs: u64) -> Result<(f64, f64)> {
        match self.work {
            Work::Case(case) => {
                let program = peers_program::path("release", "layers");
                let (instructions, printed) =
                    counted(&program, &[case.to_owned(), runs.to_string()])?;
                let units: f64 = printed
                    .trim()
                    .parse()
                    .map_err(|_| Error::new(format!("not a number of units: {printed:?}")))?;
                Ok((instructions, units * runs as f64))
            }
            Work::Client(arguments) => {
                let mut broker = Command::new(peers_program::path("release", "peer-null-broker"));
                let broker = ServerProgram::start("null broker", &mut broker)?;
                let address = broker.first_line().split(' ').next().unwrap_or_default();
                let named = ["--topic", "null-layers", "--bootstrap", address];
                let mut all: Vec<String> = arguments.iter().map(|&it| it.to_owned()).collect();
                all.extend(named.map(str::to_owned));
                all.extend(["--records".to_owned(), runs.to_string()]);
                let program = peers_program::path("release", "peer-ours");
                let (instructions, printed) = counted(&program, &all)?;
                let run = super::peers::Run::parse(&printed)?;
                Ok((instructions, run.records))
            }
        }
    }
}

/// A program under valgrind: its instructions, and what it printed.
fn counted(program: &PathBuf, arguments: &[String]) -> Result<(f64, String)> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(program).args(arguments);
    let output = run_program("valgrind", &mut valgrind, b"", TIMEOUT)?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let wrong = || Error::new(format!("{}: {log}", program.display()));
    if !output.status.success() {
        return Err(wrong());
    }
    let instructions = collected(&log).ok_or_else(wrong)?;
    Ok((instructions, output.text()))
}

/// Of callgrind's line `==PID== Collected : 123`.
fn collected(log: &str) -> Option<f64> {
    let line = log.lines().find(|line| line.contains("Collected : "))?;
    line.rsplit(' ').next()?.parse().ok()
}

fn written(counts: &BTreeMap<String, f64>) -> String {
    counts
        .iter()
        .fold(String::new(), |mut text, (name, count)| {
            let _ = writeln!(text, "{name}\t{count:.1}");
            text
        })
}

fn read(text: &str) -> Result<BTreeMap<String, f64>> {
    let row = |line: &str| {
        let (name, count) = line.split_once('\t')?;
        Some((
            name.to_owned(),
            count.parse().ok().filter(|count| *count > 0.0)?,
        ))
    };
    let rows = text.lines().map(|line| {
        row(line).ok_or_else(|| Error::new(format!("{RECORDED}: not a count: {line:?}")))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_total_among_its_other_lines() {
        let log = "==7== Callgrind, a call-graph\n==7== \n==7== Events    : Ir\n\
                   ==7== Collected : 4711\n==7== \n";
        assert_eq!(collected(log), Some(4711.0));
        assert_eq!(collected("==7== Events : Ir"), None);
    }

    #[test]
    fn counts_are_read_as_they_are_written() {
        let counts = BTreeMap::from([("encode".to_owned(), 80.5), ("send".to_owned(), 200.0)]);
        assert_eq!(read(&written(&counts)).unwrap(), counts);
        for wrong in ["encode 80", "encode\tfast", "encode\t0"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
