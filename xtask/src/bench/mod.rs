//! How fast kafka-protocol is, beside what else there is.

pub(crate) mod layers;
mod machine;
pub(crate) mod peers;
mod peers_program;
mod table;

use std::fs;
use std::path::PathBuf;

use crate::cargo::{self, Ran};
use crate::error::{Error, Result};

/// Where the figures are kept, from the root.
const REPORT: &str = "bench/results/protocol.md";
const PEERS: &str = "bench/peers/Cargo.toml";
/// What follows it in the report is written by hand and stays.
const NOTES: &str = "## Notes";

/// With `quick`, everything runs once and nothing is kept: times of one run mean
/// nothing.
pub(crate) fn protocol(quick: bool) -> Result<bool> {
    let times = peers("times", if quick { &["2"] } else { &["300"] });
    let allocations = peers("allocations", &[]);
    let mut bench = cargo::command(&["bench", "--package", "kafka-protocol", "--benches", "--"]);
    bench.args(["--output-format", "bencher"]);
    bench.args(if quick {
        &["--test"][..]
    } else {
        &["--warm-up-time", "0.3", "--measurement-time", "1"]
    });
    let own = cargo::run(&mut bench);
    if !(times.success && allocations.success && own.success) {
        return Ok(false);
    }
    let compared = table::compared(&times.stdout, &allocations.stdout)?;
    println!("{compared}");
    if quick {
        return Ok(true);
    }
    let report = format!(
        "# kafka-protocol, measured\n\n\
         Written by `cargo xtask bench protocol`; the notes at the end are kept.\n\n\
         {}\n\
         ## Beside a bare loop and the published kafka-protocol crate\n\n\
         All sides take turns in one run on the same bytes. Medians in nanoseconds a unit, \
         quartiles in brackets; the ratio is the peer's time by ours; allocations are a unit's.\n\n\
         {compared}\n\
         ## Alone\n\n\
         Criterion's figures in nanoseconds a run; in batches of 1,000 records, a thousandth \
         of it is a record's.\n\n\
         {}\n{}",
        machine::describe(&["kafka-protocol", "bench/peers"]),
        table::alone(&own.stdout),
        notes(),
    );
    let path = root().join(REPORT);
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(|error| cannot_write(&error))?;
    }
    fs::write(&path, report).map_err(|error| cannot_write(&error))?;
    println!("written to {REPORT}");
    Ok(true)
}

/// Runs a program of `bench/peers`, a workspace of its own.
fn peers(program: &str, arguments: &[&str]) -> Ran {
    let manifest = root().join(PEERS);
    let mut command = cargo::command(&["run", "--release", "--quiet", "--manifest-path"]);
    command.arg(manifest).args(["--bin", program, "--"]);
    cargo::run(command.args(arguments))
}

fn notes() -> String {
    let report = fs::read_to_string(root().join(REPORT)).unwrap_or_default();
    let notes = report.find(NOTES).and_then(|start| report.get(start..));
    notes.unwrap_or("## Notes\n").to_owned()
}

pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map(PathBuf::from).unwrap_or_default()
}

fn cannot_write(error: &std::io::Error) -> Error {
    Error::new(format!("cannot write {REPORT}: {error}"))
}
