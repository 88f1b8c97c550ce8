//! The virtual network between clients and brokers.

mod link;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_net::{BoxStream, Connector, Random};
use kafka_test_broker::TestCluster;

use crate::chance::below;
use crate::trace::Trace;
use link::Link;

/// How a link behaves while it works. Bytes arrive in order and unchanged; only when is
/// subject to chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkProfile {
    /// Least time a byte travels, each way. Default 200 µs.
    pub latency: Duration,
    /// Up to this much more, drawn anew for each chunk. Default 300 µs.
    pub jitter: Duration,
    /// Chunks are cut to at most this many bytes, so that frames arrive in pieces.
    /// Default 64 KiB, at least 1.
    pub max_chunk: usize,
}

impl Default for LinkProfile {
    fn default() -> Self {
        Self {
            latency: Duration::from_micros(200),
            jitter: Duration::from_micros(300),
            max_chunk: 64 * 1024,
        }
    }
}

/// The network: a [`Connector`] whose connections run inside the process, under the
/// virtual clock, with faults on request. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    cluster: TestCluster,
    random: Random,
    trace: Trace,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    profile: LinkProfile,
    /// Names in the order in which they were first asked for; the address encodes the
    /// place in this list.
    names: Vec<(String, u16)>,
    links: BTreeMap<u64, Link>,
    next_link: u64,
    refusing: bool,
}

impl Network {
    pub(crate) fn new(cluster: TestCluster, random: Random, trace: Trace) -> Self {
        Self {
            shared: Arc::new(Shared {
                cluster,
                random,
                trace,
                state: Mutex::new(State::default()),
            }),
        }
    }

    /// How links opened from now on behave.
    pub fn set_profile(&self, profile: LinkProfile) {
        self.state().profile = profile;
    }

    /// While `true`, every new connection is refused.
    pub fn refuse_connections(&self, refuse: bool) {
        self.state().refusing = refuse;
        self.shared
            .trace
            .note(format_args!("network refusing={refuse}"));
    }

    /// Cuts one open link, chosen by chance: what is on its way is lost, both ends see the
    /// connection closed. `false` when none is open.
    pub fn cut_one(&self) -> bool {
        self.one_link("cut", Link::cut)
    }

    /// Cuts every open link; returns how many those were.
    pub fn cut_all(&self) -> usize {
        let mut state = self.with_open_links();
        for link in state.links.values() {
            link.cut();
        }
        let cut = state.links.len();
        state.links.clear();
        self.shared.trace.note(format_args!("cut all {cut} links"));
        cut
    }

    /// Silences one open link, chosen by chance: it stays open, but nothing arrives any
    /// more in either direction. `false` when none is open.
    pub fn silence_one(&self) -> bool {
        self.one_link("silence", Link::silence)
    }

    /// Links open now.
    pub fn open_links(&self) -> usize {
        self.with_open_links().links.len()
    }

    /// Does something to one open link, chosen by chance; `false` when none is open.
    fn one_link(&self, what: &str, fault: impl FnOnce(&Link)) -> bool {
        let state = self.with_open_links();
        if state.links.is_empty() {
            return false;
        }
        let nth = below(&self.shared.random, state.links.len() as u64) as usize;
        let Some((id, link)) = state.links.iter().nth(nth) else {
            return false;
        };
        self.shared
            .trace
            .note(format_args!("{what} link {id} to {}", link.target()));
        fault(link);
        true
    }

    /// The state, without the links that have ended.
    fn with_open_links(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.links.retain(|_, link| link.is_open());
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lookup(&self, host: &str, port: u16) -> SocketAddr {
        let mut state = self.state();
        let known = state
            .names
            .iter()
            .position(|(h, p)| h == host && *p == port);
        let place = known.unwrap_or_else(|| {
            state.names.push((host.to_owned(), port));
            state.names.len() - 1
        });
        // One address per name: 10.0.0.0/8 has room for more brokers than ports could.
        let [_, b, c, d] = (place as u32 + 1).to_be_bytes();
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, b, c, d)), port)
    }

    fn name_of(&self, addr: SocketAddr) -> Option<(String, u16)> {
        let IpAddr::V4(ip) = addr.ip() else {
            return None;
        };
        let [_, b, c, d] = ip.octets();
        let place = u32::from_be_bytes([0, b, c, d]).checked_sub(1)?;
        self.state().names.get(place as usize).cloned()
    }

    fn open(&self, addr: SocketAddr) -> io::Result<(BoxStream, Duration)> {
        let (host, port) = self
            .name_of(addr)
            .ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
        let target = format!("{host}:{port}");
        if self.state().refusing {
            self.shared.trace.note(format_args!("refused {target}"));
            return Err(io::Error::from(io::ErrorKind::ConnectionRefused));
        }
        let broker_side = self.shared.cluster.dial(&host, port).inspect_err(|error| {
            self.shared
                .trace
                .note(format_args!("no connection to {target}: {}", error.kind()));
        })?;
        let mut state = self.state();
        let id = state.next_link;
        state.next_link += 1;
        let profile = state.profile;
        self.shared
            .trace
            .note(format_args!("open link {id} to {target}"));
        let (link, stream) = Link::open(
            id,
            target,
            broker_side,
            profile,
            self.shared.random.fork(),
            self.shared.trace.clone(),
        );
        state.links.insert(id, link);
        Ok((Box::new(stream), profile.latency * 2))
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({} links)", self.open_links())
    }
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Connector for Network {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        let addr = self.lookup(host, port);
        Box::pin(async move { Ok(vec![addr]) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<BoxStream>> {
        let network = self.clone();
        Box::pin(async move {
            let (stream, handshake) = network.open(addr)?;
            tokio::time::sleep(handshake).await;
            Ok(stream)
        })
    }
}
