//! An in-memory network of small scripted brokers, for tests that need answers
//! no healthy cluster would give: other versions, other clusters, silence.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kafka_net::{BoxFuture, BoxStream, Connector, Environment, NetConfig, Pool, Random};
use kafka_net::{SystemWallClock, WallClock};
use kafka_protocol::frame::{FrameDecoder, decode_body, encode_response, open_request};
use kafka_protocol::messages::api_versions::ApiVersion;
use kafka_protocol::messages::find_coordinator::Coordinator;
use kafka_protocol::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, FindCoordinatorRequest, FindCoordinatorResponse,
    MetadataRequest, MetadataResponse,
};
use kafka_protocol::wire::{Limits, Reader, Segments};
use kafka_protocol::{ApiKey, ErrorCode, Message, StrBytes, Uuid, VersionRange};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// What stands at a host name.
#[derive(Clone)]
pub enum Host {
    /// Nothing listens.
    Refused,
    /// Connecting never ends.
    Hangs,
    /// Takes connections and never says a word.
    Silent,
    /// Answers everything with an HTTP error.
    Http,
    /// A broker of this cluster.
    Broker(World),
}

/// Host names and what stands there; a [`Connector`].
#[derive(Clone, Default)]
pub struct FakeNet(Arc<Mutex<Hosts>>);

#[derive(Default)]
struct Hosts {
    by_name: BTreeMap<String, Host>,
    /// Names in the order they were first resolved: the address is the place.
    resolved: Vec<String>,
    dialled: Vec<String>,
}

impl FakeNet {
    /// Puts something at a host name, in place of what was there.
    pub fn set(&self, name: &str, host: Host) {
        self.lock().by_name.insert(name.to_owned(), host);
    }

    /// The hosts that were dialled, in order.
    pub fn dialled(&self) -> Vec<String> {
        self.lock().dialled.clone()
    }

    /// A pool on this network and the current runtime.
    pub fn pool(&self, config: NetConfig) -> Pool {
        let runtime = tokio::runtime::Handle::current();
        let wall_clock: Arc<dyn WallClock> = Arc::new(SystemWallClock);
        let random = Random::from_seed(7);
        let env = Environment::new(runtime, Arc::new(self.clone()), wall_clock, random);
        Pool::new(config, env).unwrap()
    }

    fn lock(&self) -> MutexGuard<'_, Hosts> {
        self.0.lock().unwrap()
    }
}

impl fmt::Debug for FakeNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeNet")
    }
}

impl Connector for FakeNet {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let mut hosts = self.lock();
        let place = hosts.resolved.iter().position(|name| name == host);
        let place = place.unwrap_or_else(|| {
            hosts.resolved.push(host.to_owned());
            hosts.resolved.len() - 1
        });
        let place = u8::try_from(place).unwrap();
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, place)), port);
        Box::pin(async move { Ok(vec![address]) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let IpAddr::V4(ip) = addr.ip() else {
            unreachable!()
        };
        let mut hosts = self.lock();
        let name = hosts.resolved[usize::from(ip.octets()[3])].clone();
        hosts.dialled.push(name.clone());
        let host = hosts.by_name.get(&name).cloned().unwrap_or(Host::Refused);
        drop(hosts);
        Box::pin(async move {
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            match host {
                Host::Refused => return Err(io::ErrorKind::ConnectionRefused.into()),
                Host::Hangs => std::future::pending().await,
                Host::Silent => drop(tokio::spawn(swallow(theirs))),
                Host::Http => drop(tokio::spawn(talk_http(theirs))),
                Host::Broker(world) => drop(tokio::spawn(world.serve(name, theirs))),
            }
            Ok(Box::new(ours) as BoxStream)
        })
    }
}

async fn swallow(mut stream: DuplexStream) {
    let mut buffer = [0; 1024];
    while !matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)) {}
}

async fn talk_http(mut stream: DuplexStream) {
    let mut buffer = [0; 1024];
    let _ = stream.read(&mut buffer).await;
    let _ = stream
        .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        .await;
}

/// A request that reached a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub host: String,
    pub api: ApiKey,
    pub version: i16,
}

/// What a handler of [`Script::other`] makes of a request to a host: an answer's
/// frame, or nothing, which closes the connection.
pub type Handler = Box<dyn FnMut(&str, ApiKey, i16, i32, Reader) -> Option<Segments> + Send>;

/// A topic's id and its partitions' leaders and leader epochs, or its error.
pub type FakeTopic = Result<(Uuid, Vec<(i32, i32)>), ErrorCode>;

/// One cluster; its brokers share this.
#[derive(Clone)]
pub struct World(Arc<Mutex<Script>>);

/// What a cluster says.
pub struct Script {
    pub cluster_id: &'static str,
    pub controller: i32,
    /// Ids and hosts; all listen on port 9092.
    pub brokers: Vec<(i32, String)>,
    pub topics: BTreeMap<String, FakeTopic>,
    /// Topics asked for are created, with one partition on this broker.
    pub auto_create: Option<i32>,
    pub versions: BTreeMap<ApiKey, VersionRange>,
    /// Metadata's top-level error, at these hosts.
    pub top_level_error: BTreeMap<String, ErrorCode>,
    /// By key type and key.
    pub coordinators: BTreeMap<(i8, String), Result<i32, ErrorCode>>,
    /// Passes before each answer.
    pub delay: Duration,
    /// Hosts that take requests and answer none but ApiVersions.
    pub mute: Vec<String>,
    /// Requests to close the connection upon, by count still to go.
    pub hang_up: BTreeMap<ApiKey, usize>,
    pub seen: Vec<Seen>,
    pub metadata_requests: Vec<MetadataRequest>,
    pub coordinator_requests: Vec<FindCoordinatorRequest>,
    /// Answers every other API.
    pub other: Option<Handler>,
}

impl World {
    /// A cluster whose brokers are at hosts `b1`, `b2`, …, put on the network.
    pub fn on(net: &FakeNet, brokers: i32) -> Self {
        let world = Self(Arc::new(Mutex::new(Script::new(brokers))));
        for id in 1..=brokers {
            net.set(&format!("b{id}"), Host::Broker(world.clone()));
        }
        world
    }

    /// Reads or changes the script.
    pub fn with<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// How many requests of this API arrived.
    pub fn count(&self, api: ApiKey) -> usize {
        self.with(|script| script.seen.iter().filter(|seen| seen.api == api).count())
    }

    async fn serve(self, host: String, mut stream: DuplexStream) {
        let mut frames = FrameDecoder::new(1 << 20);
        loop {
            while let Some(frame) = frames.next().unwrap() {
                let (answer, delay) = self.with(|s| (s.answer(&host, frame), s.delay));
                tokio::time::sleep(delay).await;
                match answer {
                    Reaction::Answer(bytes) => {
                        if stream.write_all(&bytes.into_bytes()).await.is_err() {
                            return;
                        }
                    }
                    Reaction::HangUp => return,
                    Reaction::Silence => {}
                }
            }
            match stream.read_buf(frames.buffer()).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

enum Reaction {
    Answer(Segments),
    HangUp,
    Silence,
}

impl Script {
    fn new(brokers: i32) -> Self {
        Self {
            cluster_id: "fake",
            controller: 1,
            brokers: (1..=brokers).map(|id| (id, format!("b{id}"))).collect(),
            topics: BTreeMap::new(),
            auto_create: None,
            versions: BTreeMap::from([
                (ApiKey::ApiVersions, ApiVersionsRequest::VERSIONS),
                (ApiKey::Metadata, MetadataRequest::VERSIONS),
                (ApiKey::FindCoordinator, FindCoordinatorRequest::VERSIONS),
            ]),
            top_level_error: BTreeMap::new(),
            coordinators: BTreeMap::new(),
            delay: Duration::ZERO,
            mute: Vec::new(),
            hang_up: BTreeMap::new(),
            seen: Vec::new(),
            metadata_requests: Vec::new(),
            coordinator_requests: Vec::new(),
            other: None,
        }
    }

    /// A topic with a leader, epoch 0, for each partition.
    pub fn topic(&mut self, name: &str, leaders: &[i32]) {
        let number = u8::try_from(self.topics.len() + 1).unwrap();
        let id = Uuid::from_bytes([number; 16]);
        let leaders = leaders.iter().map(|leader| (*leader, 0)).collect();
        self.topics.insert(name.to_owned(), Ok((id, leaders)));
    }

    /// Restricts an API to these versions.
    pub fn limit(&mut self, api: ApiKey, min: i16, max: i16) {
        self.versions.insert(api, VersionRange { min, max });
    }

    fn answer(&mut self, host: &str, frame: bytes::Bytes) -> Reaction {
        let (header, body) = open_request(frame, Limits::default()).unwrap();
        let api = ApiKey::from_code(header.api_key).unwrap();
        let (version, correlation) = (header.api_version, header.correlation_id);
        if let Some(left) = self.hang_up.get_mut(&api)
            && *left > 0
        {
            *left -= 1;
            return Reaction::HangUp;
        }
        self.seen.push(Seen {
            host: host.to_owned(),
            api,
            version,
        });
        if api != ApiKey::ApiVersions && self.mute.iter().any(|mute| mute == host) {
            return Reaction::Silence;
        }
        let answer = match api {
            ApiKey::ApiVersions => {
                let response = self.api_versions();
                encode_response(api, version, correlation, &response).unwrap()
            }
            ApiKey::Metadata => {
                let request: MetadataRequest = decode_body(body, version).unwrap();
                let response = self.metadata(host, &request, version);
                self.metadata_requests.push(request);
                encode_response(api, version, correlation, &response).unwrap()
            }
            ApiKey::FindCoordinator => {
                let request: FindCoordinatorRequest = decode_body(body, version).unwrap();
                let response = self.find(&request, version);
                self.coordinator_requests.push(request);
                encode_response(api, version, correlation, &response).unwrap()
            }
            _ => {
                let other = self.other.as_mut();
                match other.and_then(|other| other(host, api, version, correlation, body)) {
                    Some(answer) => answer,
                    None => return Reaction::HangUp,
                }
            }
        };
        Reaction::Answer(answer)
    }

    fn api_versions(&self) -> ApiVersionsResponse {
        let keys: Vec<_> = self
            .versions
            .iter()
            .map(|(api, range)| {
                ApiVersion::new()
                    .with_api_key(api.code())
                    .with_min_version(range.min)
                    .with_max_version(range.max)
            })
            .collect();
        ApiVersionsResponse::new().with_api_keys(keys)
    }

    fn metadata(
        &mut self,
        host: &str,
        request: &MetadataRequest,
        version: i16,
    ) -> MetadataResponse {
        let named: Vec<String> = request
            .topics
            .iter()
            .flatten()
            .map(|topic| topic.name.clone().unwrap().to_string())
            .collect();
        let all = request.topics.is_none() || (version == 0 && named.is_empty());
        if let (Some(leader), true) = (self.auto_create, request.allow_auto_topic_creation) {
            for name in &named {
                if !self.topics.contains_key(name) {
                    self.topic(name, &[leader]);
                }
            }
        }
        let names = if all {
            self.topics.keys().cloned().collect()
        } else {
            named
        };
        let topics: Vec<_> = names
            .iter()
            .map(|name| self.describe(name, version))
            .collect();
        let brokers: Vec<_> = self
            .brokers
            .iter()
            .map(|(id, host)| {
                MetadataResponseBroker::new()
                    .with_node_id(*id)
                    .with_host(host.as_str())
                    .with_port(9092)
            })
            .collect();
        let error = self.top_level_error.get(host).map_or(0, |code| code.code());
        MetadataResponse::new()
            .with_cluster_id(Some(StrBytes::from(self.cluster_id)))
            .with_controller_id(self.controller)
            .with_brokers(brokers)
            .with_topics(topics)
            .with_error_code(error)
    }

    fn describe(&self, name: &str, version: i16) -> MetadataResponseTopic {
        let topic = MetadataResponseTopic::new().with_name(Some(StrBytes::from(name)));
        match self.topics.get(name) {
            None => topic.with_error_code(ErrorCode::UnknownTopicOrPartition.code()),
            Some(Err(code)) => topic.with_error_code(code.code()),
            Some(Ok((id, leaders))) => {
                let partitions: Vec<_> = (0..)
                    .zip(leaders)
                    .map(|(index, (leader, epoch))| {
                        MetadataResponsePartition::new()
                            .with_partition_index(index)
                            .with_leader_id(*leader)
                            .with_leader_epoch(if version >= 7 { *epoch } else { -1 })
                            .with_replica_nodes(vec![*leader])
                            .with_isr_nodes(vec![*leader])
                    })
                    .collect();
                topic.with_topic_id(*id).with_partitions(partitions)
            }
        }
    }

    fn find(&self, request: &FindCoordinatorRequest, version: i16) -> FindCoordinatorResponse {
        let one = |key: &StrBytes| {
            let found = self.coordinators.get(&(request.key_type, key.to_string()));
            let found = found
                .copied()
                .unwrap_or(Err(ErrorCode::CoordinatorNotAvailable));
            (
                found.unwrap_or(-1),
                found.err().map_or(0, |code| code.code()),
            )
        };
        if version < 4 {
            let (node, code) = one(&request.key);
            return FindCoordinatorResponse::new()
                .with_node_id(node)
                .with_error_code(code);
        }
        let found: Vec<_> = request
            .coordinator_keys
            .iter()
            .map(|key| {
                let (node, code) = one(key);
                Coordinator::new()
                    .with_key(key.clone())
                    .with_node_id(node)
                    .with_error_code(code)
            })
            .collect();
        FindCoordinatorResponse::new().with_coordinators(found)
    }
}
