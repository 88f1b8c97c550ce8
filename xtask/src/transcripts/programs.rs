//! The programs that drive other people's clients: fetched, built and run.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use kafka_harness::{Installation, KafkaVersion, missing_requirement, run_program, target_dir};

use super::table::{SCENARIOS, Scenario};
use super::{SCENARIO_TIMEOUT, files, sources};
use crate::error::{Error, Result};

/// Whose client a scenario drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Kafka's own tools and Java client.
    Java,
    /// librdkafka through its Python binding.
    Python,
    /// franz-go.
    Go,
}

/// librdkafka's Python binding, with the library in it.
const WHEEL: &str = "confluent-kafka==2.16.1";
/// Fetching and building takes this long at most.
const BUILD_TIMEOUT: Duration = Duration::from_secs(900);

/// The programs that some scenarios need, ready to run.
pub(super) struct Programs {
    kafka: Installation,
    wanted: Vec<Program>,
}

impl Programs {
    /// Fetches and builds what `scenarios` need and is not there yet.
    ///
    /// # Errors
    ///
    /// When a tool is missing: it is named.
    pub(super) fn prepare(version: &str, scenarios: &[&'static Scenario]) -> Result<Self> {
        if let Some(missing) = missing_requirement() {
            return Err(missing.into());
        }
        let kafka = Installation::ensure(KafkaVersion::find(version)?)?;
        let mut programs = Self {
            kafka,
            wanted: Vec::new(),
        };
        for program in [Program::Java, Program::Python, Program::Go] {
            if scenarios.iter().any(|one| one.program == program) {
                programs.build(program)?;
                programs.wanted.push(program);
            }
        }
        Ok(programs)
    }

    /// Each program has the scenarios of the table and no other.
    pub(super) fn check_table(&self) -> Result<()> {
        for &program in &self.wanted {
            let mut command = self.command(program);
            let listed = successful("--list", command.arg("--list"), Duration::from_secs(60))?;
            let listed: BTreeSet<&str> = listed.lines().collect();
            let known = SCENARIOS.iter().filter(|one| one.program == program);
            let known: BTreeSet<&str> = known.map(|one| one.name).collect();
            if let Some(odd) = listed.symmetric_difference(&known).next() {
                return Err(Error::new(format!(
                    "{odd} is in one only of the table and the {program:?} program"
                )));
            }
        }
        Ok(())
    }

    /// The transcript that a scenario leaves.
    pub(super) fn run(&self, scenario: &Scenario, bootstrap: &str) -> Result<String> {
        let mut command = self.command(scenario.program);
        command.args([bootstrap, scenario.name]);
        let left = successful(scenario.name, &mut command, SCENARIO_TIMEOUT)?;
        match left.split_once('\n') {
            Some((title, text)) if title == format!("== {}", scenario.name) => Ok(text.to_owned()),
            _ => Err(Error::new(format!("no transcript but {left:?}"))),
        }
    }

    fn build(&self, program: Program) -> Result<()> {
        let place = place(program);
        let made = fs::create_dir_all(&place);
        made.map_err(|error| Error::new(format!("{}: {error}", place.display())))?;
        match program {
            Program::Java => {
                let mut javac = Command::new("javac");
                javac.arg("-cp").arg(self.kafka.class_path());
                javac.arg("-d").arg(&place);
                javac.args(files(&sources().join("java"), "java")?);
                successful("javac", &mut javac, BUILD_TIMEOUT)?;
            }
            Program::Python => {
                // The marker names what is inside, so that another version is fetched.
                let marker = place.join("installed");
                if fs::read_to_string(&marker).is_ok_and(|inside| inside == WHEEL) {
                    return Ok(());
                }
                println!("{WHEEL} will be fetched into {}", place.display());
                let mut venv = Command::new("python3");
                successful("venv", venv.args(["-m", "venv"]).arg(&place), BUILD_TIMEOUT)?;
                let mut pip = Command::new(python());
                pip.args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ]);
                successful(
                    "pip",
                    pip.args(["--only-binary", ":all:", WHEEL]),
                    BUILD_TIMEOUT,
                )?;
                fs::write(&marker, WHEEL)
                    .map_err(|error| Error::new(format!("{}: {error}", marker.display())))?;
            }
            Program::Go => {
                let mut go = Command::new("go");
                go.args(["build", "-mod=readonly", "-o"]).arg(go_binary());
                go.arg(".").current_dir(sources().join("go"));
                successful("go build", &mut go, BUILD_TIMEOUT)?;
            }
        }
        Ok(())
    }

    fn command(&self, program: Program) -> Command {
        match program {
            Program::Java => {
                let mut class_path = place(program).into_os_string();
                class_path.push(if cfg!(windows) { ";" } else { ":" });
                class_path.push(self.kafka.class_path());
                let mut java = Command::new("java");
                // Short runs: the quick compiler and the collector without threads.
                java.args(["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
                java.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
                java.arg("-cp").arg(class_path).arg("Main");
                java
            }
            Program::Python => {
                let mut python = Command::new(python());
                // Compiled files stay out of the sources.
                python.arg("-B").arg(sources().join("python/main.py"));
                python
            }
            Program::Go => Command::new(go_binary()),
        }
    }
}

fn place(program: Program) -> PathBuf {
    let name = match program {
        Program::Java => "java",
        Program::Python => "python",
        Program::Go => "go",
    };
    target_dir().join("foreign").join(name)
}

fn python() -> PathBuf {
    let inside = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    place(Program::Python).join(inside)
}

fn go_binary() -> PathBuf {
    place(Program::Go).join(format!("foreign{}", std::env::consts::EXE_SUFFIX))
}

/// What it printed; an error when it failed.
fn successful(name: &str, command: &mut Command, timeout: Duration) -> Result<String> {
    let output = run_program(name, command, b"", timeout)?;
    if output.status.success() {
        return Ok(output.text());
    }
    let log = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(format!(
        "{name} failed ({}):\n{}\n{log}",
        output.status,
        output.text()
    )))
}
