//! An Apache Kafka cluster inside the process, for tests.
//!
//! Useful alone: whoever tests an application of Kafka, in whatever language,
//! starts one in milliseconds without Java or containers, breaks it at will, and
//! looks at what was really written. It speaks the protocol and shares nothing
//! but the codecs with any client.
//!
//! ```
//! use kafka_protocol::ApiKey;
//! use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let cluster = TestCluster::builder().brokers(3).default_partitions(6).start().await?;
//! println!("bootstrap.servers={}", cluster.bootstrap());
//!
//! // The answer to every tenth produce request gets lost after the append.
//! let lost = cluster.faults().add(Fault::new(
//!     Condition::api(ApiKey::Produce).every(10),
//!     Reaction::DropAfterApply,
//! ));
//! // … let clients work …
//! assert_eq!(cluster.faults().hits(lost), 0);
//! assert_eq!(cluster.end_offset("orders", 0), 0);
//! # Ok(())
//! # }
//! ```
//!
//! # What it is
//!
//! One machine without clock or socket decides everything; thin drivers serve it
//! over TCP ([`TestClusterBuilder::start`]) or links inside the process
//! ([`TestClusterBuilder::build_offline`] and [`TestCluster::dial`]). All time is
//! tokio's, so that a paused clock reaches it, and all chance comes from one
//! seed: the same calls in the same order give the same bytes.
//!
//! | | |
//! |---|---|
//! | records | validated as Kafka does; idempotence; segments, retention and compaction on demand; fetch sessions, fetches from followers |
//! | replicas | follow at once unless a test holds them back, cuts their brokers off or fails their disks; then the high watermark waits for those in sync |
//! | groups | classic and KIP-848 (uniform, range, regular expressions), static members, live moves between the protocols, offsets and their expiry |
//! | transactions | versions 1 and 2, markers, aborted transactions, last stable offset |
//! | administration | topics, settings, quotas that throttle, elections, reassignments, features, ACLs |
//! | security | SASL PLAIN, SCRAM and OAUTHBEARER; TLS with the feature `tls` |
//! | releases | [`Era`]: the versions and ways of Kafka 0.8.2 to 4.3, the newest unless told otherwise |
//!
//! Share groups, streams groups and delegation tokens are not served. What groups
//! and transactions keep is not readable as records of the internal topics.

mod builder;
mod clock;
mod cluster;
mod config;
mod controls;
mod era;
mod faults;
mod groups;
mod handlers;
mod log;
mod machine;
mod network;
mod producer_state;
mod quotas;
mod security;
mod server;
mod settings;
mod shared;
mod test_cluster;
mod transactions;

pub use builder::TestClusterBuilder;
pub use era::{Era, UnknownEra};
pub use faults::{Condition, Fault, FaultId, Reaction};
pub use groups::{GroupView, MemberView};
/// What conditions, reactions and answers of a cluster are made of.
pub use kafka_protocol::records::RecordBatch;
pub use kafka_protocol::{ApiKey, ErrorCode, Uuid, VersionRange};
pub use security::SaslMechanism;
pub use test_cluster::{Faults, TestCluster};
