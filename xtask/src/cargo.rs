//! Runs cargo, shows what it prints as it comes, and counts tests.

use std::env;
use std::io::{BufRead, BufReader, IsTerminal, Read, stderr};
use std::process::{Command, Stdio};
use std::thread;

use crate::failures::Failure;
use crate::report::Outcome;
use crate::test_output::{count_tests, failed_tests};

/// What a cargo command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    /// Empty where it was not kept.
    pub(crate) stderr: String,
}

/// A cargo command line, the same cargo that runs us.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs to the end; what it prints is shown line by line and kept, but for standard
/// error where that is a terminal: it has cargo's progress there.
pub(crate) fn run(command: &mut Command) -> Ran {
    let program = describe(command);
    println!("$ {program}");
    if !stderr().is_terminal() {
        command.stderr(Stdio::piped());
    }
    match command.stdout(Stdio::piped()).spawn() {
        Ok(mut child) => {
            let pipe = child.stderr.take();
            let stderr = thread::spawn(|| {
                let show = |line: &str| eprint!("{line}");
                pipe.map(|pipe| follow(pipe, show)).unwrap_or_default()
            });
            let stdout = child.stdout.take();
            let show = |line: &str| print!("{line}");
            let stdout = stdout.map(|pipe| follow(pipe, show)).unwrap_or_default();
            let success = child.wait().is_ok_and(|status| status.success());
            Ran {
                success,
                stdout,
                stderr: stderr.join().unwrap_or_default(),
            }
        }
        Err(error) => cannot_run(&program, &error),
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
                .map(|pipe| follow(pipe, |_| {}))
                .unwrap_or_default();
            let success = child.wait().is_ok_and(|status| status.success());
            Ran {
                success,
                stdout,
                stderr: String::new(),
            }
        }
        Err(error) => cannot_run(&describe(command), &error),
    }
}

/// Runs a command that is one check.
pub(crate) fn check(command: &mut Command) -> Outcome {
    run(command).outcome(command)
}

impl Ran {
    /// As a check of its own.
    pub(crate) fn outcome(&self, command: &Command) -> Outcome {
        if self.success {
            return Outcome::single(true);
        }
        let name = describe(command);
        let failure = Failure::of_program(&name, &self.stdout, &self.stderr);
        Outcome::single(false).because([failure])
    }
}

/// Runs `cargo test …` and counts the tests it reports.
pub(crate) fn test(command: &mut Command) -> Outcome {
    let ran = run(command);
    let (passed, failed) = count_tests(&ran.stdout);
    let mut failures = failed_tests(&ran.stdout, &ran.stderr);
    if !ran.success && failures.is_empty() {
        let name = describe(command);
        failures.push(Failure::of_program(&name, &ran.stdout, &ran.stderr));
    }
    // Nothing failed and yet no success: it did not build, or a test process died.
    let failed = if ran.success { failed } else { failed.max(1) };
    Outcome::ran(passed, failed).because(failures)
}

fn cannot_run(program: &str, error: &std::io::Error) -> Ran {
    let why = format!("cannot run {program}: {error}");
    eprintln!("{why}");
    Ran {
        success: false,
        stdout: String::new(),
        stderr: why,
    }
}

fn follow(pipe: impl Read, show: impl Fn(&str)) -> String {
    let mut kept = String::new();
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        show(&text);
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
