//! Fetching and consuming records from Apache Kafka.
//!
//! Useful alone to whoever reads partitions of a cluster: give it a
//! [`Router`](kafka_router::Router) and the partitions, from the earliest record,
//! the latest, an offset, a point in time or a group's committed offset, and it
//! fetches ahead from all leaders in parallel, checks and decompresses what comes,
//! and hands out batches whose records borrow from them. It knows nothing of
//! producers.
//!
//! ```no_run
//! use kafka_consumer::{Assignment, Consumer, ConsumerConfig, Start};
//! use kafka_net::{Environment, NetConfig, Pool};
//! use kafka_router::{Router, RouterConfig};
//!
//! # async fn read() -> Result<(), kafka_net::Error> {
//! let pool = Pool::new(NetConfig::default(), Environment::system()?)?;
//! let config = RouterConfig::default().with_bootstrap_servers("localhost:9092")?;
//! let router = Router::new(config, pool)?;
//!
//! let mut consumer = Consumer::new(ConsumerConfig::default().group("billing"), router)?;
//! consumer.assign([Assignment::new("orders", 0, Start::Committed)])?;
//! while let Some(batch) = consumer.next_batch().await? {
//!     for record in &batch {
//!         println!("{}: {:?}", record.offset(), record.value());
//!     }
//!     consumer.commit().await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is handed out, and what that means
//!
//! * [`Consumer::next_batch`] gives one record batch at a time, partitions in turn;
//!   [`Consumer::records`] is a stream of records that own what they hold.
//! * The position of a partition is the offset after the last record handed out.
//!   [`Consumer::commit`] stores the positions of all partitions;
//!   [`Consumer::commit_through`] stops at one record.
//! * An error is returned once, names its partition, and leaves the others alone.
//!
//! # What dropping a future means
//!
//! | future | dropped |
//! |---|---|
//! | [`Consumer::next_batch`], [`Consumer::next_record`], [`BatchStream::next_batch`], [`RecordStream::next_record`] | nothing is lost; the next call gets it |
//! | [`Consumer::assign_topic`] | nothing is assigned |
//! | [`Consumer::commit`], [`Consumer::commit_through`], [`Consumer::commit_offsets`] | the commit goes on |
//! | [`Consumer::committed`], [`Consumer::beginning_offsets`], [`Consumer::end_offsets`], [`Consumer::offsets_for_times`] | the look-up ends |
//! | [`Consumer::close`] | the closing goes on |
//!
//! # Limits
//!
//! Membership in a group, incremental fetch sessions (KIP-227), detection of
//! truncated logs by leader epoch (KIP-320), fetching from the closest replica by
//! rack (KIP-392; a redirection by the leader is followed), and partitions added to a
//! topic later are not there yet.

mod assignment;
mod batch;
mod budget;
mod buffer;
mod commit;
mod commit_queue;
mod config;
mod consumer;
mod coordinator;
mod decode;
mod driver;
mod error;
mod fetch;
mod group;
mod leader;
mod metrics;
mod offsets;
mod partition;
mod position;
mod record;
mod shared;
mod stream;
mod subscription;
#[cfg(test)]
mod test_support;
mod walk;

pub use assignment::{Assignment, Start, TopicPartition};
pub use batch::Batch;
pub use commit::{OffsetAndMetadata, Position};
pub use config::{ConsumerConfig, IsolationLevel, OffsetReset};
pub use consumer::Consumer;
pub use leader::OffsetAndTimestamp;
pub use metrics::ConsumerMetrics;
pub use record::{OwnedHeader, OwnedRecord};
pub use stream::{BatchStream, RecordStream};

pub use kafka_protocol::records::{Header, Headers, RecordIter, RecordView, TimestampType};
