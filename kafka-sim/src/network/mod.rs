//! The virtual network between clients and brokers.

mod link;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_net::{BoxStream, Connector, Random};
use kafka_protocol::StrBytes;
use kafka_test_broker::TestCluster;

use crate::chance::below;
use crate::pace::{Deed, Paces};
use crate::rows::Rows;
use crate::tap::{AbandonedCommit, StatedEpochs, Tap, Taps};
use crate::trace::Trace;
pub(crate) use link::Direction;
use link::Link;

/// How a link behaves while it works. Bytes arrive in order and unchanged; only when is
/// subject to chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkProfile {
    /// Least time a byte travels, each way. Default 200 µs.
    pub latency: Duration,
    /// Up to this much more, drawn anew for each chunk. Default 300 µs.
    pub jitter: Duration,
    /// Chunks are cut to at most this many bytes, so that frames arrive in pieces.
    /// Default 64 KiB, at least 1.
    pub max_chunk: usize,
    /// Bytes a second, each way. Default `None`: no limit.
    pub bytes_per_second: Option<u64>,
    /// Probability that a write breaks the connection. Default 0.
    pub loss: f64,
    /// Each link is slower than this profile by a factor of its own, from 1 to this.
    /// Default 1: all are the same.
    pub spread: u32,
}

impl Default for LinkProfile {
    fn default() -> Self {
        Self {
            latency: Duration::from_micros(200),
            jitter: Duration::from_micros(300),
            max_chunk: 64 * 1024,
            bytes_per_second: None,
            loss: 0.0,
            spread: 1,
        }
    }
}

impl LinkProfile {
    /// This profile for one link.
    fn of_one(self, random: &Random) -> Self {
        let factor = 1 + below(random, u64::from(self.spread.max(1))) as u32;
        Self {
            latency: self.latency * factor,
            jitter: self.jitter * factor,
            ..self
        }
    }
}

/// The network: a [`Connector`] whose connections run inside the process, under the
/// virtual clock, with faults on request. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
    /// Who dials through this handle.
    process: StrBytes,
}

struct Shared {
    cluster: TestCluster,
    random: Random,
    trace: Trace,
    rows: Rows,
    paces: Paces,
    /// What is known of all links together, where the wire is watched.
    taps: Option<Taps>,
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
    /// Names that packets reach no more, nor come from.
    unreachable: BTreeSet<(String, u16)>,
    /// Counts how often all names got other addresses.
    renamings: u8,
    /// Names also have an address, the first, at which nobody is.
    dead_addresses: bool,
    /// Connections asked for, in all.
    dials: u64,
}

impl Network {
    pub(crate) fn new(
        cluster: TestCluster,
        random: Random,
        trace: Trace,
        rows: Rows,
        watched: bool,
    ) -> Self {
        let paces = Paces::new(trace.clone());
        let taps = watched.then(|| Taps::new(rows.clone(), trace.clone(), paces.clone()));
        Self {
            process: "the application".into(),
            shared: Arc::new(Shared {
                cluster,
                random,
                trace,
                rows,
                paces,
                taps,
                state: Mutex::new(State::default()),
            }),
        }
    }

    /// The same network, for a process of its own.
    pub(crate) fn of_process(&self, number: usize) -> Self {
        Self {
            shared: self.shared.clone(),
            process: format!("process {number}").into(),
        }
    }

    /// How fast clients go on.
    pub(crate) fn paces(&self) -> &Paces {
        &self.shared.paces
    }

    /// Commits that brokers may carry out late, where the wire is watched.
    pub(crate) fn abandoned_commits(&self) -> BTreeSet<AbandonedCommit> {
        let taps = self.shared.taps.as_ref();
        taps.map(Taps::abandoned_commits).unwrap_or_default()
    }

    /// What clients believed of partitions' leaders, where the wire is watched.
    pub(crate) fn stated_epochs(&self) -> StatedEpochs {
        let taps = self.shared.taps.as_ref();
        taps.map(Taps::stated_epochs).unwrap_or_default()
    }

    /// How links opened from now on behave.
    pub fn set_profile(&self, profile: LinkProfile) {
        self.state().profile = profile;
    }

    /// The same, for the links that are open too.
    pub fn set_profile_of_all(&self, profile: LinkProfile) {
        let mut state = self.with_open_links();
        state.profile = profile;
        for link in state.links.values() {
            link.set_profile(profile.of_one(&self.shared.random));
        }
    }

    /// How links opened now behave.
    pub fn profile(&self) -> LinkProfile {
        self.state().profile
    }

    /// While `true`, every new connection is refused.
    pub fn refuse_connections(&self, refuse: bool) {
        self.state().refusing = refuse;
        self.note(format_args!("network refusing={refuse}"));
    }

    /// Packets to and from this address get lost, or no longer do: open links are silent
    /// and go on later, and connecting takes for ever.
    pub fn set_reachable(&self, host: &str, port: u16, reachable: bool) {
        let mut state = self.with_open_links();
        let name = (host.to_owned(), port);
        if reachable {
            state.unreachable.remove(&name);
        } else {
            state.unreachable.insert(name);
        }
        let target = format!("{host}:{port}");
        for link in state.links.values().filter(|link| link.target() == target) {
            for direction in [Direction::ToBroker, Direction::ToClient] {
                link.silence(direction, !reachable);
            }
        }
        self.note(format_args!("{target} reachable={reachable}"));
    }

    /// Every name gets another address; nobody is at the old ones.
    pub fn change_addresses(&self) {
        let mut state = self.state();
        state.renamings = state.renamings.wrapping_add(1) % 64;
        self.note("names have other addresses");
    }

    /// While `true`, every name has another address before the true one, at which nobody
    /// is.
    pub fn add_dead_addresses(&self, add: bool) {
        self.state().dead_addresses = add;
        self.note(format_args!("dead addresses={add}"));
    }

    /// Cuts one open link, chosen by chance: what is on its way is lost, both ends see the
    /// connection reset. `false` when none is open.
    pub fn cut_one(&self) -> bool {
        self.choose(&self.shared.random)
            .is_some_and(|id| self.cut(id))
    }

    /// Cuts every open link; returns how many those were.
    pub fn cut_all(&self) -> usize {
        self.link_ids()
            .into_iter()
            .filter(|id| self.cut(*id))
            .count()
    }

    /// Silences one open link, chosen by chance: it stays open, but nothing arrives any
    /// more in either direction. `false` when none is open.
    pub fn silence_one(&self) -> bool {
        let chosen = self.choose(&self.shared.random);
        chosen.is_some_and(|id| {
            self.silence(id, Direction::ToBroker, true)
                && self.silence(id, Direction::ToClient, true)
        })
    }

    /// Links open now.
    pub fn open_links(&self) -> usize {
        self.with_open_links().links.len()
    }

    /// Connections that clients have asked for, whatever came of it.
    pub fn dials(&self) -> u64 {
        self.state().dials
    }

    /// An open link, chosen by `random`.
    pub(crate) fn choose(&self, random: &Random) -> Option<u64> {
        crate::chance::pick(random, &self.link_ids()).copied()
    }

    pub(crate) fn link_ids(&self) -> Vec<u64> {
        self.with_open_links().links.keys().copied().collect()
    }

    /// The open links to an address.
    pub(crate) fn links_to(&self, host: &str, port: u16) -> Vec<u64> {
        let target = format!("{host}:{port}");
        let state = self.with_open_links();
        let links = state.links.iter();
        links
            .filter(|(_, link)| link.target() == target)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Requests that wait for their answer over these links, if the wire is watched.
    pub(crate) fn unanswered_produces(&self, links: &[u64]) -> usize {
        let state = self.state();
        let links = links.iter().filter_map(|id| state.links.get(id));
        links.map(Link::unanswered_produces).sum()
    }

    pub(crate) fn cut(&self, id: u64) -> bool {
        let link = self.with_open_links().links.remove(&id);
        link.is_some_and(|link| {
            self.note(format_args!("cut link {id} to {}", link.target()));
            link.cut();
            true
        })
    }

    pub(crate) fn silence(&self, id: u64, direction: Direction, silent: bool) -> bool {
        let link = self.with_open_links().links.get(&id).cloned();
        link.is_some_and(|link| {
            self.note(format_args!("link {id} {direction:?} silent={silent}"));
            link.silence(direction, silent);
            true
        })
    }

    /// Lets every link carry again what it held.
    pub(crate) fn heal(&self) {
        let mut state = self.with_open_links();
        state.unreachable.clear();
        state.refusing = false;
        state.dead_addresses = false;
        for link in state.links.values().filter(|link| link.is_silent()) {
            // What was silent for so long is not resumed: routers forget.
            link.cut();
        }
    }

    fn note(&self, event: impl fmt::Display) {
        self.shared.trace.note(event);
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

    fn lookup(&self, host: &str, port: u16) -> Vec<SocketAddr> {
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
        let at = |a| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port);
        let mut addresses = vec![at(LIVE_NET + state.renamings)];
        if state.dead_addresses {
            addresses.insert(0, at(DEAD_NET));
        }
        addresses
    }

    fn name_of(&self, addr: SocketAddr) -> Option<(String, u16)> {
        let IpAddr::V4(ip) = addr.ip() else {
            return None;
        };
        let [a, b, c, d] = ip.octets();
        let state = self.state();
        if a != LIVE_NET + state.renamings {
            return None;
        }
        let place = u32::from_be_bytes([0, b, c, d]).checked_sub(1)?;
        state.names.get(place as usize).cloned()
    }

    /// `None` where nobody will ever answer.
    fn open(&self, addr: SocketAddr) -> io::Result<Option<(BoxStream, Duration)>> {
        self.state().dials += 1;
        let name = self.name_of(addr);
        let address = match &name {
            Some((host, port)) => format!("{host}:{port}"),
            None => addr.to_string(),
        };
        let dial = Deed::Dial(address);
        self.shared.paces.note(&self.process, dial);
        let Some((host, port)) = name else {
            self.note(format_args!("nobody at {addr}"));
            self.shared.rows.hit(47);
            return Err(io::ErrorKind::AddrNotAvailable.into());
        };
        let target = format!("{host}:{port}");
        let name = (host, port);
        if self.state().refusing {
            self.note(format_args!("refused {target}"));
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        if self.state().unreachable.contains(&name) {
            self.note(format_args!("unreachable {target}"));
            return Ok(None);
        }
        let mut state = self.state();
        let id = state.next_link;
        let profile = state.profile.of_one(&self.shared.random);
        let tap = self
            .shared
            .taps
            .as_ref()
            .map(|taps| Tap::new(taps, &target));
        let (link, client, broker) = Link::open(
            id,
            &target,
            profile,
            self.shared.random.fork(),
            self.shared.trace.clone(),
            tap,
        );
        let (host, port) = &name;
        if let Err(error) = self.shared.cluster.accept(host, *port, broker) {
            self.note(format_args!("no connection to {target}: {}", error.kind()));
            return Err(error);
        }
        state.next_link += 1;
        self.note(format_args!("open link {id} to {target}"));
        state.links.insert(id, link);
        Ok(Some((Box::new(client), profile.latency * 2)))
    }
}

/// The first byte of addresses at which brokers are, before names change.
const LIVE_NET: u8 = 10;

/// The first byte of addresses at which nobody is.
const DEAD_NET: u8 = 240;

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({} links)", self.open_links())
    }
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Connector for Network {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<io::Result<Vec<SocketAddr>>> {
        let addresses = self.lookup(host, port);
        Box::pin(async move { Ok(addresses) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<io::Result<BoxStream>> {
        let network = self.clone();
        Box::pin(async move {
            let opened = match network.open(addr) {
                Ok(opened) => opened,
                Err(error) => {
                    // The refusal travels, too.
                    tokio::time::sleep(network.profile().latency * 2).await;
                    return Err(error);
                }
            };
            let Some((stream, handshake)) = opened else {
                return std::future::pending().await;
            };
            tokio::time::sleep(handshake).await;
            Ok(stream)
        })
    }
}
