use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_protocol::ApiKey;
use tokio::time::timeout_at;
use tracing::Instrument;

use super::driver::Driver;
use super::link::{Link, Peer};
use super::login::Login;
use super::negotiation::Negotiation;
use super::opening::{Opening, Unanswered};
use super::race::{Race, timed_out};
use super::release::Release;
use super::versions::ApiVersionsTable;
use super::{Connection, Counters};
use crate::clock::{after, now};
use crate::proxy;
use crate::transport::Transport;
use crate::{BoxFuture, BoxStream, BrokerAddress, Environment, Error, ErrorKind, Lane, NetConfig};

/// One attempt to connect to a broker: name, addresses, versions.
///
/// Brokers before 0.10 do not know ApiVersions: 0.8 hangs up, 0.9.0 passes over
/// it in silence and takes the next request. A current broker that is being
/// stopped hangs up as well, a busy one is silent for a while, and to take it for
/// an old one would be to do without its features. So neither sign counts for
/// itself: only a broker that hangs up on two connections in a row, or that
/// demonstrably passed over the question (see [`Opening::negotiate`]), and that
/// then answers a request of the old era, is taken for old.
pub(crate) struct Dial<'a> {
    pub(crate) config: &'a NetConfig,
    pub(crate) env: &'a Environment,
    pub(crate) transport: &'a Transport,
    pub(crate) broker: &'a BrokerAddress,
    /// Where it is dialled, if not there.
    pub(crate) mapped: Option<BrokerAddress>,
    pub(crate) lane: Lane,
    pub(crate) counters: Counters,
    /// For all of it.
    pub(crate) timeout: Duration,
    /// What it was found to be not long ago.
    pub(crate) known: Known,
    /// Told of each step, for whoever gives up before the end.
    pub(crate) on_stage: &'a (dyn Fn(Stage) + Send + Sync),
}

/// What is known of a broker beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Nothing,
    /// Of the oldest era, 0.8.2 or 0.9: it is not asked for its versions again.
    Old(Release),
    /// It told its versions, so it is not of the oldest era, whatever the network
    /// makes it look like.
    Current,
}

/// How far an attempt to connect has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Resolving,
    Connecting(SocketAddr),
    /// Asking the proxy there for a tunnel.
    Tunnelling(SocketAddr, proxy::Kind),
    /// Shaking hands by TLS.
    Securing(SocketAddr),
    Negotiating(SocketAddr),
    LoggingIn(SocketAddr),
    /// It has failed.
    Over,
}

impl Stage {
    /// What to do about an attempt that is stuck there.
    pub(crate) fn hint(self, transport: &Transport) -> Option<String> {
        match self {
            Self::Resolving => {
                Some("the host name is still being resolved: check this machine's DNS".into())
            }
            Self::Connecting(address) => Some(format!(
                "{address} does not respond: check host and port, and that no firewall is in \
                 between"
            )),
            Self::Tunnelling(address, kind) => Some(format!(
                "{address} accepts connections and opens no tunnel: check that it is a {kind} \
                 proxy, and that it reaches the broker"
            )),
            Self::Securing(address) => Some(format!(
                "{address} accepts connections and does not answer a TLS handshake: check that \
                 it is a TLS listener"
            )),
            Self::Negotiating(address) if transport.is_encrypted() => Some(format!(
                "{address} speaks TLS and stays silent then: check that it is a Kafka listener"
            )),
            Self::Negotiating(address) => Some(format!(
                "{address} accepts connections and stays silent: check that it is a plaintext \
                 Kafka listener"
            )),
            Self::LoggingIn(address) => Some(format!(
                "{address} does not come to an end with the login: check the broker, and what \
                 gives passwords or tokens"
            )),
            Self::Over => None,
        }
    }
}

impl Dial<'_> {
    /// Runs on the client's runtime; bounded by the timeout.
    pub(crate) async fn run(self) -> Result<Connection, Error> {
        let result = self.attempt().await;
        (self.on_stage)(Stage::Over);
        result
    }

    async fn attempt(&self) -> Result<Connection, Error> {
        let deadline = after(now(), self.timeout);
        (self.on_stage)(Stage::Resolving);
        let addresses = self.resolve(deadline).await?;
        let mut race = Race::new(addresses, self.config.connection_attempt_delay());
        let mut failures = Vec::new();
        loop {
            let mut dead = Vec::new();
            let dial = |address| {
                (self.on_stage)(Stage::Connecting(address));
                self.connect_socket(address)
            };
            let winner = race.next(deadline, dial, &mut dead).await;
            failures.extend(
                dead.into_iter()
                    .map(|(address, cause)| (address, self.not_connected(cause))),
            );
            let Some((address, stream)) = winner else {
                return Err(self.all_failed(failures));
            };
            // One that falls silent leaves time for those after it.
            let left = deadline.saturating_duration_since(now());
            let shares = u32::try_from(race.left() + 1).unwrap_or(u32::MAX);
            match self
                .open(address, stream, after(now(), left / shares))
                .await
            {
                Ok(connection) => return Ok(connection),
                // Its other addresses would refuse as well, and count the failures.
                Err(error) if error.kind() == &ErrorKind::Authentication => return Err(error),
                Err(error) => failures.push((address, error)),
            }
        }
    }

    async fn resolve(&self, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
        let (host, port) = match self.config.proxy() {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (&self.target().host, self.target().port),
        };
        let resolving = self.env.connector().resolve(host, port);
        let unresolved = |cause: io::Error| {
            let error = Error::new(ErrorKind::Resolve).with_broker(self.broker);
            let error = match (self.config.proxy(), &self.mapped) {
                (Some(proxy), _) => {
                    error.with_message(format!("the name of the proxy {proxy} has no address"))
                }
                (None, Some(mapped)) => error.with_message(format!(
                    "{mapped}, where address_map sends it, has no address"
                )),
                (None, None) => error,
            };
            error
                .with_source(cause)
                .with_hint("check the spelling, and that this machine can resolve the name")
        };
        let addresses = match timeout_at(deadline.into(), resolving).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => return Err(unresolved(error)),
            Err(_) => return Err(unresolved(io::ErrorKind::TimedOut.into())),
        };
        if addresses.is_empty() {
            return Err(unresolved(io::ErrorKind::NotFound.into()));
        }
        Ok(addresses)
    }

    /// One address, through to the negotiated versions. `stream` is the first of the
    /// connections that this may take.
    async fn open(
        &self,
        address: SocketAddr,
        stream: BoxStream,
        deadline: Instant,
    ) -> Result<Connection, Error> {
        let mut first = Some(stream);
        if let Some(assumed) = self.config.assumed_versions() {
            let opening = self.connect(address, first.take(), deadline).await?;
            return opening.finish(assumed.clone(), deadline).await;
        }
        // 0.8.2 hangs up on what it does not know, 0.9 passes over it, and its only login
        // is one that 0.8.2 does not have.
        let mut release = match (self.known, self.config.sasl()) {
            (Known::Old(release), _) => release,
            (_, Some(_)) => Release::V0_9,
            (_, None) => Release::V0_8_2,
        };
        let is_known_to_be_old = matches!(self.known, Known::Old(_));
        if !is_known_to_be_old {
            let mut last = None;
            for negotiation in [Negotiation::from_newest(), Negotiation::from_oldest()] {
                let opening = self.connect(address, first.take(), deadline).await?;
                match opening.negotiate(negotiation, deadline).await {
                    Ok(versions) => return opening.finish(versions, deadline).await,
                    Err(Unanswered::PassedOver) if self.known == Known::Current => {
                        return Err(Error::new(ErrorKind::Disconnected)
                            .with_message("the connection carried an answer to another request")
                            .with_api(ApiKey::ApiVersions)
                            .with_broker(self.broker));
                    }
                    Err(Unanswered::PassedOver) => {
                        release = Release::V0_9;
                        break;
                    }
                    Err(Unanswered::HungUp(error)) => last = Some(error),
                    Err(Unanswered::Failed(error)) => return Err(error),
                }
            }
            match (last, self.config.sasl()) {
                (Some(error), _) if self.known == Known::Current => return Err(error),
                (Some(error), Some(sasl)) if !Login::is_possible_in_oldest_era(sasl) => {
                    return Err(closes_every_connection(error, self.transport));
                }
                _ => {}
            }
        }
        let opening = self.connect(address, first.take(), deadline).await?;
        if self.config.sasl().is_some() {
            // Nothing else can be asked before the login.
            let versions = ApiVersionsTable::of_release(release);
            return opening.finish(versions, deadline).await;
        }
        match opening.probe_oldest_era(deadline).await {
            Ok(()) => {}
            Err(Unanswered::HungUp(error)) => {
                return Err(closes_every_connection(error, self.transport));
            }
            Err(Unanswered::Failed(error)) => return Err(error),
            Err(Unanswered::PassedOver) => {
                return Err(Error::new(ErrorKind::UnexpectedResponse).with_broker(self.broker));
            }
        }
        if !is_known_to_be_old {
            // A network that cuts connections looks the same. Now that one got
            // through, the broker is asked once more.
            let again = self.connect(address, first.take(), deadline).await?;
            match again.negotiate(Negotiation::from_oldest(), deadline).await {
                Ok(versions) => return again.finish(versions, deadline).await,
                Err(Unanswered::PassedOver) => release = Release::V0_9,
                Err(Unanswered::HungUp(_)) => {}
                Err(Unanswered::Failed(error)) => return Err(error),
            }
        }
        tracing::debug!(
            broker = %self.broker, %address, %release, "the broker does not know ApiVersions",
        );
        let versions = ApiVersionsTable::of_release(release);
        opening.finish(versions, deadline).await
    }

    /// A connection on `stream`, or on a new one.
    async fn connect(
        &self,
        address: SocketAddr,
        stream: Option<BoxStream>,
        deadline: Instant,
    ) -> Result<Opening<'_>, Error> {
        let stream = match stream {
            Some(stream) => stream,
            None => self.dial(address, deadline).await?,
        };
        let stream = self.tunnel(address, stream, deadline).await?;
        let stream = self.secure(address, stream, deadline).await?;
        (self.on_stage)(Stage::Negotiating(address));
        Ok(self.attach(address, stream))
    }

    async fn dial(&self, address: SocketAddr, deadline: Instant) -> Result<BoxStream, Error> {
        (self.on_stage)(Stage::Connecting(address));
        let start = now();
        let connecting = self.connect_socket(address);
        timeout_at(deadline.into(), connecting)
            .await
            .unwrap_or_else(|_| Err(timed_out(start)))
            .map_err(|cause| self.not_connected(cause))
    }

    fn connect_socket(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let connector = self.env.connector();
        connector.connect_with(address, self.config.socket())
    }

    fn not_connected(&self, cause: io::Error) -> Error {
        Error::new(ErrorKind::Connect)
            .with_broker(self.broker)
            .with_source(cause)
    }

    /// Where the broker is dialled.
    fn target(&self) -> &BrokerAddress {
        self.mapped.as_ref().unwrap_or(self.broker)
    }

    /// Once for each connection, if there is a proxy.
    async fn tunnel(
        &self,
        address: SocketAddr,
        stream: BoxStream,
        deadline: Instant,
    ) -> Result<BoxStream, Error> {
        let Some(proxy) = self.config.proxy() else {
            return Ok(stream);
        };
        let stage = Stage::Tunnelling(address, proxy.kind());
        (self.on_stage)(stage);
        let start = now();
        let tunnelling = proxy::open(proxy, self.target(), stream);
        timeout_at(deadline.into(), tunnelling)
            .await
            .unwrap_or_else(|_| {
                let waited = now().saturating_duration_since(start);
                Err(
                    Error::timeout(format!("no tunnel by the proxy {proxy}"), waited)
                        .with_hint(stage.hint(self.transport).unwrap_or_default()),
                )
            })
            .map_err(|error| error.with_broker(self.broker))
    }

    /// Once for each connection, and never left out: what cannot be encrypted
    /// is dropped.
    async fn secure(
        &self,
        address: SocketAddr,
        stream: BoxStream,
        deadline: Instant,
    ) -> Result<BoxStream, Error> {
        if !self.transport.is_encrypted() {
            return Ok(stream);
        }
        let stage = Stage::Securing(address);
        (self.on_stage)(stage);
        let start = now();
        let named = match self.config.address_map() {
            Some(map) if map.has_dialled_tls_name() => self.target(),
            _ => self.broker,
        };
        let securing = self.transport.secure(self.env, named, stream);
        timeout_at(deadline.into(), securing)
            .await
            .unwrap_or_else(|_| {
                let waited = now().saturating_duration_since(start);
                Err(Error::timeout("no TLS handshake", waited)
                    .with_hint(stage.hint(self.transport).unwrap_or_default()))
            })
            .map_err(|error| error.with_broker(self.broker))
    }

    /// Gives the stream to a driver of its own.
    fn attach(&self, address: SocketAddr, stream: BoxStream) -> Opening<'_> {
        let peer = Peer {
            broker: self.broker.clone(),
            lane: self.lane,
            address,
        };
        let link = Arc::new(Link::new(peer, self.config, self.counters.fresh()));
        let driver = Driver::new(link.clone(), stream, self.config);
        // Not within the attempt's: that one is over when this begins.
        let span = tracing::debug_span!(
            parent: None,
            "connection",
            broker = %self.broker, id = self.broker.id, lane = %self.lane, %address,
        );
        self.env.spawn(driver.run().instrument(span));
        Opening::new(self, link)
    }

    /// The most telling of several addresses' failures.
    fn all_failed(&self, mut failures: Vec<(SocketAddr, Error)>) -> Error {
        let telling = failures
            .iter()
            .rposition(|(_, error)| error.kind() != &ErrorKind::Connect || error.has_hint());
        if let Some(index) = telling {
            return failures.swap_remove(index).1;
        }
        let hint = match self.config.proxy() {
            Some(_) => "check the proxy's host and port, and that it runs",
            None => "check host and port, that the broker runs, and that no firewall is in between",
        };
        let Some((_, last)) = failures.last() else {
            return Error::new(ErrorKind::Connect).with_broker(self.broker);
        };
        let mut tried = match (self.config.proxy(), &self.mapped) {
            (Some(proxy), _) => format!("no connection to the proxy {proxy} at "),
            (None, Some(mapped)) => format!("no connection to {mapped} (by address_map) at "),
            (None, None) => "no connection to ".to_owned(),
        };
        for (index, (address, error)) in failures.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let cause = std::error::Error::source(error);
            // Writing to a String cannot fail.
            let _ = match cause {
                Some(cause) => write!(tried, "{comma}{address} ({cause})"),
                None => write!(tried, "{comma}{address}"),
            };
        }
        let kind = std::error::Error::source(last)
            .and_then(|cause| cause.downcast_ref::<io::Error>())
            .map_or(io::ErrorKind::Other, io::Error::kind);
        Error::new(ErrorKind::Connect)
            .with_message(tried)
            .with_broker(self.broker)
            .with_hint(match kind {
                io::ErrorKind::ConnectionRefused if self.config.proxy().is_none() => {
                    "nothing listens there: check host and port, and that the broker runs"
                }
                _ => hint,
            })
    }
}

/// Said of ApiVersions, whichever request was the last one tried.
#[cold]
fn closes_every_connection(last: Error, transport: &Transport) -> Error {
    let broker = last.context().broker().cloned();
    let error = Error::new(ErrorKind::Disconnected)
        .with_message("the broker closes connections without an answer")
        .with_api(ApiKey::ApiVersions)
        .with_hint(if transport.is_encrypted() {
            "check that the broker takes this client's certificate (or demands none), and that \
             the address is a Kafka listener, not a proxy without a broker behind it"
        } else {
            "check that the address is a plaintext Kafka listener, not one for TLS or a proxy \
             without a broker behind it"
        });
    match broker {
        Some(broker) => error.with_broker(broker),
        None => error,
    }
}
