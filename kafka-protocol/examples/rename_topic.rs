//! A proxy that shows a topic under another name.
//!
//! ```sh
//! cargo run -p kafka-protocol --example rename_topic -- 127.0.0.1:19092 127.0.0.1:9092 orders shop.orders
//! kafka-topics.sh --bootstrap-server 127.0.0.1:19092 --list   # shows shop.orders
//! ```
//!
//! Only Metadata is changed, its answers and its questions; every other frame goes
//! through untouched, of whatever API and version it is. A proxy for daily use
//! would rename the topic in the other requests too (those that name it: from
//! Produce 13 and Fetch 13 on they carry its id) and put its own address in the
//! place of the brokers'.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, thread};

use bytes::Bytes;
use kafka_protocol::frame::{self, FrameDecoder};
use kafka_protocol::messages::{AnyRequest, AnyResponse};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, DecodeError, StrBytes};

/// The longest frame taken from either side.
const MAX_FRAME: usize = 100 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [listen, upstream, topic, shown_as] = arguments.as_slice() else {
        eprintln!("usage: rename_topic LISTEN UPSTREAM TOPIC SHOWN_AS");
        std::process::exit(1);
    };
    let listener = TcpListener::bind(listen)?;
    println!(
        "{upstream} at {}, {topic} as {shown_as}",
        listener.local_addr()?
    );
    for client in listener.incoming() {
        let client = client?;
        let broker = match TcpStream::connect(upstream) {
            Ok(broker) => broker,
            Err(error) => {
                // The client finds its connection closed and tries again.
                eprintln!("{upstream}: {error}");
                continue;
            }
        };
        let renaming = Arc::new(Renaming::new(topic, shown_as));
        let (to_broker, to_client) = (renaming.clone(), renaming);
        let (from_client, from_broker) = (client.try_clone()?, broker.try_clone()?);
        thread::spawn(move || report(relay(from_client, broker, |frame| to_broker.request(frame))));
        thread::spawn(move || {
            report(relay(from_broker, client, |frame| {
                to_client.response(frame)
            }))
        });
    }
    Ok(())
}

/// Passes frames on, changed or not, until either side is done.
fn relay(
    mut from: TcpStream,
    mut to: TcpStream,
    change: impl Fn(Bytes) -> Result<Bytes, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut frames = FrameDecoder::new(MAX_FRAME);
    let mut chunk = [0; 64 << 10];
    loop {
        let received = from.read(&mut chunk)?;
        if received == 0 {
            to.shutdown(Shutdown::Write)?;
            return Ok(());
        }
        frames.buffer().extend_from_slice(&chunk[..received]);
        while let Some(frame) = frames.next()? {
            let frame = change(frame)?;
            to.write_all(&u32::try_from(frame.len())?.to_be_bytes())?;
            to.write_all(&frame)?;
        }
    }
}

fn report(result: Result<(), Box<dyn Error>>) {
    if let Err(error) = result {
        // A client that goes away is no news.
        let gone = error.downcast_ref().is_some_and(|error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected
            )
        });
        if !gone {
            eprintln!("{error}");
        }
    }
}

/// What one connection needs to know: responses do not say what they answer.
pub(crate) struct Renaming {
    topic: StrBytes,
    shown_as: StrBytes,
    /// The version of each Metadata request under way, by correlation id.
    asked: Mutex<HashMap<i32, i16>>,
}

impl Renaming {
    /// `topic` of the cluster is shown as `shown_as`.
    pub(crate) fn new(topic: &str, shown_as: &str) -> Self {
        Self {
            topic: topic.into(),
            shown_as: shown_as.into(),
            asked: Mutex::default(),
        }
    }

    /// A client's frame, as the broker is to see it.
    pub(crate) fn request(&self, frame: Bytes) -> Result<Bytes, Box<dyn Error>> {
        if !is_metadata(&frame) {
            return Ok(frame);
        }
        let Ok((header, AnyRequest::Metadata(mut request))) =
            frame::decode_request(frame.clone(), Limits::default())
        else {
            // Newer than this crate: the broker will know what to say.
            return Ok(frame);
        };
        for topic in request.topics.iter_mut().flatten() {
            if topic.name.as_ref() == Some(&self.shown_as) {
                topic.name = Some(self.topic.clone());
            }
        }
        self.asked()
            .insert(header.correlation_id, header.api_version);
        let framed = frame::encode_any_request(&header, &request.into())?;
        Ok(framed.into_bytes().slice(4..))
    }

    /// A broker's frame, as the client is to see it.
    pub(crate) fn response(&self, frame: Bytes) -> Result<Bytes, Box<dyn Error>> {
        let Some(correlation_id) = frame.first_chunk().copied().map(i32::from_be_bytes) else {
            return Ok(frame);
        };
        let Some(version) = self.asked().remove(&correlation_id) else {
            return Ok(frame);
        };
        Ok(self.renamed(frame, version)?)
    }

    fn renamed(&self, frame: Bytes, version: i16) -> Result<Bytes, DecodeError> {
        let (header, mut response) =
            frame::decode_response(ApiKey::Metadata, version, frame.clone(), Limits::default())?;
        if let AnyResponse::Metadata(response) = &mut response {
            for topic in &mut response.topics {
                if topic.name.as_ref() == Some(&self.topic) {
                    topic.name = Some(self.shown_as.clone());
                }
            }
        }
        // What was read can be written, unless the name is longer than Kafka allows.
        let framed = frame::encode_any_response(&header, version, &response);
        Ok(framed.map_or(frame, |framed| framed.into_bytes().slice(4..)))
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, HashMap<i32, i16>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_metadata(frame: &[u8]) -> bool {
    frame.first_chunk().copied().map(i16::from_be_bytes) == Some(ApiKey::Metadata.code())
}
