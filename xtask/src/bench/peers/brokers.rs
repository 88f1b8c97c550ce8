//! The brokers that are measured against: a real one, and one that stores nothing.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use kafka_harness::{ClusterOptions, Installation, RealCluster, ServerProgram, run_program};
use serde_json::Value;

use super::cells::{Cell, Role};
use super::programs::{Programs, TOPICS};
use super::run::Run;
use crate::bench::peers_program::first_complaint;
use crate::error::{Error, Result};

/// Clock ticks in a second of `/proc`'s processor times, on every Linux there is.
const TICKS: f64 = 100.0;
const TOPIC_TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Real,
    Null,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Real => "real broker",
            Self::Null => "null broker",
        }
    }
}

/// A broker that serves.
pub(super) enum Broker {
    Real(Box<RealCluster>),
    Null {
        _process: ServerProgram,
        address: String,
        control: String,
    },
}

/// A topic of a broker, and how the programs are told of it.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) bootstrap: String,
}

impl Broker {
    pub(super) fn real(kafka: &Installation) -> Result<Self> {
        // Room for batches of 1 MB with what belongs to them, and topics that are gone
        // at once when they are deleted: a run of five million records is half a
        // gigabyte.
        let options = ClusterOptions::default()
            .heap_mb(1024)
            .property("message.max.bytes", 2 * 1024 * 1024)
            .property("auto.create.topics.enable", false)
            .property("file.delete.delay.ms", 1_000);
        let cluster = RealCluster::start(kafka, 1, &options)?;
        Ok(Self::Real(Box::new(cluster)))
    }

    pub(super) fn null(programs: &Programs, cell: &Cell) -> Result<Self> {
        let mut command = programs.null_broker();
        command.args(cell.arguments());
        command.args(["--batch-bytes", &cell.fetched_batch_bytes.to_string()]);
        let process = ServerProgram::start("null broker", &mut command)?;
        let (address, control) = process
            .first_line()
            .split_once(' ')
            .map(|(address, control)| (address.to_owned(), control.to_owned()))
            .ok_or_else(|| Error::new("the null broker does not say where it is"))?;
        Ok(Self::Null {
            _process: process,
            address,
            control,
        })
    }

    fn bootstrap(&self) -> String {
        match self {
            Self::Real(cluster) => cluster.bootstrap(),
            Self::Null { address, .. } => address.clone(),
        }
    }

    /// An empty topic to produce to. The null broker has every topic that is asked for.
    pub(super) fn empty_topic(
        &self,
        programs: &Programs,
        cell: &Cell,
        name: &str,
    ) -> Result<Topic> {
        let topic = self.topic(name);
        if let Self::Real(_) = self {
            topics(programs, "create", &topic, cell, &[])?;
        }
        Ok(topic)
    }

    /// A topic with records to consume.
    pub(super) fn full_topic(
        &self,
        programs: &Programs,
        cell: &Cell,
        name: &str,
        records: u64,
    ) -> Result<Topic> {
        let topic = self.empty_topic(programs, cell, name)?;
        if let Self::Real(_) = self {
            let records = records.to_string();
            let bytes = cell.fetched_batch_bytes.to_string();
            let filled = ["--records", &records, "--batch-bytes", &bytes];
            println!(
                "  filled: {}",
                topics(programs, "fill", &topic, cell, &filled)?
            );
        }
        Ok(topic)
    }

    /// Demands that a real broker has as many records as were acknowledged.
    pub(super) fn check_end(
        &self,
        programs: &Programs,
        cell: &Cell,
        topic: &Topic,
        records: u64,
    ) -> Result<()> {
        if let Self::Null { .. } = self {
            return Ok(());
        }
        let end = topics(programs, "end", topic, cell, &[])?;
        if end == records.to_string() {
            return Ok(());
        }
        Err(Error::new(format!(
            "{records} records were acknowledged, {end} are there"
        )))
    }

    pub(super) fn delete(&self, programs: &Programs, cell: &Cell, topic: &Topic) -> Result<()> {
        if let Self::Real(_) = self {
            topics(programs, "delete", topic, cell, &[])?;
        }
        Ok(())
    }

    /// Its processor seconds so far, where they can be told.
    pub(super) fn cpu_s(&self) -> Option<f64> {
        let Self::Real(cluster) = self else {
            return None;
        };
        let stat =
            fs::read_to_string(format!("/proc/{}/stat", cluster.process_id(1).ok()?)).ok()?;
        cpu_of(&stat)
    }

    /// Takes from the null broker what it was asked since the last time, and puts into
    /// the run what that says.
    pub(super) fn tell(&self, run: &mut Run, role: Role) {
        if let Some(stats) = self.stats() {
            let (requests, bytes) = match role {
                Role::Consume => ("fetch_requests", "fetch_bytes"),
                Role::Produce | Role::Latency => ("produce_requests", "produce_bytes"),
            };
            let number = |name: &str| stats[name].as_f64().filter(|number| *number > 0.0);
            run.bytes_per_request = number(bytes).zip(number(requests)).map(|(b, r)| b / r);
        }
    }

    fn stats(&self) -> Option<Value> {
        let Self::Null { control, .. } = self else {
            return None;
        };
        let mut told = String::new();
        TcpStream::connect(control)
            .ok()?
            .read_to_string(&mut told)
            .ok()?;
        serde_json::from_str(&told).ok()
    }

    fn topic(&self, name: &str) -> Topic {
        let name = match self {
            Self::Real(_) => name.to_owned(),
            // The programs know by this that records come without end.
            Self::Null { .. } => format!("null-{name}"),
        };
        Topic {
            name,
            bootstrap: self.bootstrap(),
        }
    }
}

impl Topic {
    /// The arguments that name it.
    pub(super) fn arguments(&self) -> [&str; 4] {
        ["--bootstrap", &self.bootstrap, "--topic", &self.name]
    }
}

fn topics(
    programs: &Programs,
    action: &str,
    topic: &Topic,
    cell: &Cell,
    more: &[&str],
) -> Result<String> {
    let mut command = programs.tool(TOPICS);
    command.arg(action).args(topic.arguments());
    command.args(cell.arguments()).args(more);
    let output = run_program(TOPICS, &mut command, b"", TOPIC_TIMEOUT)?;
    if output.status.success() {
        return Ok(output.text().trim().to_owned());
    }
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::new(format!(
        "{action} {}: {}",
        topic.name,
        first_complaint(&log)
    )))
}

/// User and system seconds of a line of `/proc/PID/stat`.
fn cpu_of(stat: &str) -> Option<f64> {
    // The name before the last parenthesis may have spaces of its own.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_seconds_of_a_process_with_an_odd_name() {
        let stat = "12 (a (b) c) S 1 1 1 0 -1 4 5 6 7 8 250 50 0 0 20 0 9 0";
        assert_eq!(cpu_of(stat), Some(3.0));
        assert_eq!(cpu_of("12 (a"), None);
    }
}
