//! A network of scripted brokers: each test plays the broker's part by hand.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use kafka_net::clock::now;
use kafka_net::{
    BoxFuture, BoxStream, BrokerAddress, Connection, Connector, Environment, Lane, NetConfig, Pool,
    Random, SendOptions, SystemWallClock,
};
use kafka_protocol::frame::{decode_body, encode_response, open_request};
use kafka_protocol::messages::api_versions::ApiVersion;
use kafka_protocol::messages::{
    ApiVersionsResponse, MetadataRequest, MetadataResponse, ProduceRequest,
};
use kafka_protocol::wire::{Limits, Reader};
use kafka_protocol::{ApiKey, ErrorCode, Message, Request};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

/// A connector whose other ends come out of [`Acceptor`].
#[derive(Debug)]
pub(crate) struct Network {
    names: Mutex<BTreeMap<String, Vec<SocketAddr>>>,
    behaviour: Mutex<BTreeMap<SocketAddr, Behaviour>>,
    dials: Mutex<Vec<(Instant, SocketAddr)>>,
    resolved: Mutex<Vec<String>>,
    shape: Mutex<Shape>,
    accepting: mpsc::UnboundedSender<Peer>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Behaviour {
    #[default]
    Accept,
    Refuse,
    /// Takes the connection after this long.
    Late(Duration),
    /// As if every packet were lost.
    Blackhole,
    /// A connector with a bug.
    Panic,
}

/// What a stream lets through at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) max_write: usize,
    pub(crate) max_read: usize,
    pub(crate) vectored: bool,
    pub(crate) buffer: usize,
    /// Writes go nowhere until they are flushed, as with TLS.
    pub(crate) holds_back: bool,
    /// After a failed write, what there is to read is found only this much later, as on a
    /// socket of which the runtime has not heard yet.
    pub(crate) hears_late: Duration,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            max_write: usize::MAX,
            max_read: usize::MAX,
            vectored: true,
            buffer: 64 * 1024,
            holds_back: false,
            hears_late: Duration::ZERO,
        }
    }
}

pub(crate) struct Acceptor(mpsc::UnboundedReceiver<Peer>);

impl Network {
    pub(crate) fn new() -> (Arc<Self>, Acceptor) {
        let (accepting, accepted) = mpsc::unbounded_channel();
        let network = Self {
            names: Mutex::default(),
            behaviour: Mutex::default(),
            dials: Mutex::default(),
            resolved: Mutex::default(),
            shape: Mutex::default(),
            accepting,
        };
        (Arc::new(network), Acceptor(accepted))
    }

    /// Names that were not set have one address made of the port.
    pub(crate) fn name(&self, host: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        self.names
            .lock()
            .unwrap()
            .insert(host.to_owned(), addresses);
    }

    pub(crate) fn set(&self, address: &str, behaviour: Behaviour) {
        let address = address.parse().unwrap();
        self.behaviour.lock().unwrap().insert(address, behaviour);
    }

    pub(crate) fn shape(&self, shape: Shape) {
        *self.shape.lock().unwrap() = shape;
    }

    pub(crate) fn dials(&self) -> Vec<(Instant, SocketAddr)> {
        self.dials.lock().unwrap().clone()
    }

    pub(crate) fn resolved(&self) -> usize {
        self.resolved.lock().unwrap().len()
    }

    pub(crate) fn env(self: &Arc<Self>) -> Environment {
        Environment::new(
            Handle::current(),
            self.clone(),
            Arc::new(SystemWallClock),
            Random::from_seed(1),
        )
    }

    pub(crate) fn pool(self: &Arc<Self>, config: NetConfig) -> Pool {
        Pool::new(config, self.env()).unwrap()
    }
}

impl Connector for Network {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        self.resolved.lock().unwrap().push(host.to_owned());
        let known = self.names.lock().unwrap().get(host).cloned();
        let addresses = known.unwrap_or_else(|| vec![SocketAddr::from(([10, 0, 0, 1], port))]);
        Box::pin(async move { Ok(addresses) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        self.dials.lock().unwrap().push((now(), addr));
        let behaviour = self.behaviour.lock().unwrap().get(&addr).copied();
        let shape = *self.shape.lock().unwrap();
        let accepting = self.accepting.clone();
        Box::pin(async move {
            match behaviour.unwrap_or_default() {
                Behaviour::Accept => {}
                Behaviour::Late(wait) => sleep(wait).await,
                Behaviour::Refuse => return Err(io::ErrorKind::ConnectionRefused.into()),
                Behaviour::Blackhole => std::future::pending().await,
                Behaviour::Panic => panic!("a planted bug"),
            }
            let (ours, theirs) = duplex(shape.buffer);
            accepting
                .send(Peer::new(addr, Box::new(theirs)))
                .map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            Ok(Box::new(Shaped {
                stream: ours,
                shape,
                held: BytesMut::new(),
                deaf: None,
            }) as BoxStream)
        })
    }
}

struct Shaped {
    stream: DuplexStream,
    shape: Shape,
    held: BytesMut,
    deaf: Option<Pin<Box<Sleep>>>,
}

impl Shaped {
    fn poll_let_go(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held))?;
            self.held.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Shaped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(deaf) = &mut self.deaf {
            ready!(deaf.as_mut().poll(cx));
        }
        let most = self.shape.max_read.min(buf.remaining());
        let mut part = vec![0; most];
        let mut part = ReadBuf::new(&mut part);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        buf.put_slice(part.filled());
        read
    }
}

impl AsyncWrite for Shaped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = self.shape.max_write.min(buf.len());
        if self.shape.holds_back {
            ready!(self.poll_let_go(cx))?;
            self.held.extend_from_slice(&buf[..most]);
            return Poll::Ready(Ok(most));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..most]));
        if written.is_err() && !self.shape.hears_late.is_zero() {
            self.deaf = Some(Box::pin(sleep(self.shape.hears_late)));
        }
        Poll::Ready(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        assert!(self.shape.vectored, "asked for a vectored write");
        assert!(bufs.len() <= 64);
        let joined: Vec<u8> = bufs.iter().flat_map(|buf| buf.to_vec()).collect();
        self.poll_write(cx, &joined)
    }

    fn is_write_vectored(&self) -> bool {
        self.shape.vectored
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_let_go(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Acceptor {
    /// The next connection, raw; `None` when the network is gone.
    pub(crate) async fn next(&mut self) -> Option<Peer> {
        self.0.recv().await
    }

    /// The next connection, raw.
    pub(crate) async fn accept(&mut self) -> Peer {
        self.0.recv().await.unwrap()
    }

    /// The next connection, after the handshake.
    pub(crate) async fn broker(&mut self) -> Peer {
        let mut peer = self.accept().await;
        peer.handshake().await;
        peer
    }
}

/// The broker's end of a connection.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) stream: BoxStream,
    buffer: BytesMut,
    /// Ids go up one by one in the order of the wire.
    next_id: i32,
}

/// A request as the broker received it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) key: ApiKey,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: Option<String>,
    pub(crate) body: Reader,
}

impl Asked {
    pub(crate) fn decode<R: Request>(&self) -> R {
        assert_eq!(self.key, R::KEY);
        decode_body(self.body.clone(), self.version).unwrap()
    }

    /// The only topic of a [`question`].
    pub(crate) fn topic(&self) -> String {
        let request: MetadataRequest = self.decode();
        request.topics.unwrap()[0].name.clone().unwrap().to_string()
    }
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, stream: BoxStream) -> Self {
        Self {
            address,
            stream,
            buffer: BytesMut::new(),
            next_id: 0,
        }
    }

    /// The next request; `None` when the client has closed.
    pub(crate) async fn next(&mut self) -> Option<Asked> {
        loop {
            if let Some(prefix) = self.buffer.first_chunk() {
                let len = 4 + i32::from_be_bytes(*prefix) as usize;
                if self.buffer.len() >= len {
                    let frame = self.buffer.split_to(len).freeze().slice(4..);
                    let (header, body) = open_request(frame, Limits::default()).unwrap();
                    assert_eq!(header.correlation_id, self.next_id);
                    self.next_id += 1;
                    return Some(Asked {
                        key: ApiKey::from_code(header.api_key).unwrap(),
                        version: header.api_version,
                        correlation_id: header.correlation_id,
                        client_id: header.client_id.map(|id| id.to_string()),
                        body,
                    });
                }
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap() == 0 {
                assert!(self.buffer.is_empty(), "closed within a request");
                return None;
            }
        }
    }

    /// A request that was taken and never written leaves a gap.
    pub(crate) fn misses_one(&mut self) {
        self.next_id += 1;
    }

    pub(crate) async fn asked(&mut self) -> Asked {
        self.next().await.expect("the client closed")
    }

    pub(crate) async fn answer<M: Message>(&mut self, asked: &Asked, body: &M) {
        let frame = encode_response(asked.key, asked.version, asked.correlation_id, body);
        self.send(frame.unwrap().into_bytes()).await;
    }

    /// Answers a [`question`] with its own topic as the cluster id.
    pub(crate) async fn echo(&mut self, asked: &Asked) {
        let body = MetadataResponse::new().with_cluster_id(Some(asked.topic().into()));
        self.answer(asked, &body).await;
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The client may have closed: that is for the test to notice.
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    pub(crate) async fn handshake(&mut self) {
        let asked = self.asked().await;
        assert_eq!(asked.key, ApiKey::ApiVersions);
        self.answer(&asked, &versions(&DEFAULT_VERSIONS)).await;
    }

    /// Demands that the client closes without sending anything more.
    pub(crate) async fn closed(&mut self) {
        let next = self.next().await;
        assert!(next.is_none(), "{next:?}");
    }

    /// Echoes the next `count` questions.
    pub(crate) async fn serve_next(&mut self, count: usize) {
        for _ in 0..count {
            let asked = self.asked().await;
            self.echo(&asked).await;
        }
    }

    /// Echoes until the client closes; returns how many.
    pub(crate) async fn serve(&mut self) -> usize {
        let mut count = 0;
        while let Some(asked) = self.next().await {
            self.echo(&asked).await;
            count += 1;
        }
        count
    }
}

pub(crate) const DEFAULT_VERSIONS: [(ApiKey, i16, i16); 4] = [
    (ApiKey::Produce, 0, 9),
    (ApiKey::Fetch, 4, 12),
    (ApiKey::Metadata, 0, 9),
    (ApiKey::ApiVersions, 0, 4),
];

pub(crate) fn versions(ranges: &[(ApiKey, i16, i16)]) -> ApiVersionsResponse {
    let entries = ranges.iter().map(|(key, min, max)| {
        ApiVersion::new()
            .with_api_key(key.code())
            .with_min_version(*min)
            .with_max_version(*max)
    });
    ApiVersionsResponse::new().with_api_keys(entries.collect::<Vec<_>>())
}

/// UNSUPPORTED_VERSION, as brokers put it: in version 0.
pub(crate) async fn refuse_version(peer: &mut Peer, asked: &Asked, ranges: &[(ApiKey, i16, i16)]) {
    let body = versions(ranges).with_error_code(ErrorCode::UnsupportedVersion.code());
    let frame = encode_response(asked.key, 0, asked.correlation_id, &body).unwrap();
    peer.send(frame.into_bytes()).await;
}

/// A request that names its sender.
pub(crate) fn question(topic: &str) -> MetadataRequest {
    use kafka_protocol::messages::metadata::MetadataRequestTopic;
    let topic = MetadataRequestTopic::new().with_name(Some(topic.into()));
    MetadataRequest::new().with_topics(Some(vec![topic]))
}

/// A request of about this many bytes, whose data is shared, not copied.
pub(crate) fn produce(len: usize) -> ProduceRequest {
    use kafka_protocol::RecordBytes;
    use kafka_protocol::messages::produce::{PartitionProduceData, TopicProduceData};
    let records = RecordBytes::from(Bytes::from(vec![b'r'; len]));
    let partition = PartitionProduceData::new().with_records(Some(records));
    let topic = TopicProduceData::new()
        .with_name("t")
        .with_partition_data(vec![partition]);
    ProduceRequest::new().with_topic_data(vec![topic])
}

/// What an echoed question resolved to.
pub(crate) fn echoed(result: Result<MetadataResponse, kafka_net::Error>) -> Result<String, String> {
    match result {
        Ok(response) => Ok(response.cluster_id.unwrap().to_string()),
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) fn broker() -> BrokerAddress {
    BrokerAddress::new("kafka-1", 9092).with_id(1)
}

pub(crate) fn options() -> SendOptions {
    SendOptions::new(seconds(30))
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A connection and the broker's end of it.
pub(crate) async fn connected(config: NetConfig, shape: Shape) -> (Pool, Connection, Peer) {
    let (network, mut acceptor) = Network::new();
    network.shape(shape);
    let pool = network.pool(config);
    let waiting = pool.connection(&broker(), Lane::Control, now() + seconds(10));
    let (connection, peer) = tokio::join!(waiting, acceptor.broker());
    (pool, connection.unwrap(), peer)
}

pub(crate) async fn connect() -> (Pool, Connection, Peer) {
    connected(NetConfig::default(), Shape::default()).await
}

/// An executor that is not tokio: what it polls has no runtime context.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::task::Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
