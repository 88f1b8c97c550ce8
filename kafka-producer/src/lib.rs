//! Batching, idempotent producer for Apache Kafka, useful on its own for
//! programs that only write: give it a [`Router`](kafka_router::Router) and send.
//!
//! ```
//! use std::time::Duration;
//!
//! use kafka_net::{Environment, Error, NetConfig, Pool};
//! use kafka_producer::{Producer, ProducerConfig, Record, RecordRef};
//! use kafka_router::{Router, RouterConfig};
//!
//! async fn produce(bootstrap: &str) -> Result<(), Error> {
//!     let pool = Pool::new(NetConfig::default(), Environment::system()?)?;
//!     let router = Router::new(RouterConfig::new([bootstrap.parse()?]), pool)?;
//!     let producer = Producer::new(ProducerConfig::default(), router)?;
//!
//!     // Buffered when `send` returns, delivered when the delivery resolves.
//!     let delivery = producer.send(Record::to("orders").key("k1").value("v1")).await?;
//!     let ack = delivery.await?;
//!     println!("partition {}, offset {:?}", ack.partition, ack.offset);
//!
//!     // For many records to one topic: nothing looked up, nothing allocated per record.
//!     let mut orders = producer.topic("orders").await?;
//!     for n in 0..1000_u32 {
//!         let _delivery = orders.send(RecordRef::value(&n.to_be_bytes())).await?;
//!     }
//!     producer.close(Duration::from_secs(10)).await
//! }
//! ```
//!
//! # Life of a record
//!
//! `send` chooses the partition and encodes the record into that partition's open
//! batch, under that partition's lock; the [`Delivery`] it returns shares one
//! completion with all records of the batch. A batch is closed when it is full;
//! it is sent when it is closed, when it has lingered, or at once when its broker
//! has nothing else to do. Per broker one task compresses and sends, with up to
//! [`max_in_flight`](ProducerConfig::max_in_flight) requests unanswered. Every
//! accepted record resolves exactly once: delivered, failed, or unknown
//! ([`Error::possibly_written`](kafka_net::Error::possibly_written)).
//!
//! # Retries
//!
//! A failed batch is sent again, the same bytes under the same numbers, until its
//! delivery timeout. With idempotence (the default) the broker recognises what it
//! already has, and nothing is lost, doubled or reordered. A batch keeps the id
//! of the topic it was begun for: it fails rather than reach a topic that was
//! created anew under the name. What happens on each error code is one table,
//! `verdict.rs`.
//!
//! # Older brokers
//!
//! Every broker from Kafka 0.8.2 on takes records. Before 0.11 they go as message
//! sets: without idempotence (a default yields, with a warning; `Required` fails),
//! and before 0.10 without timestamps. A record with headers for a leader before
//! 0.11, or zstd for one before 2.1, fails with
//! [`ErrorKind::UnsupportedVersion`](kafka_net::ErrorKind::UnsupportedVersion),
//! which names the release that it needs.

mod batch;
mod building;
mod completion;
mod config;
mod delivery;
mod driver;
mod idempotence;
mod inbox;
#[cfg(test)]
mod interleavings;
mod leader;
mod memory;
mod metrics;
mod permit;
mod producer;
mod queue;
mod record;
mod request;
mod sender;
mod shared;
mod sync;
mod topic;
mod verdict;

pub use config::{Acks, BufferMemory, Idempotence, ProducerConfig};
pub use delivery::{Ack, Delivery};
pub use metrics::{InFlight, ProducerMetrics};
pub use permit::Permit;
pub use producer::Producer;
pub use record::{Record, RecordRef, Rejected};
pub use topic::TopicProducer;
