pub(crate) mod dial;
mod driver;
mod end;
mod in_flight;
mod latency;
mod link;
mod login;
mod negotiation;
mod opening;
mod options;
mod pending;
mod race;
mod release;
mod renewal;
mod room;
mod stats;
mod throttle;
mod versions;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_protocol::frame::encode_request;
use kafka_protocol::{Request, StrBytes};

pub use latency::LatencyHistogram;
pub use options::SendOptions;
pub use pending::Pending;
pub use release::Release;
pub use stats::ConnectionStats;
pub(crate) use stats::{Counters, Counts};
pub use versions::ApiVersionsTable;

use crate::{BrokerAddress, Environment, Error, ErrorKind, Lane, clock};
use link::{Answer, Link, Refused, RoomGrant};
use versions::Bounds;

/// One connection to one broker, ready for requests: connected, and its
/// versions negotiated.
///
/// A handle; clones share the connection. One task owns the socket, so no call
/// here waits for the network while holding anything, and dropping a future
/// never cuts a frame in half. Requests are pipelined, answered in order and
/// matched by correlation id. When an answer is late, out of order or does not
/// decode, the connection closes and everything in flight fails, each request
/// saying whether it [may have taken effect](Error::possibly_written). A closed
/// connection stays closed: get a new one from the [`crate::Pool`].
///
/// When the last handle is dropped (the pool holds one), requests that were
/// started still go out and their answers are awaited, each within its own
/// timeout; then the connection closes.
#[derive(Clone)]
pub struct Connection(Arc<Handle>);

struct Handle {
    link: Arc<Link>,
    versions: ApiVersionsTable,
    client_id: StrBytes,
    env: Environment,
}

impl Connection {
    /// The longest pause that a broker's word counts for: 5 minutes.
    pub const MAX_THROTTLE: Duration = Duration::from_secs(5 * 60);

    /// The broker at the other end.
    pub fn broker(&self) -> &BrokerAddress {
        &self.0.link.peer.broker
    }

    /// What the broker speaks.
    pub fn api_versions(&self) -> &ApiVersionsTable {
        &self.0.versions
    }

    /// Whether it takes no more requests.
    pub fn is_closed(&self) -> bool {
        self.0.link.is_closed()
    }

    /// Counts since the connection was opened.
    pub fn stats(&self) -> ConnectionStats {
        self.0.link.counters.snapshot()
    }

    /// The newest version of `R` that both sides speak, not above `ceiling`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedVersion`], naming both sides' versions.
    pub fn version_of<R: Request>(&self, ceiling: Option<i16>) -> Result<i16, Error> {
        let bounds = Bounds {
            ours: R::VERSIONS,
            exact: None,
            min: None,
            max: ceiling,
        };
        self.choose::<R>(&bounds)
    }

    /// Sends a request. It is encoded and queued before this returns; requests
    /// go out in the order of these calls.
    ///
    /// Nothing is sent, and the result resolves with the error at once, when no
    /// common version satisfies the options
    /// ([`ErrorKind::UnsupportedVersion`]), the request cannot be encoded in the
    /// version chosen ([`ErrorKind::Encode`]), the queue is full
    /// ([`ErrorKind::QueueFull`]; [`Connection::request`] waits instead), or the
    /// connection is closed ([`ErrorKind::Disconnected`],
    /// [`ErrorKind::Closed`]).
    pub fn start<R: Request>(&self, request: &R, options: &SendOptions) -> Pending<R::Response> {
        match self.submit(request, options, true) {
            Ok((version, answer)) => Pending::answer(self.link(), R::KEY, version, answer),
            Err(Unsent { version, refused }) => self.refused::<R, _>(version, refused),
        }
    }

    /// Sends a request that the broker does not answer: a Produce with acks=0.
    /// Resolves when the last byte was handed to the socket.
    ///
    /// Otherwise like [`Connection::start`]. For a request that is answered this
    /// is a mistake that costs the connection.
    pub fn start_oneway<R: Request>(&self, request: &R, options: &SendOptions) -> Pending<()> {
        match self.submit(request, options, false) {
            Ok((version, answer)) => Pending::written(self.link(), R::KEY, version, answer),
            Err(Unsent { version, refused }) => self.refused::<R, _>(version, refused),
        }
    }

    /// Sends a request, after waiting for room in the queue where there is none,
    /// and waits for the answer: all within the options' timeout.
    ///
    /// Dropped before there was room, the request was not sent. Dropped later,
    /// it is sent all the same and its answer discarded.
    ///
    /// # Errors
    ///
    /// As [`Connection::start`], without [`ErrorKind::QueueFull`], and as the
    /// [`Pending`] it returns.
    pub async fn request<R: Request>(
        &self,
        request: &R,
        options: &SendOptions,
    ) -> Result<R::Response, Error> {
        let mut options = *options;
        let mut turn = None;
        loop {
            let submitted = self.submit(request, &options, true);
            // The turn has been used: it is the next one's.
            drop(turn.take());
            match submitted {
                Ok((version, answer)) => {
                    return Pending::answer(self.link(), R::KEY, version, answer).await;
                }
                Err(Unsent {
                    refused: Refused::Full(len),
                    ..
                }) => {
                    let (granted, left) = self
                        .wait_for_room(len, options.timeout)
                        .await
                        .map_err(|error| error.with_api(R::KEY).with_broker(self.broker()))?;
                    turn = Some(granted);
                    options.timeout = left;
                }
                Err(Unsent { version, refused }) => {
                    return self.refused::<R, R::Response>(version, refused).await;
                }
            }
        }
    }

    /// Closes the connection at once because of `error`, which becomes the cause
    /// of whatever is in flight failing.
    ///
    /// For an answer that decodes but cannot be right: what else comes on this
    /// connection cannot be trusted.
    pub fn close_with(&self, error: Error) {
        self.0.link.close_with(error);
    }

    /// Sends nothing for so long, because the broker asked for it (KIP-219); what is
    /// started meanwhile waits, within its own timeout. At most
    /// [`Connection::MAX_THROTTLE`].
    ///
    /// The connection does this by itself with every answer but Produce's, which has the
    /// time behind its partitions: call this if you decode those. Other connections to
    /// the same broker are not concerned, as on the broker's side.
    pub fn throttle(&self, pause: Duration) {
        self.0.link.throttle(clock::now(), pause);
    }

    /// When the pause ends that the broker has asked for (KIP-219), `None` when there is
    /// none: what is started before then waits until then. For whoever can ask another
    /// broker.
    pub fn throttled_until(&self) -> Option<Instant> {
        self.0.link.throttled_until(clock::now())
    }

    /// The socket's address at the other end: the broker's, or the proxy's.
    pub fn address(&self) -> SocketAddr {
        self.0.link.peer.address
    }

    /// Which of the broker's connections it is.
    pub fn lane(&self) -> Lane {
        self.0.link.peer.lane
    }

    /// Takes no more requests; closes when those under way are done.
    pub(crate) fn drain(&self) {
        self.0.link.drain();
    }

    /// Resolves when the connection's task has ended.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.link.ended()
    }

    fn submit<R: Request>(
        &self,
        request: &R,
        options: &SendOptions,
        expects_answer: bool,
    ) -> Result<(i16, Answer), Unsent> {
        let bounds = Bounds {
            ours: R::VERSIONS,
            exact: options.version,
            min: options.min_version,
            max: options.max_version,
        };
        let version = self.choose::<R>(&bounds).map_err(|error| Unsent {
            version: R::VERSIONS.max,
            refused: Refused::Error(error),
        })?;
        let client_id = Some(&self.0.client_id);
        self.0
            .link
            .submit((R::KEY, version), options.timeout, expects_answer, |id| {
                encode_request(request, version, id, client_id)
            })
            .map(|answer| (version, answer))
            .map_err(|refused| Unsent { version, refused })
    }

    fn choose<R: Request>(&self, bounds: &Bounds) -> Result<i16, Error> {
        self.0
            .versions
            .choose(R::KEY, bounds)
            .map_err(|error| error.with_broker(self.broker()))
    }

    #[cold]
    fn refused<R: Request, T>(&self, version: i16, refused: Refused) -> Pending<T> {
        let error = match refused {
            Refused::Error(error) => error,
            Refused::Full(_) => Error::new(ErrorKind::QueueFull)
                .with_message("the connection's queue is full")
                .with_hint("wait for answers, or raise max_queued_requests or max_queued_bytes")
                .with_possibly_written(false),
        };
        Pending::refused(self.link(), R::KEY, version, error)
    }

    /// On the runtime, which has the timer. Returns what is left of `timeout`.
    async fn wait_for_room(
        &self,
        len: usize,
        timeout: Duration,
    ) -> Result<(RoomGrant, Duration), Error> {
        let link = self.link();
        let waiting = self.0.env.run(async move {
            let start = clock::now();
            match tokio::time::timeout(timeout, link.room(len)).await {
                Ok(grant) => {
                    let waited = clock::now().saturating_duration_since(start);
                    Ok((grant, timeout.saturating_sub(waited)))
                }
                Err(_) => Err(Error::timeout("no room in the connection's queue", timeout)
                    .with_possibly_written(false)),
            }
        });
        waiting.await
    }

    fn link(&self) -> Arc<Link> {
        self.0.link.clone()
    }
}

/// A request that did not get into the queue.
struct Unsent {
    version: i16,
    refused: Refused,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.link.drain();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("peer", &self.0.link.peer)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
