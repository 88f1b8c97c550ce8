//! The targets of `fuzz/` under libFuzzer, by way of cargo-fuzz.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::error::{Error, Result};

/// The targets of `fuzz/`, in the order in which they run.
pub(crate) const TARGETS: &[&str] = &[
    "frame",
    "request",
    "response",
    "data",
    "batch",
    "message_set",
    "gzip",
    "snappy",
    "lz4",
    "zstd",
    "round_trip",
    "net",
    "router",
];

/// Beyond any limit that the decoders keep, the address sanitizer's own needs
/// included; and the same for one allocation.
const LIMITS: [&str; 2] = ["-rss_limit_mb=2048", "-malloc_limit_mb=64"];

/// Runs these targets one after the other, `seconds` each, and prints how each ended;
/// says how many had a find.
pub(crate) fn run(toolchain: &Toolchain, targets: &[&str], seconds: u64) -> Result<u64> {
    let mut failed = 0;
    let mut lines = Vec::new();
    for target in targets {
        let (executions, found) = fuzz(toolchain, target, seconds)?;
        failed += u64::from(found);
        let result = if found {
            "FOUND, see above"
        } else {
            "no finds"
        };
        lines.push(format!(
            "{target:<12} {executions:>12} executions, {result}"
        ));
    }
    println!("\n{}", lines.join("\n"));
    println!("{} passed, {failed} failed", targets.len() as u64 - failed);
    Ok(failed)
}

/// Runs one target; says how many inputs it executed and whether one failed.
fn fuzz(toolchain: &Toolchain, target: &str, seconds: u64) -> Result<(u64, bool)> {
    println!("\n=== {target}: {seconds} seconds");
    let corpus = format!("target/fuzz/corpus/{target}");
    fs::create_dir_all(&corpus).map_err(|error| Error::new(format!("{corpus}: {error}")))?;
    let seeds = toolchain
        .cargo()
        .args(["run", "--quiet", "--manifest-path", "fuzz/Cargo.toml"])
        .args(["--example", "seeds", "--", target, &corpus])
        .status();
    if !seeds.is_ok_and(|status| status.success()) {
        return Err(Error::new(format!("no seeds for {target}")));
    }
    let mut command = toolchain.cargo();
    command
        .args(["fuzz", "run", "--fuzz-dir", "fuzz", target, &corpus, "--"])
        .args(LIMITS)
        .args([
            format!("-max_total_time={seconds}"),
            "-print_final_stats=1".to_owned(),
            "-timeout=10".to_owned(),
        ]);
    let failed = |error| Error::new(format!("cargo fuzz: {error}"));
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(failed)?;
    let mut executions = 0;
    for line in child
        .stderr
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines)
    {
        let line = line.map_err(failed)?;
        if let Some(count) = executed(&line) {
            executions = count;
        }
        if !is_progress(&line) {
            eprintln!("{line}");
        }
    }
    let status = child.wait().map_err(failed)?;
    if !status.success() && executions == 0 {
        return Err(Error::new(format!("{target} did not build or start")));
    }
    Ok((executions, !status.success()))
}

/// The target of that name.
pub(crate) fn find(name: &str) -> Result<&'static str> {
    let found = TARGETS.iter().find(|target| **target == name);
    found.copied().ok_or_else(|| {
        let targets = TARGETS.join(", ");
        Error::new(format!("no target {name:?}; there are {targets}"))
    })
}

/// The count in libFuzzer's closing statistics, or in a line of its progress, which
/// is all there is after a find.
fn executed(line: &str) -> Option<u64> {
    if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
        return count.trim().parse().ok();
    }
    let (count, rest) = line
        .strip_prefix('#')?
        .split_once(|c: char| c.is_whitespace())?;
    rest.contains("cov:").then(|| count.parse().ok())?
}

/// One of the many lines with which libFuzzer shows that it is alive.
fn is_progress(line: &str) -> bool {
    line.starts_with('#') && (line.contains("cov:") || line.contains("INITED"))
}

/// Who compiles with sanitizers.
pub(crate) enum Toolchain {
    /// The compiler in use: a nightly one, or `RUSTC_BOOTSTRAP` is set.
    Own,
    /// The nightly one beside it.
    Nightly,
}

impl Toolchain {
    /// Refused with what to install if cargo-fuzz or a nightly compiler is missing.
    pub(crate) fn find() -> Result<Self> {
        if !Path::new("fuzz/Cargo.toml").is_file() {
            return Err(Error::new("run it where the workspace's Cargo.toml is"));
        }
        if !succeeds("cargo", &["fuzz", "--version"]) {
            return Err(Error::new(
                "cargo-fuzz is missing; install it with `cargo install cargo-fuzz`",
            ));
        }
        if env::var_os("RUSTC_BOOTSTRAP").is_some() || succeeds("rustc", &["-Zhelp"]) {
            return Ok(Self::Own);
        }
        if succeeds("rustup", &["run", "nightly", "rustc", "-Zhelp"]) {
            return Ok(Self::Nightly);
        }
        Err(Error::new(
            "a nightly compiler is missing; install it with `rustup toolchain install nightly`",
        ))
    }

    fn cargo(&self) -> Command {
        match self {
            Self::Own => Command::new("cargo"),
            Self::Nightly => {
                let mut command = Command::new("rustup");
                command.args(["run", "nightly", "cargo"]);
                command
            }
        }
    }
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_known() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/fuzz_targets");
        let mut files: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut targets: Vec<String> = TARGETS.iter().map(|name| format!("{name}.rs")).collect();
        files.sort();
        targets.sort();
        assert_eq!(files, targets);
    }

    #[test]
    fn counts_executions_whether_or_not_there_was_a_find() {
        assert_eq!(
            executed("stat::number_of_executed_units: 12345"),
            Some(12345)
        );
        assert_eq!(
            executed("#4096\tpulse  cov: 10 ft: 20 corp: 3/9b"),
            Some(4096)
        );
        assert_eq!(executed("#0 0x55d0 in main"), None);
        assert_eq!(executed("INFO: seed corpus"), None);
    }
}
