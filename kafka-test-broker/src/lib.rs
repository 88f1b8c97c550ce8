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
//! It serves ApiVersions, Metadata, Produce, Fetch, ListOffsets, InitProducerId,
//! FindCoordinator, OffsetCommit, OffsetFetch, CreateTopics and DeleteTopics, in
//! every version from 0 to the newest of Kafka 4.3, and validates what is
//! produced as Kafka does: checksums, counts, sizes, timestamps, and the
//! sequence numbers of idempotent producers. Replicas follow at once unless a
//! test holds them back, cuts their brokers off or fails their disks; then the
//! high watermark waits for those in sync.
//! Transactions are made in both versions.

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
pub use security::SaslMechanism;
pub use test_cluster::{Faults, TestCluster};
