//! Real Kafka brokers of every era, without containers, and Kafka's own tools.
//!
//! Useful alone wherever a test needs a Kafka that nobody here wrote. All it
//! asks of the machine is Java 17 or newer and Maven:
//!
//! ```no_run
//! use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};
//!
//! # fn main() -> kafka_harness::Result<()> {
//! let kafka = Installation::ensure(KafkaVersion::find("4.3.1")?)?; // downloads once
//! let mut cluster = RealCluster::start(&kafka, 1, &ClusterOptions::default())?;
//! println!("serving at {}", cluster.bootstrap());
//! cluster.kill_hard(1)?; // kill -9
//! cluster.restart(1)?;
//! # Ok(())
//! # }
//! ```
//!
//! Everything is blocking and uses only the standard library: tests call it
//! around the asynchronous client, not inside of it. Jars are kept under
//! `target/kafka/<version>`, running brokers under `target/kafka-run`; brokers
//! die with the process that started them, however it ends.

mod broker;
mod clock;
mod cluster;
mod definitions;
mod error;
mod installation;
mod java;
mod line_program;
mod maven;
mod message_jars;
mod paths;
mod ports;
mod process;
mod program;
mod properties;
mod requirements;
mod run_dir;
mod version;

pub use cluster::{ClusterOptions, RealCluster};
pub use definitions::Definitions;
pub use error::{Error, Result};
pub use installation::Installation;
pub use java::JavaTool;
pub use line_program::LineProgram;
pub use message_jars::MessageJars;
pub use paths::target_dir;
pub use program::{ServerProgram, ToolOutput, run_program};
pub use requirements::{java, missing_requirement, mvn};
pub use version::{Era, KafkaVersion};
