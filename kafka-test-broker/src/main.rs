//! A Kafka cluster in one process, for any client to connect to.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use kafka_test_broker::{Era, TestCluster, TestClusterBuilder};

const USAGE: &str = "\
usage: kafka-test-broker [--listen HOST:PORT] [--advertised-host HOST]
                         [--brokers N] [--partitions N] [--era E]

  --listen HOST:PORT  where the first broker listens; the others get the ports
                      that follow (default 127.0.0.1:9092; port 0: any free)
  --advertised-host HOST
                      the name that clients are told (default: where the
                      brokers listen)
  --brokers N         how many brokers (default 1)
  --partitions N      partitions of topics that are created because a client
                      asks for them (default 1)
  --era E             the release that the brokers pass for: 0.8.2, 0.9, 0.10.0,
                      0.10.2, 0.11, 1.1, 2.0, 2.4, 2.8, 3.9, 4.0 or 4.3, or
                      every: the newest in every version there ever was
                      (default 4.3)
";

/// Each takes a value.
const OPTIONS: [&str; 5] = [
    "--listen",
    "--advertised-host",
    "--brokers",
    "--era",
    "--partitions",
];

struct Options {
    host: String,
    port: u16,
    advertised_host: Option<String>,
    brokers: i32,
    partitions: i32,
    era: Era,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprint!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot serve: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> io::Result<()> {
    let mut builder = listen_at(&options.host, options.port)?;
    if let Some(host) = &options.advertised_host {
        builder = builder.advertised_host(host);
    }
    let cluster = builder
        .brokers(options.brokers)
        .default_partitions(options.partitions)
        .era(options.era)
        .start()
        .await?;
    println!("{}", cluster.bootstrap());
    tokio::signal::ctrl_c().await
}

/// An address is listened at; a name stays what clients are told.
fn listen_at(host: &str, port: u16) -> io::Result<TestClusterBuilder> {
    let builder = TestCluster::builder();
    if let Ok(address) = host.parse() {
        return Ok(builder.listen(SocketAddr::new(address, port)));
    }
    let mut found = std::net::ToSocketAddrs::to_socket_addrs(&(host, port))?;
    let address = found.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok(builder.listen(address).advertised_host(host))
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        host: "127.0.0.1".to_owned(),
        port: 9092,
        advertised_host: None,
        brokers: 1,
        partitions: 1,
        era: Era::default(),
    };
    while let Some(name) = arguments.next() {
        if name == "--help" || name == "-h" {
            return Ok(None);
        }
        if !OPTIONS.contains(&name.as_str()) {
            return Err(format!("there is no option {name}"));
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} needs a value"))?;
        let count = || {
            let count = value.parse().ok().filter(|count| *count >= 1);
            count.ok_or_else(|| format!("{name} takes a number from 1 on, not {value}"))
        };
        match name.as_str() {
            "--listen" => {
                let wrong = || format!("--listen takes HOST:PORT, not {value}");
                let (host, port) = value.rsplit_once(':').ok_or_else(wrong)?;
                options.host = host.trim_matches(['[', ']']).to_owned();
                options.port = port.parse().map_err(|_| wrong())?;
            }
            "--advertised-host" => options.advertised_host = Some(value),
            "--brokers" => options.brokers = count()?,
            "--era" => options.era = value.parse().map_err(|error| format!("{error}"))?,
            _ => options.partitions = count()?,
        }
    }
    Ok(Some(options))
}
