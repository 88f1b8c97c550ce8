//! The programs that cargo builds in `bench/peers`, a workspace of its own.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use kafka_harness::run_program;

use super::root;
use crate::cargo;
use crate::error::{Error, Result};

const BUILD_TIMEOUT: Duration = Duration::from_secs(3_600);

/// Where the workspace is.
pub(super) fn workspace() -> PathBuf {
    root().join("bench/peers")
}

/// Builds a package's programs, or one of them.
///
/// # Errors
///
/// With the line of cargo's log that tells most.
pub(super) fn build(package: &str, program: Option<&str>, profile: &str) -> Result<()> {
    println!("building {}", program.unwrap_or(package));
    let mut command = cargo::command(&["build", "--quiet", "--locked", "--profile", profile]);
    command
        .arg("--manifest-path")
        .arg(workspace().join("Cargo.toml"));
    command.args(["--package", package]);
    if let Some(program) = program {
        command.args(["--bin", program]);
    }
    // Of xtask's own package, which would mislead the scripts of others.
    command.env_remove("CARGO_MANIFEST_DIR");
    let output = run_program("cargo build", &mut command, b"", BUILD_TIMEOUT)?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(format!(
        "cargo build: {}",
        first_complaint(&log)
    )))
}

/// A program that was built.
pub(super) fn path(profile: &str, program: &str) -> PathBuf {
    let given = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty());
    let target = given.map_or_else(|| workspace().join("target"), PathBuf::from);
    target.join(profile).join(program)
}

/// The line that tells most of a log.
pub(super) fn first_complaint(log: &str) -> String {
    let mut lines = log.lines().map(str::trim).filter(|line| !line.is_empty());
    let told = lines
        .clone()
        .find(|line| line.to_lowercase().contains("error"));
    told.or_else(|| lines.next_back())
        .unwrap_or("it says nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_why() {
        let log = "Compiling x\nerror[E0001]: no such thing\nwarning: more\n";
        assert_eq!(first_complaint(log), "error[E0001]: no such thing");
        assert_eq!(first_complaint("one\n\n two \n"), "two");
        assert_eq!(first_complaint(""), "it says nothing");
    }
}
