//! Multiplexed connections to Apache Kafka brokers.
//!
//! Useful alone to whoever wants to send any request of the protocol to a broker
//! and get its answer, typed, without a producer or consumer around it: an
//! inspection tool, a proxy, a client of one's own. A [`Pool`] holds connections
//! per broker and [`Lane`]; a [`Connection`] pipelines requests, matches answers,
//! negotiates versions (from brokers of 0.8.2 on) and enforces deadlines. It
//! knows nothing of topics, partitions or batching.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use kafka_net::{Environment, Error, Lane, NetConfig, Pool, SendOptions, clock};
//! use kafka_protocol::messages::ApiVersionsRequest;
//!
//! # async fn example() -> Result<(), Error> {
//! let pool = Pool::new(NetConfig::default(), Environment::system()?)?;
//! let deadline = clock::now() + Duration::from_secs(10);
//! let broker = "localhost:9092".parse()?;
//! let connection = pool.connection(&broker, Lane::Control, deadline).await?;
//!
//! let options = SendOptions::new(Duration::from_secs(5));
//! // Brokers refuse the question of somebody who gives no name (KIP-511).
//! let question = ApiVersionsRequest::new()
//!     .with_client_software_name("me")
//!     .with_client_software_version("1.0");
//! let answer = connection.request(&question, &options).await?;
//! for api in answer.api_keys {
//!     println!("{}: {} to {}", api.api_key, api.min_version, api.max_version);
//! }
//! pool.close(deadline).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Futures, and what dropping them means
//!
//! No future here holds a timer or touches a socket: tasks on the runtime that
//! the [`Environment`] captured do, and they resolve every future by its
//! deadline, or with [`ErrorKind::Closed`] when that runtime goes away. So each
//! future can be polled on any thread and under any executor, and be dropped at
//! any await:
//!
//! | future | dropped before its end |
//! |---|---|
//! | [`Pool::connection`], [`Pool::attempt`] | an attempt under way is finished, and its connection kept for the next who asks; no further attempt is made for nobody |
//! | [`Pool::close`] | the closing goes on |
//! | [`Connection::request`] | not sent if it still waited for room, else sent and the answer discarded |
//! | [`Pending`] | the request is sent all the same, the answer discarded |
//! | [`Waiting`] | the work is dropped, unless [`Waiting::keep_running`] |
//!
//! # TLS
//!
//! With the cargo feature `tls`, `NetConfig::with_tls` encrypts every connection,
//! and the pool's connections fail rather than go on in plain text; `TlsConfig`
//! tells the details. The feature is off by default because the cryptography
//! behind it (ring) needs a C compiler.
//!
//! # Proxies, other addresses
//!
//! Brokers are reached through a [`Proxy`] if one is set, and dialled where an
//! [`AddressMap`] says. Of a name's several addresses the first to take the
//! connection serves, as RFC 8305 has it.
//!
//! # What is to be seen
//!
//! Counts and latencies, per connection and per pool ([`Pool::stats`],
//! [`Pool::connection_stats`]), and by `tracing` a span for each connection
//! (`connection`) and each series of attempts (`connecting`), with events from
//! `trace` (each answer) to `warn` (a broker that misbehaves). No secret and no
//! record's data is among them.
//!
//! # Time, chance and the network are injected
//!
//! Everything that could differ from run to run comes through the
//! [`Environment`]: streams and name resolution from its [`Connector`],
//! randomness from its [`Random`], timers from its runtime, whose clock
//! [`clock::now`] reads. Under `tokio::time::pause`, on an in-memory network and
//! with a seed, everything here repeats exactly.

mod address;
mod address_map;
pub mod clock;
mod config;
mod connection;
mod connector;
mod environment;
mod error;
mod pool;
mod proxy;
mod random;
mod sasl;
mod socket;
mod text;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod waiting;
pub mod watch;

#[cfg(test)]
mod test_support;

pub use address::{BrokerAddress, Lane};
pub use address_map::AddressMap;
pub use clock::{SystemWallClock, WallClock};
pub use config::NetConfig;
pub use connection::{
    ApiVersionsTable, Connection, ConnectionStats, LatencyHistogram, Pending, Release, SendOptions,
};
pub use connector::{BoxFuture, BoxStream, Connector, Stream, TcpConnector};
pub use environment::Environment;
pub use error::{Context, Error, ErrorKind};
pub use pool::{Pool, PoolStats};
pub use proxy::Proxy;
pub use random::Random;
pub use sasl::{
    Credentials, CredentialsProvider, OAuthToken, ProviderError, Sasl, SaslExchange, SaslLogin,
    SaslMechanism, SaslStep, Secret, TokenProvider,
};
pub use socket::SocketOptions;
#[cfg(feature = "tls")]
pub use tls::TlsConfig;
pub use waiting::Waiting;
