//! The command lines of brokers and ZooKeepers, and how to see that one is up.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::clock;
use crate::error::{Error, Result};
use crate::installation::Installation;
use crate::process::Process;

const POLL: Duration = Duration::from_millis(50);

/// `java` on the jars of `installation`, logging to standard output and error.
pub(crate) fn jvm(installation: &Installation, heap_mb: u32, log4j: Option<&Path>) -> Command {
    let mut command = Command::new("java");
    command
        .arg(format!("-Xmx{heap_mb}m"))
        .arg("-cp")
        .arg(installation.class_path());
    for setting in [
        "defaultLogLevel=info",
        "showDateTime=true",
        "dateTimeFormat=HH:mm:ss.SSS",
    ] {
        command.arg(format!("-Dorg.slf4j.simpleLogger.{setting}"));
    }
    // 0.x brokers speak to log4j directly and fail in silence without this.
    if let Some(path) = log4j {
        let mut setting = OsString::from("-Dlog4j.configuration=file:");
        setting.push(path);
        command.arg(setting);
    }
    command
}

/// The log4j configuration of the oldest brokers: everything to standard output.
pub(crate) const LOG4J: &str = "log4j.rootLogger=INFO, out\n\
    log4j.appender.out=org.apache.log4j.ConsoleAppender\n\
    log4j.appender.out.layout=org.apache.log4j.PatternLayout\n\
    log4j.appender.out.layout.ConversionPattern=%d{HH:mm:ss.SSS} %p %m (%c)%n\n";

/// Waits until `process` accepts on `port` and its log says that it has
/// started; the error tells how it ended or where it stands.
pub(crate) fn wait_ready(
    process: &mut Process,
    port: u16,
    deadline: Instant,
    started: impl Fn(&str) -> bool,
) -> Result<()> {
    loop {
        if let Some(status) = process.exited() {
            return Err(process.failure(&format!("ended while starting ({status})")));
        }
        if accepts(port) && process.log_text().lines().any(&started) {
            return Ok(());
        }
        if clock::now() >= deadline {
            return Err(process.failure(&format!("was not up on port {port} in time")));
        }
        thread::sleep(POLL);
    }
}

/// The line with which a broker of any era says that it serves:
/// `[KafkaRaftServer nodeId=1] Kafka Server started`, `[KafkaServer id=1] started`,
/// `[Kafka Server 1], started`.
pub(crate) fn says_started(line: &str) -> bool {
    let named = ["Kafka Server", "KafkaServer"]
        .iter()
        .any(|name| line.contains(name));
    named
        && line
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "started")
}

/// Formats the data directory of a KRaft node.
pub(crate) fn format_storage(installation: &Installation, configuration: &Path) -> Result<()> {
    let output = jvm(installation, 256, None)
        .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
        .arg(configuration)
        .output()
        .map_err(|error| Error::io("running StorageTool", &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(format!(
        "StorageTool format failed ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// 16 bytes in Kafka's base64url form. Every cluster may have the same: each
/// lives alone in its directory.
const CLUSTER_ID: &str = "aGFybmVzcy1jbHVzdGVyMQ";

fn accepts(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_start_line_of_every_era() {
        let check = |line: &str, expected: bool| assert_eq!(says_started(line), expected, "{line}");
        check(
            "12:00:01.000 [main] INFO kafka.server.KafkaRaftServer - [KafkaRaftServer nodeId=1] Kafka Server started",
            true,
        );
        check(
            "12:00:01.000 [main] INFO kafka.server.KafkaServer - [KafkaServer id=1] started",
            true,
        );
        check(
            "12:00:01.000 INFO [Kafka Server 1], started (kafka.server.KafkaServer)",
            true,
        );
        check(
            "12:00:01.000 INFO [Kafka Server 1], starting (kafka.server.KafkaServer)",
            false,
        );
        check(
            "12:00:01.000 [main] INFO kafka.server.ControllerServer - [ControllerServer id=1] Controller started",
            false,
        );
        check(
            "[main] INFO org.apache.kafka.common.utils.AppInfoParser - Kafka startTimeMs: 1",
            false,
        );
    }
}
