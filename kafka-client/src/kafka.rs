//! The handle that everything else is made from.

use std::time::Duration;

use kafka_admin::{Admin, AdminConfig};
use kafka_consumer::ConsumerConfig;
use kafka_net::{Error, clock};
use kafka_producer::ProducerConfig;
use kafka_router::Router;

use crate::builder::KafkaBuilder;
use crate::consumer::ConsumerBuilder;
use crate::producer::ProducerBuilder;
use crate::properties::{self, Properties};

/// A Kafka cluster, connected: makes producers, consumers and administration handles that
/// share one connection pool and one view of the cluster.
///
/// Cloning is cheap and gives another handle to the same. Dropping the last handle, and
/// everything made from it, closes the connections without blocking.
#[derive(Clone, Debug)]
pub struct Kafka {
    router: Router,
    producer: ProducerConfig,
    consumer: ConsumerConfig,
    request_timeout: Duration,
}

impl Kafka {
    /// Begins to connect to a cluster by one or more addresses, `host:port` separated by
    /// commas; an IPv6 address stands in brackets. Any broker will do: the rest of the
    /// cluster is learned from it.
    pub fn builder(bootstrap: impl Into<String>) -> KafkaBuilder {
        KafkaBuilder::new(bootstrap.into())
    }

    /// A builder from settings under the Java client's names. Producer and consumer
    /// settings among them become the defaults of [`producer`](Self::producer) and
    /// [`consumer`](Self::consumer).
    ///
    /// Two things differ from Java where nothing is said: without `auto.offset.reset`
    /// reading starts at the earliest record, and nothing is committed by itself.
    ///
    /// The names: `acks`, `allow.auto.create.topics`, `auto.offset.reset`, `batch.size`,
    /// `bootstrap.servers`, `buffer.memory`, `check.crcs`, `client.id`,
    /// `compression.gzip.level`, `compression.lz4.level`, `compression.type`,
    /// `compression.zstd.level`,
    /// `connections.max.idle.ms`, `default.api.timeout.ms`, `delivery.timeout.ms`,
    /// `enable.auto.commit`, `enable.idempotence`, `fetch.max.bytes`,
    /// `fetch.max.wait.ms`, `fetch.min.bytes`, `group.id`, `isolation.level`,
    /// `key.deserializer`, `key.serializer`, `linger.ms`, `max.block.ms`,
    /// `max.in.flight.requests.per.connection`, `max.partition.fetch.bytes`,
    /// `max.request.size`, `metadata.max.age.ms`,
    /// `metadata.recovery.rebootstrap.trigger.ms`, `metadata.recovery.strategy`,
    /// `partitioner.adaptive.partitioning.enable`, `partitioner.class`,
    /// `partitioner.ignore.keys`, `receive.buffer.bytes`,
    /// `reconnect.backoff.max.ms`, `reconnect.backoff.ms`, `request.timeout.ms`,
    /// `retry.backoff.max.ms`, `retry.backoff.ms`, `security.protocol`,
    /// `send.buffer.bytes`, `socket.connection.setup.timeout.max.ms`,
    /// `socket.connection.setup.timeout.ms`, `value.deserializer`, `value.serializer`.
    ///
    /// # Errors
    /// `Config` for a name that is not known, a value that can't be understood, or a
    /// setting that this client can't honour: never ignored in silence.
    pub fn from_properties(properties: &Properties) -> Result<KafkaBuilder, Error> {
        properties::apply(properties)
    }

    pub(crate) fn new(
        router: Router,
        producer: ProducerConfig,
        consumer: ConsumerConfig,
        request_timeout: Duration,
    ) -> Self {
        Self {
            router,
            producer,
            consumer,
            request_timeout,
        }
    }

    /// Begins a producer.
    pub fn producer(&self) -> ProducerBuilder {
        ProducerBuilder::new(self.producer.clone(), self.router.clone())
    }

    /// Begins a consumer.
    pub fn consumer(&self) -> ConsumerBuilder {
        ConsumerBuilder::new(self.consumer.clone(), self.router.clone())
    }

    /// Administration: topics.
    pub fn admin(&self) -> Admin {
        let config = AdminConfig::default().request_timeout(self.request_timeout);
        Admin::new(self.router.clone(), config)
    }

    /// The layer below: metadata and the routing of any request.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// Closes the connections that producers, consumers and administration share, after
    /// answers that are under way, within `timeout`. Close producers and consumers first:
    /// what they still hold can't be sent any more afterwards.
    ///
    /// Closing begins with the call; the future only waits for its end. Dropping it lets
    /// closing go on in the background.
    ///
    /// # Errors
    /// None at present: connections whose answers do not come in time are cut, and their
    /// requests fail with `Closed`.
    pub fn close(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let deadline = clock::after(clock::now(), timeout);
        let router = self.router.close(deadline);
        let pool = self.router.pool().close(deadline);
        async move {
            router.await;
            pool.await;
            Ok(())
        }
    }
}
