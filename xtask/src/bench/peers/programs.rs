//! The programs of `bench/peers`: built, and run.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use kafka_harness::{Installation, run_program, target_dir};

use super::entrants::{Entrant, Program};
use crate::bench::peers_program::{self, first_complaint};
use crate::error::{Error, Result};

const BUILD_TIMEOUT: Duration = Duration::from_secs(3_600);
const NULL_BROKER: &str = "peer-null-broker";
/// Of the package of ours: it makes and fills the topics.
pub(super) const TOPICS: &str = "peer-topics";

/// What was built, and why the rest was not.
pub(super) struct Programs {
    profile: &'static str,
    kafka: Installation,
    pub(super) missing: BTreeMap<Program, String>,
}

impl Programs {
    /// Builds what `programs` need; one that does not build is remembered with the
    /// reason.
    ///
    /// # Errors
    ///
    /// When ours or the null broker does not build.
    pub(super) fn build(programs: &[Program], quick: bool, kafka: Installation) -> Result<Self> {
        let mut built = Self {
            profile: if quick { "quick" } else { "release" },
            kafka,
            missing: BTreeMap::new(),
        };
        peers_program::build(NULL_BROKER, None, built.profile)?;
        for &program in programs {
            let outcome = match program {
                Program::FranzGo => built.go(),
                Program::Java => built.java(),
                _ => {
                    let package = program.package().unwrap_or_default();
                    peers_program::build(&package, None, built.profile)
                }
            };
            match outcome {
                Err(error) if program == Program::Ours => return Err(error),
                Err(error) => {
                    eprintln!("{} cannot be measured: {error}", program.name());
                    built.missing.insert(program, error.to_string());
                }
                Ok(()) => {}
            }
        }
        Ok(built)
    }

    /// The entrant's program, without arguments; `counted` for the one that counts its
    /// allocations.
    pub(super) fn command(&self, entrant: &Entrant, counted: bool) -> Command {
        match entrant.program {
            Program::FranzGo => Command::new(place("go")),
            Program::Java => {
                let mut class_path = place("java").into_os_string();
                class_path.push(":");
                class_path.push(self.kafka.class_path());
                let mut java = Command::new("java");
                java.args(["-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"]);
                java.arg("-cp").arg(class_path).arg("Peer");
                java
            }
            program => {
                let name = program.package().unwrap_or_default();
                let suffix = if counted { "-counted" } else { "" };
                self.tool(&format!("{name}{suffix}"))
            }
        }
    }

    pub(super) fn null_broker(&self) -> Command {
        self.tool(NULL_BROKER)
    }

    /// A program that cargo built.
    pub(super) fn tool(&self, name: &str) -> Command {
        Command::new(peers_program::path(self.profile, name))
    }

    fn go(&self) -> Result<()> {
        println!("building the Go program");
        let mut go = Command::new("go");
        go.args(["build", "-mod=readonly", "-o"]).arg(place("go"));
        go.arg(".")
            .current_dir(peers_program::workspace().join("go"));
        go.env("CGO_ENABLED", "0");
        made(&place(""))?;
        successful("go build", &mut go)
    }

    fn java(&self) -> Result<()> {
        println!("building the Java program");
        made(&place("java"))?;
        let mut javac = Command::new("javac");
        javac.arg("-cp").arg(self.kafka.class_path());
        javac.arg("-d").arg(place("java"));
        let sources = peers_program::workspace().join("java");
        let listed = fs::read_dir(&sources);
        let listed =
            listed.map_err(|error| Error::new(format!("{}: {error}", sources.display())))?;
        let mut sources: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
        sources.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "java")
        });
        sources.sort();
        successful("javac", javac.args(sources))
    }
}

/// Where the rest is built.
fn place(name: &str) -> PathBuf {
    target_dir().join("peers").join(name)
}

fn made(dir: &PathBuf) -> Result<()> {
    fs::create_dir_all(dir).map_err(|error| Error::new(format!("{}: {error}", dir.display())))
}

fn successful(name: &str, command: &mut Command) -> Result<()> {
    let output = run_program(name, command, b"", BUILD_TIMEOUT)?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(format!("{name}: {}", first_complaint(&log))))
}
