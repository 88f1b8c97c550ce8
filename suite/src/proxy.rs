//! A TCP proxy in front of a broker, as the network would be: connections are cut,
//! fall silent, get slow.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{sleep, sleep_until};

use crate::clock;

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;
/// Chunks under way in one direction of a connection; more wait in the sender's socket.
const UNDER_WAY: usize = 64;

/// A proxy on a port of 127.0.0.1. Dropping it cuts all its connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What clients send.
    ToBroker,
    /// What the broker sends.
    FromBroker,
}

/// How bytes flow in one direction. The default lets them through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Nothing passes; what was sent meanwhile follows afterwards, as from a network that
    /// lost packets for a while.
    pub silent: bool,
    /// Time that each byte is under way.
    pub delay: Duration,
    /// The most bytes a second in each connection.
    pub bytes_per_second: Option<u32>,
}

#[derive(Debug)]
struct Shared {
    target: watch::Sender<Option<SocketAddr>>,
    refusing: watch::Sender<bool>,
    to_broker: watch::Sender<Flow>,
    from_broker: watch::Sender<Flow>,
    connections: Mutex<BTreeMap<u64, AbortHandle>>,
}

impl Proxy {
    /// Listens on a free port; clients wait until it is told where to
    /// [forward](Self::forward_to).
    pub async fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            target: watch::Sender::new(None),
            refusing: watch::Sender::new(false),
            to_broker: watch::Sender::new(Flow::default()),
            from_broker: watch::Sender::new(Flow::default()),
            connections: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self {
            port,
            shared,
            accepting,
        })
    }

    /// The port that clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where new connections go.
    pub fn forward_to(&self, target: SocketAddr) {
        self.shared.target.send_replace(Some(target));
    }

    /// Connections now.
    pub fn connections(&self) -> usize {
        self.shared.lock().len()
    }

    /// Closes all connections, whatever is under way; returns how many there were.
    pub fn cut(&self) -> usize {
        let connections = std::mem::take(&mut *self.shared.lock());
        for connection in connections.values() {
            connection.abort();
        }
        connections.len()
    }

    /// Whether new connections are closed at once.
    pub fn refuse(&self, refuse: bool) {
        self.shared.refusing.send_replace(refuse);
    }

    /// How bytes flow from now on, in the connections there are and in new ones.
    pub fn set(&self, way: Way, flow: Flow) {
        match way {
            Way::ToBroker => self.shared.to_broker.send_replace(flow),
            Way::FromBroker => self.shared.from_broker.send_replace(flow),
        };
    }

    /// Everything flows, everyone may connect.
    pub fn heal(&self) {
        self.refuse(false);
        self.set(Way::ToBroker, Flow::default());
        self.set(Way::FromBroker, Flow::default());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, AbortHandle>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    for number in 0_u64.. {
        let Ok((client, _)) = listener.accept().await else {
            // Out of descriptors, perhaps: not for ever.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        if *shared.refusing.borrow() {
            continue;
        }
        let (ended, inside) = (shared.clone(), shared.clone());
        // Entered before it can end, so that its end finds it.
        let mut connections = shared.lock();
        let task = tokio::spawn(async move {
            // A failure of either side ends the connection: that is all a network tells.
            let _ = forward(client, &inside).await;
            ended.lock().remove(&number);
        });
        connections.insert(number, task.abort_handle());
    }
}

async fn forward(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut target = shared.target.subscribe();
    let target = target.wait_for(Option::is_some).await;
    let Some(target) = target.ok().and_then(|target| *target) else {
        return Ok(());
    };
    let broker = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_broker, to_broker) = broker.into_split();
    let up = pump(from_client, to_broker, shared.to_broker.subscribe());
    let down = pump(from_broker, to_client, shared.from_broker.subscribe());
    // Nobody half-closes a Kafka connection: the end of one way is the end.
    tokio::select! {
        biased;
        ended = up => ended,
        ended = down => ended,
    }
}

/// Moves bytes until `from` ends and all of them are through.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut flow: watch::Receiver<Flow>,
) -> io::Result<()> {
    let delay = flow.clone();
    let (sender, mut chunks) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let reading = async move {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = from.read(&mut chunk).await.unwrap_or(0);
            let due = clock::now() + delay.borrow().delay;
            chunk.truncate(read);
            if read == 0 || sender.send((due, chunk)).await.is_err() {
                break;
            }
        }
        drop(sender);
        std::future::pending::<()>().await;
    };
    let writing = async {
        while let Some((due, chunk)) = chunks.recv().await {
            sleep_until(due.into()).await;
            let open = flow.wait_for(|flow| !flow.silent).await;
            let rate = open.ok().and_then(|flow| flow.bytes_per_second);
            to.write_all(&chunk).await?;
            if let Some(rate) = rate {
                let seconds = chunk.len() as f64 / f64::from(rate.max(1));
                sleep(Duration::from_secs_f64(seconds)).await;
            }
        }
        to.shutdown().await
    };
    tokio::select! {
        biased;
        ended = writing => ended,
        () = reading => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    /// A proxy before a server that echoes.
    async fn echo() -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        let proxy = Proxy::bind().await.unwrap();
        proxy.forward_to(target);
        proxy
    }

    async fn connect(proxy: &Proxy) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port()))
            .await
            .unwrap()
    }

    /// Sends and waits for the echo, which takes this long.
    async fn round_trip(stream: &mut TcpStream, bytes: &[u8]) -> Duration {
        let started = clock::now();
        stream.write_all(bytes).await.unwrap();
        let mut back = vec![0; bytes.len()];
        timeout(SOON, stream.read_exact(&mut back))
            .await
            .expect("in time")
            .unwrap();
        assert_eq!(back, bytes);
        clock::now() - started
    }

    async fn is_silent(stream: &mut TcpStream) -> bool {
        let mut byte = [0];
        let read = stream.read(&mut byte);
        timeout(Duration::from_millis(200), read).await.is_err()
    }

    #[tokio::test]
    async fn passes_everything_both_ways() {
        let proxy = echo().await;
        let mut stream = connect(&proxy).await;
        round_trip(&mut stream, b"hello").await;
        let large: Vec<u8> = (0..50_000).map(|n| n as u8).collect();
        round_trip(&mut stream, &large).await;
        assert_eq!(proxy.connections(), 1);
        drop(stream);
        for _ in 0..500 {
            if proxy.connections() == 0 {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("a connection that the client closed is still there");
    }

    #[tokio::test]
    async fn cuts_and_refuses() {
        let proxy = echo().await;
        let mut stream = connect(&proxy).await;
        round_trip(&mut stream, b"a").await;
        proxy.refuse(true);
        assert_eq!(proxy.cut(), 1);
        let ended = timeout(SOON, stream.read(&mut [0])).await.expect("in time");
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
        let ended = timeout(SOON, connect(&proxy).await.read(&mut [0]))
            .await
            .expect("in time");
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
        proxy.heal();
        round_trip(&mut connect(&proxy).await, b"b").await;
    }

    #[tokio::test]
    async fn silence_holds_bytes_back_in_its_direction_only() {
        for way in [Way::ToBroker, Way::FromBroker] {
            let proxy = echo().await;
            let mut stream = connect(&proxy).await;
            round_trip(&mut stream, b"a").await;
            let silent = Flow {
                silent: true,
                ..Flow::default()
            };
            proxy.set(way, silent);
            stream.write_all(b"b").await.unwrap();
            assert!(is_silent(&mut stream).await, "{way:?}");
            proxy.heal();
            let mut back = [0];
            timeout(SOON, stream.read_exact(&mut back))
                .await
                .expect("in time")
                .unwrap();
            assert_eq!(&back, b"b", "{way:?}");
        }
    }

    #[tokio::test]
    async fn delays_and_limits() {
        let proxy = echo().await;
        let mut stream = connect(&proxy).await;
        let delayed = Flow {
            delay: Duration::from_millis(100),
            ..Flow::default()
        };
        proxy.set(Way::ToBroker, delayed);
        proxy.set(Way::FromBroker, delayed);
        let took = round_trip(&mut stream, b"a").await;
        assert!(took >= Duration::from_millis(200), "{took:?}");
        proxy.heal();
        proxy.set(
            Way::ToBroker,
            Flow {
                bytes_per_second: Some(100_000),
                ..Flow::default()
            },
        );
        // The last of these waits for all before it.
        let took = round_trip(&mut stream, &[7; 60_000]).await;
        assert!(took >= Duration::from_millis(300), "{took:?}");
    }
}
