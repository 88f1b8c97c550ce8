//! A broker that stores nothing: it acknowledges every batch, and answers every fetch
//! with the same batch over and over, its base offset set right. Any topic exists, with
//! as many partitions as it was told; each partition has records without end.
//!
//! `peer-null-broker` and then the arguments of a peer program, of which it minds
//! `--partitions`, `--size`, `--batch-bytes`, `--codec` and `--payload`. Its first line
//! is `ADDRESS CONTROL`: whoever connects to CONTROL is told, as one line of JSON, what
//! the broker was asked since the last time.

mod answers;
mod fetch;
mod input;
mod produce;
mod stats;

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use kafka_protocol::ApiKey;
use peer_contract::Job;
use socket2::Socket;

use crate::answers::Cluster;
use crate::fetch::Replay;
use crate::input::Input;
use crate::stats::Stats;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// What all connections share.
struct Broker {
    cluster: Cluster,
    replay: Replay,
    stats: Stats,
}

fn run() -> Result<(), String> {
    let fixed = ["produce", "--bootstrap", "-", "--topic", "-"];
    let arguments = fixed
        .into_iter()
        .map(str::to_owned)
        .chain(std::env::args().skip(1));
    let job = Job::parse(arguments)?;
    let clients = TcpListener::bind("127.0.0.1:0").map_err(said)?;
    let control = TcpListener::bind("127.0.0.1:0").map_err(said)?;
    let address = clients.local_addr().map_err(said)?;
    let broker = Arc::new(Broker {
        cluster: Cluster::new(address.port(), job.partitions),
        replay: Replay::of(&job)?,
        stats: Stats::default(),
    });
    println!("{address} {}", control.local_addr().map_err(said)?);
    io::stdout().flush().map_err(said)?;
    let told = Arc::clone(&broker);
    thread::spawn(move || {
        for stream in control.incoming().flatten() {
            let mut stream = stream;
            // Whoever asks and goes away does without.
            let _ = writeln!(stream, "{}", told.stats.take());
        }
    });
    for stream in clients.incoming() {
        let stream = stream.map_err(said)?;
        stream.set_nodelay(true).map_err(said)?;
        let broker = Arc::clone(&broker);
        thread::spawn(move || {
            // A client that hangs up ends its connection and nothing else.
            let _ = serve(&broker, Socket::from(stream));
        });
    }
    Ok(())
}

fn serve(broker: &Broker, socket: Socket) -> io::Result<()> {
    let mut input = Input::new(&socket);
    while let Some(header) = input.next_request()? {
        match ApiKey::from_code(header.api_key) {
            Some(ApiKey::Produce) => {
                let answer = produce::acknowledge(&mut input, &header, broker)?;
                if !answer.is_empty() {
                    (&socket).write_all(&answer)?;
                }
            }
            Some(ApiKey::Fetch) => {
                let frame = input.rest_of_frame(&header)?;
                let bytes = broker.replay.answer(frame, &mut &socket)?;
                broker.stats.fetched(header.frame_len, bytes);
            }
            _ => {
                let frame = input.rest_of_frame(&header)?;
                let answer = broker.cluster.answer(frame).map_err(io::Error::other)?;
                (&socket).write_all(&answer)?;
                broker.stats.other(header.frame_len);
            }
        }
    }
    Ok(())
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
