//! A network of one address whose listener each test sets up.

use std::fmt;
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_net::clock::now;
use kafka_net::{
    BoxFuture, BoxStream, BrokerAddress, Connection, Connector, Environment, Error, Lane,
    NetConfig, Pool, Random, SendOptions, SystemWallClock, TlsConfig,
};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_test_broker::TestCluster;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, BufWriter, copy_bidirectional, duplex, join, split};
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;

/// What a listener does with a connection.
type Accept = Arc<dyn Fn(BoxStream) -> BoxFuture<'static, ()> + Send + Sync>;

/// Every name leads to one listener, with an embedded broker behind it.
pub(crate) struct Network {
    cluster: TestCluster,
    accept: Mutex<Accept>,
    first_bytes: Arc<Mutex<Vec<u8>>>,
    holds_back: AtomicBool,
}

impl Network {
    pub(crate) async fn new() -> Arc<Self> {
        let cluster = TestCluster::builder().topic("t", 1).start().await.unwrap();
        Arc::new(Self {
            cluster,
            accept: Mutex::new(Arc::new(|_| Box::pin(async {}))),
            first_bytes: Arc::default(),
            holds_back: AtomicBool::new(false),
        })
    }

    /// A network whose listener speaks TLS.
    pub(crate) async fn secured(config: Arc<ServerConfig>) -> Arc<Self> {
        let network = Self::new().await;
        network.secure(config);
        network
    }

    /// From now on the listener speaks TLS.
    pub(crate) fn secure(self: &Arc<Self>, config: Arc<ServerConfig>) {
        let weak = Arc::downgrade(self);
        self.accept(move |stream| {
            let acceptor = TlsAcceptor::from(config.clone());
            let network = weak.clone();
            Box::pin(async move {
                // A refusal is the client's to tell.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let Some(mut broker) = network.upgrade().map(|network| network.broker()) else {
                    return;
                };
                let _ = copy_bidirectional(&mut stream, &mut broker).await;
            })
        });
    }

    /// From now on the listener does this.
    pub(crate) fn accept(
        &self,
        accept: impl Fn(BoxStream) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) {
        *self.accept.lock().unwrap() = Arc::new(accept);
    }

    /// From now on the client's streams keep what is written until they are flushed.
    pub(crate) fn hold_back(&self) {
        self.holds_back.store(true, Ordering::Relaxed);
    }

    /// A connection to the broker behind, in plain text.
    pub(crate) fn broker(&self) -> BoxStream {
        let bootstrap = self.cluster.bootstrap();
        let (host, port) = bootstrap.rsplit_once(':').unwrap();
        Box::new(self.cluster.dial(host, port.parse().unwrap()).unwrap())
    }

    /// With what each connection began that sent anything.
    pub(crate) fn first_bytes(&self) -> Vec<u8> {
        self.first_bytes.lock().unwrap().clone()
    }

    pub(crate) fn env(self: &Arc<Self>) -> Environment {
        Environment::new(
            Handle::current(),
            self.clone(),
            Arc::new(SystemWallClock),
            Random::from_seed(1),
        )
    }

    pub(crate) fn pool(self: &Arc<Self>, tls: TlsConfig) -> Pool {
        self.pool_with(NetConfig::default().with_tls(tls))
    }

    pub(crate) fn pool_with(self: &Arc<Self>, config: NetConfig) -> Pool {
        Pool::new(config, self.env()).unwrap()
    }

    /// Connects as `host` and asks something.
    pub(crate) async fn ask(self: &Arc<Self>, tls: TlsConfig, host: &str) -> Result<(), Error> {
        ask(&self.pool(tls), host).await
    }

    /// The error of connecting as `localhost`.
    pub(crate) async fn refusal(self: &Arc<Self>, tls: TlsConfig) -> Error {
        self.ask(tls, "localhost").await.unwrap_err()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl Connector for Network {
    fn resolve(&self, _host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from(([10, 0, 0, 1], port))]) })
    }

    fn connect(&self, _addr: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let accept = self.accept.lock().unwrap().clone();
        let first_bytes = self.first_bytes.clone();
        let holds_back = self.holds_back.load(Ordering::Relaxed);
        Box::pin(async move {
            let (ours, theirs) = duplex(64 * 1024);
            tokio::spawn(async move {
                let (mut reading, writing) = split(theirs);
                let mut first = [0];
                if reading.read_exact(&mut first).await.is_err() {
                    return;
                }
                first_bytes.lock().unwrap().push(first[0]);
                let stream = join(Cursor::new(first).chain(reading), writing);
                accept(Box::new(stream)).await;
            });
            if holds_back {
                return Ok(Box::new(BufWriter::with_capacity(1 << 20, ours)) as BoxStream);
            }
            Ok(Box::new(ours) as BoxStream)
        })
    }
}

pub(crate) async fn connect(pool: &Pool, host: &str) -> Result<Connection, Error> {
    let broker = BrokerAddress::new(host, 9093);
    let deadline = now() + Duration::from_secs(60);
    pool.attempt(&broker, Lane::Control, deadline).await
}

pub(crate) async fn ask(pool: &Pool, host: &str) -> Result<(), Error> {
    question(&connect(pool, host).await?).await.map(|_| ())
}

pub(crate) async fn question(connection: &Connection) -> Result<MetadataResponse, Error> {
    let options = SendOptions::new(Duration::from_secs(60));
    connection.request(&MetadataRequest::new(), &options).await
}

/// A file of this test's own, removed with it.
pub(crate) struct Files(tempdir::Dir);

impl Files {
    pub(crate) fn new(name: &str) -> Self {
        Self(tempdir::Dir::new(name))
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }
}

mod tempdir {
    use std::path::{Path, PathBuf};

    pub(super) struct Dir(PathBuf);

    impl Dir {
        pub(super) fn new(name: &str) -> Self {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
                .join(format!("tls-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub(super) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
