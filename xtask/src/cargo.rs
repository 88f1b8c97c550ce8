//! Runs cargo, shows what it prints as it comes, and counts tests.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::report::Outcome;

/// What a cargo command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) success: bool,
    pub(crate) stdout: String,
}

/// A cargo command line, the same cargo that runs us.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs to the end; standard output is shown line by line and kept.
pub(crate) fn run(command: &mut Command) -> Ran {
    let program = describe(command);
    println!("$ {program}");
    match command.stdout(Stdio::piped()).spawn() {
        Ok(mut child) => {
            let stdout = child
                .stdout
                .take()
                .map(|pipe| follow(pipe, true))
                .unwrap_or_default();
            let success = child.wait().is_ok_and(|status| status.success());
            Ran { success, stdout }
        }
        Err(error) => {
            eprintln!("cannot run {program}: {error}");
            Ran {
                success: false,
                stdout: String::new(),
            }
        }
    }
}

/// Runs to the end with our own standard output; `true` for success.
pub(crate) fn run_showing(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cannot run {}: {error}", describe(command));
            false
        }
    }
}

/// Runs to the end without showing standard output.
pub(crate) fn run_quietly(command: &mut Command) -> Ran {
    match command.stdout(Stdio::piped()).spawn() {
        Ok(mut child) => {
            let stdout = child
                .stdout
                .take()
                .map(|pipe| follow(pipe, false))
                .unwrap_or_default();
            let success = child.wait().is_ok_and(|status| status.success());
            Ran { success, stdout }
        }
        Err(error) => {
            eprintln!("cannot run {}: {error}", describe(command));
            Ran {
                success: false,
                stdout: String::new(),
            }
        }
    }
}

/// Runs a command that is one check.
pub(crate) fn check(command: &mut Command) -> Outcome {
    Outcome::single(run(command).success)
}

/// Runs `cargo test …` and counts the tests it reports.
pub(crate) fn test(command: &mut Command) -> Outcome {
    let ran = run(command);
    let (passed, failed) = count_tests(&ran.stdout);
    // Nothing failed and yet no success: it did not build, or a test process died.
    let failed = if ran.success { failed } else { failed.max(1) };
    Outcome::Ran { passed, failed }
}

/// Sums the lines `test result: ok. 12 passed; 0 failed; …`.
fn count_tests(output: &str) -> (u64, u64) {
    let mut totals = (0, 0);
    for line in output
        .lines()
        .filter(|line| line.starts_with("test result: "))
    {
        let count = |what: &str| {
            let before = line.split(what).next().unwrap_or_default();
            before
                .rsplit(' ')
                .next()
                .and_then(|number| number.parse::<u64>().ok())
                .unwrap_or(0)
        };
        totals.0 += count(" passed;");
        totals.1 += count(" failed;");
    }
    totals
}

fn follow(pipe: impl Read, show: bool) -> String {
    let mut kept = String::new();
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        if show {
            print!("{text}");
        }
        kept.push_str(&text);
        line.clear();
    }
    kept
}

fn describe(command: &Command) -> String {
    let settings = command.get_envs().filter_map(|(name, value)| {
        Some(format!(
            "{}={} ",
            name.to_string_lossy(),
            value?.to_string_lossy()
        ))
    });
    let arguments: Vec<_> = command
        .get_args()
        .map(|argument| argument.to_string_lossy())
        .collect();
    format!(
        "{}cargo {}",
        settings.collect::<String>(),
        arguments.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_result_line() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 15 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s\n\
            test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n";
        assert_eq!(count_tests(output), (17, 1));
        assert_eq!(count_tests("error: could not compile"), (0, 0));
    }
}
