//! The embedded cluster as a process of its own, as anybody starts it.

use std::process::Command;

use kafka_harness::{ServerProgram, target_dir};

use crate::cargo;
use crate::error::{Error, Result};

/// A `kafka-test-broker` that runs until it is dropped.
pub(super) struct EmbeddedBroker(ServerProgram);

impl EmbeddedBroker {
    /// Builds the binary, loudly.
    pub(super) fn build(profile: &str) -> Result<()> {
        let built = cargo::run(&mut cargo::command(&[
            "build",
            "--profile",
            profile,
            "--package",
            "kafka-test-broker",
            "--bin",
            "kafka-test-broker",
        ]));
        if built.success {
            return Ok(());
        }
        Err(Error::new("the embedded cluster does not build"))
    }

    /// Starts a cluster of its own, on free ports.
    pub(super) fn start(profile: &str, brokers: u32) -> Result<Self> {
        let binary = format!("kafka-test-broker{}", std::env::consts::EXE_SUFFIX);
        // Cargo keeps what the profile `dev` makes in a directory of another name.
        let directory = if profile == "dev" { "debug" } else { profile };
        let mut command = Command::new(target_dir().join(directory).join(binary));
        command.args(["--listen", "127.0.0.1:0", "--brokers"]);
        command.arg(brokers.to_string());
        Ok(Self(ServerProgram::start(
            "the embedded cluster",
            &mut command,
        )?))
    }

    /// Where it serves.
    pub(super) fn bootstrap(&self) -> &str {
        self.0.first_line()
    }
}
