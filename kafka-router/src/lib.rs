//! Cluster metadata, leaders, coordinators and partition choice for Apache
//! Kafka.
mod backoff;
mod cluster;
mod config;
mod disposition;
pub mod partitioner;

pub use backoff::Backoff;
pub use cluster::{Broker, Cluster, Partition, Topic};
pub use config::RouterConfig;
pub use disposition::{Disposition, disposition};
pub use partitioner::{
    DefaultPartitioner, PartitionChooser, Partitioner, RoundRobinPartitioner,
};
