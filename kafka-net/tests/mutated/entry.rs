//! A live connection whose broker does to its answers what the input says; shared with
//! the fuzzer.
//!
//! The input is read as a list of what to do with each answer, two bytes each: the first
//! chooses, the second says where or how long. When it is used up, the broker is honest.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_net::clock::now;
use kafka_net::{
    BoxFuture, BoxStream, BrokerAddress, Connector, Environment, Error, Lane, NetConfig, Pool,
    Random, SendOptions, SystemWallClock,
};
use kafka_protocol::frame::{decode_body, encode_response, open_request};
use kafka_protocol::messages::api_versions::ApiVersion;
use kafka_protocol::messages::metadata::{MetadataRequestTopic, MetadataResponseTopic};
use kafka_protocol::messages::{
    ApiVersionsResponse, ListOffsetsResponse, MetadataRequest, MetadataResponse,
};
use kafka_protocol::wire::Limits;
use kafka_protocol::{ApiKey, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::{Builder, Handle};
use tokio::time::{sleep, timeout};

/// Questions asked at once, twice.
const QUESTIONS: usize = 4;

/// More than all timeouts and pauses of one input together.
const FAR: Duration = Duration::from_secs(600);

/// What is promised whatever the broker does: every request is resolved, in time; an
/// answer never reaches another request than its own; no panic. Memory is for the caller
/// to watch.
pub fn broker_answers(input: &[u8]) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let network = Arc::new(Network::new(input));
        let asking = ask(network.clone());
        timeout(FAR, asking).await.expect("it comes to an end");
    });
}

async fn ask(network: Arc<Network>) {
    let random = Random::from_seed(7);
    let wall_clock = Arc::new(SystemWallClock);
    let wires = Arc::new(Wires(network.clone()));
    let env = Environment::new(Handle::current(), wires, wall_clock, random);
    let config = NetConfig::default()
        .with_connect_timeout(Duration::from_secs(5))
        .with_max_response_len(1 << 20);
    let pool = Pool::new(config, env).expect("valid settings");
    let broker = BrokerAddress::new("kafka", 9092);
    for round in 0..2 {
        let deadline = now() + Duration::from_secs(30);
        let Ok(connection) = pool.attempt(&broker, Lane::Control, deadline).await else {
            continue;
        };
        let names: Vec<String> = (0..QUESTIONS)
            .map(|n| {
                format!(
                    "question-{}",
                    (round * QUESTIONS + n).to_string().repeat(40)
                )
            })
            .collect();
        let pending: Vec<_> = names
            .iter()
            .map(|name| {
                let topic = MetadataRequestTopic::new().with_name(Some(name.as_str().into()));
                let request = MetadataRequest::new().with_topics(Some(vec![topic]));
                let options = SendOptions::new(Duration::from_secs(10));
                connection.start(&request, &options)
            })
            .collect();
        for (name, pending) in names.iter().zip(pending) {
            network.check(name, pending.await);
        }
        let stats = connection.stats();
        // One may be left: what a silent broker was asked at the handshake besides.
        assert!(
            stats.answers + stats.errors + 1 >= stats.requests,
            "{stats:?}"
        );
        assert!(stats.in_flight <= 1, "{stats:?}");
    }
    pool.close(now() + Duration::from_secs(10)).await;
}

/// One broker, and its plan.
struct Network {
    plan: Mutex<Vec<u8>>,
    /// Whether the content of any answer was changed: what it says then counts for
    /// nothing.
    changed: AtomicBool,
}

impl Network {
    fn new(input: &[u8]) -> Self {
        // A plan of any length would make the slowest run, not the most telling one.
        let mut plan = input
            .get(..input.len().min(256))
            .unwrap_or_default()
            .to_vec();
        plan.reverse();
        Self {
            plan: Mutex::new(plan),
            changed: AtomicBool::new(false),
        }
    }

    fn next(&self) -> u8 {
        self.plan.lock().expect("no panic").pop().unwrap_or(0)
    }

    fn check(&self, name: &str, result: Result<MetadataResponse, Error>) {
        match result {
            Ok(answer) if !self.changed.load(Ordering::Relaxed) => {
                let topic = answer
                    .topics
                    .first()
                    .and_then(|topic| topic.name.as_deref());
                assert_eq!(topic, Some(name), "somebody else's answer");
            }
            Ok(_) => {}
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }

    /// Serves one connection.
    async fn serve(self: Arc<Self>, mut stream: DuplexStream) -> io::Result<()> {
        let mut heard = BytesMut::new();
        loop {
            let Some(frame) = next_frame(&mut stream, &mut heard).await? else {
                return Ok(());
            };
            let answer = honest(frame);
            let (what, how) = (self.next(), self.next());
            if self.send(&mut stream, answer, what, how).await?.is_none() {
                return Ok(());
            }
        }
    }

    /// `None` when the connection is over.
    async fn send(
        &self,
        stream: &mut DuplexStream,
        answer: Vec<u8>,
        what: u8,
        how: u8,
    ) -> io::Result<Option<()>> {
        let at = answer.len() * usize::from(how) / 256;
        let mut sent = answer.clone();
        match what % 14 {
            1 => return Ok(None),
            2 => {
                stream
                    .write_all(answer.get(..at).unwrap_or_default())
                    .await?;
                return Ok(None);
            }
            3 => sent.extend_from_slice(&answer),
            4 => return Ok(Some(())),
            5 => sleep(Duration::from_millis(u64::from(how) * 60)).await,
            // The length.
            6 => sent[usize::from(how % 4)] ^= 1 << (how / 4 % 8),
            // The correlation id.
            7 => sent[4 + usize::from(how % 4)] ^= 1 << (how / 4 % 8),
            8 => {
                self.changed.store(true, Ordering::Relaxed);
                sent[at.max(8)] ^= 1 << (how % 8);
            }
            9 => {
                self.changed.store(true, Ordering::Relaxed);
                sent[at.max(8)] = self.next();
            }
            10 => {
                self.changed.store(true, Ordering::Relaxed);
                let more: Vec<u8> = (0..how % 32).map(|_| self.next()).collect();
                sent.splice(at..at, more);
            }
            11 => {
                self.changed.store(true, Ordering::Relaxed);
                sent = (0..how % 64).map(|_| self.next()).collect();
            }
            12 => {
                self.changed.store(true, Ordering::Relaxed);
                sent.truncate(at);
            }
            // A byte at a time.
            13 => {
                for byte in answer {
                    stream.write_all(&[byte]).await?;
                    tokio::task::yield_now().await;
                }
                return Ok(Some(()));
            }
            _ => {}
        }
        stream.write_all(&sent).await?;
        Ok(Some(()))
    }
}

async fn next_frame(stream: &mut DuplexStream, heard: &mut BytesMut) -> io::Result<Option<Bytes>> {
    loop {
        if let Some(prefix) = heard.first_chunk() {
            let len = 4 + u32::from_be_bytes(*prefix) as usize;
            if heard.len() >= len {
                return Ok(Some(heard.split_to(len).freeze().slice(4..)));
            }
        }
        if stream.read_buf(heard).await? == 0 {
            return Ok(None);
        }
    }
}

/// The right answer to whatever a client of this crate asks of its own accord, and to
/// the questions, which it answers with their own name.
fn honest(frame: Bytes) -> Vec<u8> {
    let (header, body) = open_request(frame, Limits::default()).expect("a request");
    let key = ApiKey::from_code(header.api_key).expect("a known request");
    let (version, id) = (header.api_version, header.correlation_id);
    match key {
        ApiKey::ApiVersions => {
            let range = |key: ApiKey, max: i16| {
                ApiVersion::new()
                    .with_api_key(key.code())
                    .with_max_version(max)
            };
            let ranges = vec![range(ApiKey::Metadata, 9), range(ApiKey::ApiVersions, 4)];
            let body = ApiVersionsResponse::new().with_api_keys(ranges);
            encoded(key, version, id, &body)
        }
        ApiKey::Metadata => {
            let request: MetadataRequest = decode_body(body, version).expect("a question");
            let topics = request.topics.unwrap_or_default();
            let name = topics.first().and_then(|topic| topic.name.clone());
            let topic = MetadataResponseTopic::new().with_name(name);
            let body = MetadataResponse::new().with_topics(vec![topic]);
            encoded(key, version, id, &body)
        }
        ApiKey::ListOffsets => encoded(key, version, id, &ListOffsetsResponse::new()),
        // The probe of an old broker: nothing described.
        _ => [&[0, 0, 0, 8][..], &id.to_be_bytes(), &[0; 4]].concat(),
    }
}

fn encoded<M: Message>(key: ApiKey, version: i16, id: i32, body: &M) -> Vec<u8> {
    let segments = encode_response(key, version, id, body).expect("an answer");
    segments.into_bytes().to_vec()
}

/// One name, one address, and the broker there.
#[derive(Clone)]
struct Wires(Arc<Network>);

impl fmt::Debug for Wires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wires")
    }
}

impl Connector for Wires {
    fn resolve(&self, _host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let address = SocketAddr::from(([10, 0, 0, 1], port));
        Box::pin(async move { Ok(vec![address]) })
    }

    fn connect(&self, _addr: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let network = self.0.clone();
        Box::pin(async move {
            let (ours, theirs) = duplex(4096);
            tokio::spawn(async move {
                // The client may have closed; that is its business.
                let _ = network.serve(theirs).await;
            });
            Ok(Box::new(ours) as BoxStream)
        })
    }
}
