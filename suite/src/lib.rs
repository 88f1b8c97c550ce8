//! Suites that run the client against real Kafka brokers and Kafka's own tools.
//!
//! The tests in `tests/real_*.rs` need Java and Maven; `cargo xtask test real`
//! runs them. Those in `tests/cancel` drop every public future at every await,
//! against the embedded broker. Here is what they share: a broker to talk to,
//! numbered records and the ledger that says whether each came back once and in
//! order, and the lines in which the Java programs of `java/` speak of records.

mod broker;
mod clock;
mod dropped;
mod dump;
mod ledger;
mod line;
pub mod matrix;
mod numbered;
mod proxy;
pub mod scenarios;
pub mod soak;
pub mod traffic;

pub use broker::{Broker, java_file};
pub use dropped::{at_every_await, polled};
pub use dump::{BatchDump, dump_log};
pub use ledger::Ledger;
pub use line::{Line, hex};
pub use numbered::{VALUE_BYTES, fill, number};
pub use proxy::{Flow, Proxy, Way};

/// What a test returns when something goes wrong.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The version that the suites of every change run against.
pub const NEWEST: &str = "4.3.1";
