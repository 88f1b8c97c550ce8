use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::Request;
use kafka_protocol::frame::{decode_body, encode_request, open_response};
use kafka_protocol::messages::{ApiVersionsRequest, ListOffsetsRequest};
use kafka_protocol::wire::Limits;
use tokio::time::timeout_at;

use super::driver::Driver;
use super::link::{Link, Peer, Refused};
use super::negotiation::{Negotiation, Next};
use super::versions::ApiVersionsTable;
use super::{Connection, Counters, Handle};
use crate::clock::{after, now};
use crate::waiting::runtime_gone;
use crate::{BoxStream, BrokerAddress, Environment, Error, ErrorKind, Lane, NetConfig};

/// One attempt to connect to a broker: name, addresses, versions.
///
/// A broker of 0.9 or older hangs up on ApiVersions. So does one that is being
/// stopped just then, and to take a current broker for one of 0.9 would be to do
/// without its features. Therefore the second opinion: only when it hangs up on
/// two connections in a row, and then answers a request of the old era, is it
/// taken for old.
pub(crate) struct Dial<'a> {
    pub(crate) config: &'a NetConfig,
    pub(crate) env: &'a Environment,
    pub(crate) broker: &'a BrokerAddress,
    pub(crate) lane: Lane,
    pub(crate) counters: Counters,
    /// It was found to be of the oldest era not long ago: do not ask again.
    pub(crate) known_as_old: bool,
    /// Told of each step, for whoever gives up before the end.
    pub(crate) on_stage: &'a (dyn Fn(Stage) + Send + Sync),
}

/// How far an attempt to connect has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Resolving,
    Connecting(SocketAddr),
    Negotiating(SocketAddr),
    /// It has failed.
    Over,
}

impl Stage {
    /// What to do about an attempt that is stuck there.
    pub(crate) fn hint(self) -> Option<String> {
        match self {
            Self::Resolving => {
                Some("the host name is still being resolved: check this machine's DNS".into())
            }
            Self::Connecting(address) => Some(format!(
                "{address} does not respond: check host and port, and that no firewall is in \
                 between"
            )),
            Self::Negotiating(address) => Some(format!(
                "{address} accepts connections and stays silent: check that it is a plaintext \
                 Kafka listener"
            )),
            Self::Over => None,
        }
    }
}

/// Of a name with very many addresses, so many are tried.
const MAX_ADDRESSES: usize = 16;

impl Dial<'_> {
    /// Runs on the client's runtime; bounded by the connect timeout.
    pub(crate) async fn run(self) -> Result<Connection, Error> {
        let result = self.attempt().await;
        (self.on_stage)(Stage::Over);
        result
    }

    async fn attempt(&self) -> Result<Connection, Error> {
        let deadline = after(now(), self.config.connect_timeout());
        (self.on_stage)(Stage::Resolving);
        let addresses = self.resolve(deadline).await?;
        let mut failures = Vec::new();
        for (index, address) in addresses.iter().enumerate() {
            // A silent address leaves time for those after it.
            let left = deadline.saturating_duration_since(now());
            let shares = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            match self.open(*address, after(now(), left / shares)).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failures.push((*address, error)),
            }
        }
        Err(self.all_failed(failures))
    }

    async fn resolve(&self, deadline: Instant) -> Result<Vec<SocketAddr>, Error> {
        let host = &self.broker.host;
        let resolving = self.env.connector().resolve(host, self.broker.port);
        let unresolved = |cause: io::Error| {
            Error::new(ErrorKind::Resolve)
                .with_broker(self.broker)
                .with_source(cause)
                .with_hint("check the spelling, and that this machine can resolve the name")
        };
        let mut addresses = match timeout_at(deadline.into(), resolving).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => return Err(unresolved(error)),
            Err(_) => return Err(unresolved(io::ErrorKind::TimedOut.into())),
        };
        if addresses.is_empty() {
            return Err(unresolved(io::ErrorKind::NotFound.into()));
        }
        let mut seen = Vec::with_capacity(addresses.len());
        addresses.retain(|address| {
            let new = !seen.contains(address) && seen.len() < MAX_ADDRESSES;
            if new {
                seen.push(*address);
            }
            new
        });
        Ok(addresses)
    }

    /// One address, through to the negotiated versions.
    async fn open(&self, address: SocketAddr, deadline: Instant) -> Result<Connection, Error> {
        if !self.known_as_old {
            for negotiation in [Negotiation::from_newest(), Negotiation::from_oldest()] {
                let opening = self.connect(address, deadline).await?;
                match opening.negotiate(negotiation, deadline).await {
                    Ok(versions) => return Ok(opening.finish(versions)),
                    Err(error) if opening.hung_up(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let opening = self.connect(address, deadline).await?;
        opening.probe_oldest_era(deadline).await.map_err(|error| {
            match opening.hung_up(&error) {
                true => closes_every_connection(error),
                false => error,
            }
        })?;
        tracing::debug!(
            broker = %self.broker, %address,
            "the broker does not know ApiVersions: taken for 0.8.2 or 0.9",
        );
        Ok(opening.finish(ApiVersionsTable::of_oldest_era()))
    }

    async fn connect(&self, address: SocketAddr, deadline: Instant) -> Result<Opening<'_>, Error> {
        (self.on_stage)(Stage::Connecting(address));
        let start = now();
        let connecting = self.env.connector().connect(address);
        let stream = match timeout_at(deadline.into(), connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(cause)) => {
                return Err(Error::new(ErrorKind::Connect)
                    .with_broker(self.broker)
                    .with_source(cause));
            }
            Err(_) => {
                let waited = now().saturating_duration_since(start);
                let cause = io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("timed out after {} ms", waited.as_millis()),
                );
                return Err(Error::new(ErrorKind::Connect)
                    .with_broker(self.broker)
                    .with_source(cause));
            }
        };
        (self.on_stage)(Stage::Negotiating(address));
        Ok(self.attach(address, stream))
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
        self.env.spawn(driver.run());
        Opening {
            dial: self,
            link,
            finished: false,
        }
    }

    /// The most telling of several addresses' failures.
    fn all_failed(&self, mut failures: Vec<(SocketAddr, Error)>) -> Error {
        let telling = failures
            .iter()
            .rposition(|(_, error)| error.kind() != &ErrorKind::Connect);
        if let Some(index) = telling {
            return failures.swap_remove(index).1;
        }
        let hint = "check host and port, that the broker runs, and that no firewall is in between";
        let Some((_, last)) = failures.last() else {
            return Error::new(ErrorKind::Connect).with_broker(self.broker);
        };
        let mut tried = String::from("no connection to ");
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
                io::ErrorKind::ConnectionRefused => {
                    "nothing listens there: check host and port, and that the broker runs"
                }
                _ => hint,
            })
    }
}

/// A connection whose versions are not known yet. Dropped, it is closed.
struct Opening<'a> {
    dial: &'a Dial<'a>,
    link: Arc<Link>,
    finished: bool,
}

impl Opening<'_> {
    async fn negotiate(
        &self,
        mut negotiation: Negotiation,
        deadline: Instant,
    ) -> Result<ApiVersionsTable, Error> {
        let config = self.dial.config;
        let request = ApiVersionsRequest::new()
            .with_client_software_name(config.client_software_name().clone())
            .with_client_software_version(config.client_software_version().clone());
        loop {
            let version = negotiation.version();
            let frame = self.ask(&request, version, deadline).await?;
            match negotiation.on_answer(frame) {
                Ok(Next::Done(versions)) => return Ok(versions),
                Ok(Next::Ask(lower)) => negotiation = lower,
                Err(error) => {
                    return Err(error
                        .with_api(ApiVersionsRequest::KEY)
                        .with_broker(self.dial.broker));
                }
            }
        }
    }

    /// Asks for the offsets of no partition, which 0.8 already answers.
    async fn probe_oldest_era(&self, deadline: Instant) -> Result<(), Error> {
        let request = ListOffsetsRequest::new();
        let frame = self.ask(&request, 0, deadline).await?;
        let decoded = open_response(ListOffsetsRequest::KEY, 0, frame, Limits::default()).and_then(
            |(_, body)| decode_body::<<ListOffsetsRequest as Request>::Response>(body, 0),
        );
        match decoded {
            Ok(_) => Ok(()),
            Err(cause) => Err(Error::new(ErrorKind::Malformed)
                .with_api(ListOffsetsRequest::KEY)
                .with_broker(self.dial.broker)
                .with_source(cause)),
        }
    }

    /// Returns the answer's frame, header included.
    async fn ask<R: Request>(
        &self,
        request: &R,
        version: i16,
        deadline: Instant,
    ) -> Result<Bytes, Error> {
        let timeout = deadline.saturating_duration_since(now());
        let client_id = Some(self.dial.config.client_id());
        let answer = self
            .link
            .submit(R::KEY, timeout, true, |id| {
                encode_request(request, version, id, client_id)
            })
            .map_err(|refused| match refused {
                Refused::Error(error) => error.with_api(R::KEY),
                Refused::Full(_) => Error::new(ErrorKind::QueueFull).with_api(R::KEY),
            })?;
        match answer.await {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(error)) => Err(self.explained(error.without_effect())),
            Err(_) => Err(runtime_gone()),
        }
    }

    fn explained(&self, error: Error) -> Error {
        let hint = match error.kind() {
            ErrorKind::Timeout => Stage::Negotiating(self.link.peer.address).hint(),
            _ => None,
        };
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// Whether the broker closed without having sent a byte.
    fn hung_up(&self, error: &Error) -> bool {
        error.kind() == &ErrorKind::Disconnected
            && self.link.counters.snapshot().bytes_received == 0
    }

    fn finish(mut self, versions: ApiVersionsTable) -> Connection {
        let dial = self.dial;
        self.finished = true;
        tracing::debug!(
            broker = %dial.broker, id = dial.broker.id, lane = %dial.lane,
            negotiated = versions.is_negotiated(), apis = versions.ranges().count(),
            "connected",
        );
        Connection(Arc::new(Handle {
            link: self.link.clone(),
            versions,
            client_id: dial.config.client_id().clone(),
            env: dial.env.clone(),
        }))
    }
}

/// Said of ApiVersions, whichever request was the last one tried.
#[cold]
fn closes_every_connection(last: Error) -> Error {
    let broker = last.context().broker().cloned();
    let error = Error::new(ErrorKind::Disconnected)
        .with_message("the broker closes connections without an answer")
        .with_api(ApiVersionsRequest::KEY)
        .with_hint(
            "check that the address is a plaintext Kafka listener, not one for TLS or a proxy \
             without a broker behind it",
        );
    match broker {
        Some(broker) => error.with_broker(broker),
        None => error,
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.link
                .close_with(Error::closed("the attempt to connect"));
        }
    }
}
