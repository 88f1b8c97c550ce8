//! Multiplexed connections to Apache Kafka brokers.

mod address;
pub mod clock;
mod config;
mod connector;
mod environment;
mod error;
mod random;
mod text;
mod waiting;

#[cfg(test)]
mod test_support;

pub use address::{BrokerAddress, Lane};
pub use clock::{SystemWallClock, WallClock};
pub use config::NetConfig;
pub use connector::{BoxFuture, BoxStream, Connector, Stream, TcpConnector};
pub use environment::Environment;
pub use error::{Context, Error, ErrorKind};
pub use random::Random;
pub use waiting::Waiting;
