//! Producer settings, up to a running [`Producer`].

use std::sync::Arc;
use std::time::Duration;

use kafka_net::Error;
use kafka_producer::{Acks, Idempotence, Producer, ProducerConfig};
use kafka_protocol::records::Compression;
use kafka_router::{Partitioner, Router};

/// Settings of a producer. Made by [`Kafka::producer`](crate::Kafka::producer); each one's
/// default and bounds are described at [`ProducerConfig`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is awaited"]
pub struct ProducerBuilder {
    config: ProducerConfig,
    router: Router,
}

impl ProducerBuilder {
    pub(crate) fn new(config: ProducerConfig, router: Router) -> Self {
        Self { config, router }
    }

    /// Which replicas must have a record before it counts as delivered. Default all that
    /// are in sync.
    pub fn acks(self, acks: Acks) -> Self {
        self.with(|config| config.acks(acks))
    }

    /// Whether retries can't duplicate or reorder. Default [`Idempotence::Auto`].
    pub fn idempotence(self, idempotence: Idempotence) -> Self {
        self.with(|config| config.idempotence(idempotence))
    }

    /// How long a batch may wait for more records. Default 5 ms.
    pub fn linger(self, linger: Duration) -> Self {
        self.with(|config| config.linger(linger))
    }

    /// Most bytes in a batch, before compression. Default 256 KiB.
    pub fn batch_size(self, bytes: usize) -> Self {
        self.with(|config| config.batch_size(bytes))
    }

    /// Most bytes in a request. Default 1 MiB.
    pub fn max_request_size(self, bytes: usize) -> Self {
        self.with(|config| config.max_request_size(bytes))
    }

    /// Most bytes that wait for delivery. Default 32 MiB.
    pub fn buffer_memory(self, bytes: usize) -> Self {
        self.with(|config| config.buffer_memory(bytes))
    }

    /// How long a send may wait for metadata or for space. Default 60 s.
    pub fn max_block(self, limit: Duration) -> Self {
        self.with(|config| config.max_block(limit))
    }

    /// Requests without answer per broker. Default 5.
    pub fn max_in_flight(self, requests: usize) -> Self {
        self.with(|config| config.max_in_flight(requests))
    }

    /// Time from acceptance within which a record is delivered or reported as failed.
    /// Default 120 s.
    pub fn delivery_timeout(self, limit: Duration) -> Self {
        self.with(|config| config.delivery_timeout(limit))
    }

    /// How long a produce answer may take. Default that of the client, 30 s.
    pub fn request_timeout(self, limit: Duration) -> Self {
        self.with(|config| config.request_timeout(limit))
    }

    /// Codec of the batches. Default none.
    pub fn compression(self, compression: Compression) -> Self {
        self.with(|config| config.compression(compression))
    }

    /// Level of the codec, where it has levels. Default the codec's own.
    pub fn compression_level(self, level: i32) -> Self {
        self.with(|config| config.compression_level(level))
    }

    /// Who chooses partitions. Default Kafka's own:
    /// [`DefaultPartitioner`](crate::DefaultPartitioner).
    pub fn partitioner(self, partitioner: impl Partitioner + 'static) -> Self {
        self.with(|config| config.partitioner(Arc::new(partitioner)))
    }

    /// All settings, for those that have no method here.
    pub fn config(self, change: impl FnOnce(ProducerConfig) -> ProducerConfig) -> Self {
        self.with(change)
    }

    /// Starts the producer.
    ///
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// `Config` for settings out of bounds or in contradiction, naming them.
    pub async fn build(self) -> Result<Producer, Error> {
        Producer::new(self.config, self.router)
    }

    fn with(mut self, change: impl FnOnce(ProducerConfig) -> ProducerConfig) -> Self {
        self.config = change(self.config);
        self
    }
}
