//! Cluster metadata, leaders, coordinators and partition choice for Apache
//! Kafka.
//!
//! Useful alone to whoever sends requests to a cluster and wants to be told
//! where each belongs: a [`Router`] keeps an immutable snapshot of the cluster
//! up to date ([`Cluster`]), finds leaders, controllers and coordinators, gives
//! connections to them, and knows how Kafka's own clients place a record
//! ([`partitioner`]). It knows nothing of records and groups themselves.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use kafka_net::{Environment, Lane, NetConfig, Pool, clock};
//! use kafka_router::{Router, RouterConfig};
//!
//! # async fn leader() -> Result<(), kafka_net::Error> {
//! let pool = Pool::new(NetConfig::default(), Environment::system()?)?;
//! let config = RouterConfig::default().with_bootstrap_servers("localhost:9092")?;
//! let router = Router::new(config, pool)?;
//!
//! let deadline = clock::now() + Duration::from_secs(30);
//! let topic = router.topic("orders", deadline).await?;
//! if let Some(leader) = topic.partition(0).and_then(|partition| partition.leader) {
//!     let connection = router.connection(leader, Lane::Produce, deadline).await?;
//!     println!("orders-0 is led by {}", connection.broker());
//! }
//! # Ok(())
//! # }
//! ```

mod ask;
mod backoff;
mod call;
mod candidates;
mod cluster;
mod config;
mod coordinator;
mod describe;
mod destination;
mod disposition;
mod driver;
mod leaders;
mod merge;
pub mod partitioner;
mod race;
mod refresh;
mod router;
mod send;
mod shared;
mod spread;
#[cfg(test)]
mod test_metadata;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod test_net;
#[cfg(test)]
mod tests;

pub use backoff::Backoff;
pub use call::Call;
pub use cluster::{Broker, Cluster, EligibleLeaders, Partition, Topic};
pub use config::{MetadataRecovery, RouterConfig};
pub use coordinator::CoordinatorKind;
pub use describe::DescribeTopicsOptions;
pub use destination::Destination;
pub use disposition::{Disposition, disposition};
pub use leaders::LeaderNews;
pub use partitioner::{
    DefaultPartitioner, ExplicitPartitioner, LeastLoadedPartitioner, LibrdkafkaPartitioner,
    PartitionChooser, Partitioner, RoundRobinPartitioner, SaramaPartitioner,
};
pub use router::Router;
pub use spread::{ByPartition, PartitionKey, Parts};
