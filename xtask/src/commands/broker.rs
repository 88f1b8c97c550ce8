//! `cargo xtask broker --version V [--nodes N] [--port P] [--property NAME=VALUE]...`

use std::sync::mpsc;

use kafka_harness::{ClusterOptions, Installation, KafkaVersion, RealCluster};

use super::Result;
use crate::error::Error;

pub(super) fn run(arguments: &mut lexopt::Parser) -> Result<bool> {
    use lexopt::prelude::*;
    let mut version = None;
    let mut nodes = 1;
    let mut options = ClusterOptions::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("version") => version = Some(KafkaVersion::find(&arguments.value()?.string()?)?),
            Long("nodes") => nodes = arguments.value()?.parse()?,
            Long("port") => options = options.first_port(arguments.value()?.parse()?),
            Long("property") => {
                let text = arguments.value()?.string()?;
                let (name, value) = text.split_once('=').ok_or_else(|| {
                    Error::new(format!("--property wants NAME=VALUE, not {text:?}"))
                })?;
                options = options.property(name, value);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let version = version.ok_or_else(|| {
        let known: Vec<_> = KafkaVersion::all()
            .iter()
            .map(KafkaVersion::number)
            .collect();
        Error::new(format!(
            "--version is missing; known are {}",
            known.join(", ")
        ))
    })?;
    serve(version, nodes, &options)
}

fn serve(version: KafkaVersion, nodes: u32, options: &ClusterOptions) -> Result<bool> {
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = stop.send(());
    })
    .map_err(|error| Error::new(format!("cannot wait for Ctrl-C: {error}")))?;
    let installation = Installation::ensure(version)?;
    eprintln!("starting Kafka {version}, {nodes} node(s)");
    let cluster = RealCluster::start(&installation, nodes, options)?;
    eprintln!(
        "logs and data in {}; Ctrl-C stops it",
        cluster.dir().display()
    );
    println!("bootstrap {}", cluster.bootstrap());
    // An error means that nobody can send any more: stop as well.
    let _ = stopped.recv();
    eprintln!("stopping");
    drop(cluster);
    Ok(true)
}
