//! The machine in general terms.

use std::process::Command;
use std::{fs, thread};

/// A list: processor, cores, Rust, commit; it tells of changes to `measured`, folders
/// from the root, that are in no commit.
pub(super) fn describe(measured: &[&str]) -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!(
        "- processor: {}\n- cores: {cores}\n- Rust: {}\n- commit: {}\n",
        processor().unwrap_or_else(|| "unknown".to_owned()),
        said("rustc", &["--version"]),
        commit(measured),
    )
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn commit(measured: &[&str]) -> String {
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let changed = said(
        "git",
        &[&["status", "--porcelain", "--"], measured].concat(),
    );
    if changed.is_empty() {
        commit
    } else {
        format!("{commit}, with changes not yet committed")
    }
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
