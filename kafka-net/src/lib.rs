//! Multiplexed connections to Apache Kafka brokers.

mod address;
pub mod clock;
mod config;
mod connection;
mod connector;
mod environment;
mod error;
mod pool;
mod random;
mod text;
mod waiting;
pub mod watch;

#[cfg(test)]
mod test_support;

pub use address::{BrokerAddress, Lane};
pub use clock::{SystemWallClock, WallClock};
pub use config::NetConfig;
pub use connection::{ApiVersionsTable, Connection, ConnectionStats, Pending, SendOptions};
pub use connector::{BoxFuture, BoxStream, Connector, Stream, TcpConnector};
pub use environment::Environment;
pub use error::{Context, Error, ErrorKind};
pub use pool::{Pool, PoolStats};
pub use random::Random;
pub use waiting::Waiting;
