//! Consumer settings, up to a running [`Consumer`].

use std::time::Duration;

use kafka_consumer::{Assignment, Consumer, ConsumerConfig, IsolationLevel, OffsetReset, Start};
use kafka_net::Error;
use kafka_router::Router;

/// Settings of a consumer. Made by [`Kafka::consumer`](crate::Kafka::consumer); each one's
/// default and bounds are described at [`ConsumerConfig`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is awaited"]
pub struct ConsumerBuilder {
    config: ConsumerConfig,
    router: Router,
    assignments: Vec<Assignment>,
    topics: Vec<(String, Start)>,
}

impl ConsumerBuilder {
    pub(crate) fn new(config: ConsumerConfig, router: Router) -> Self {
        Self {
            config,
            router,
            assignments: Vec::new(),
            topics: Vec::new(),
        }
    }

    /// Consumes these partitions, each from its own start. May be called repeatedly.
    pub fn assign(mut self, assignments: impl IntoIterator<Item = Assignment>) -> Self {
        self.assignments.extend(assignments);
        self
    }

    /// Consumes all partitions that the topic has when the consumer is built. May be
    /// called repeatedly.
    pub fn assign_topic(mut self, topic: impl Into<String>, start: Start) -> Self {
        self.topics.push((topic.into(), start));
        self
    }

    /// The group whose committed offsets are read and written. Default none. The consumer
    /// does not join it.
    pub fn group(self, id: impl Into<String>) -> Self {
        self.with(|config| config.group(id.into()))
    }

    /// What to do where the position lies outside the log. Default as in
    /// [`ConsumerConfig::offset_reset`].
    pub fn offset_reset(self, policy: OffsetReset) -> Self {
        self.with(|config| config.offset_reset(policy))
    }

    /// Which records are handed out: also those of open and aborted transactions (the
    /// default), or committed ones only.
    pub fn isolation(self, level: IsolationLevel) -> Self {
        self.with(|config| config.isolation(level))
    }

    /// Bytes that a broker waits for before it answers a fetch. Default 1.
    pub fn fetch_min_bytes(self, bytes: usize) -> Self {
        self.with(|config| config.fetch_min_bytes(bytes))
    }

    /// How long a broker waits for them. Default 500 ms.
    pub fn fetch_max_wait(self, wait: Duration) -> Self {
        self.with(|config| config.fetch_max_wait(wait))
    }

    /// Most bytes in an answer. Default 50 MiB.
    pub fn fetch_max_bytes(self, bytes: usize) -> Self {
        self.with(|config| config.fetch_max_bytes(bytes))
    }

    /// Most bytes of one partition in an answer. Default 1 MiB.
    pub fn partition_fetch_bytes(self, bytes: usize) -> Self {
        self.with(|config| config.partition_fetch_bytes(bytes))
    }

    /// Most bytes that are fetched ahead of what was handed out. Default 64 MiB.
    pub fn prefetch_bytes(self, bytes: usize) -> Self {
        self.with(|config| config.prefetch_bytes(bytes))
    }

    /// Whether checksums are verified. Default `true`.
    pub fn check_crcs(self, check: bool) -> Self {
        self.with(|config| config.check_crcs(check))
    }

    /// How long an answer may take beyond the broker's own wait. Default that of the
    /// client, 30 s.
    pub fn request_timeout(self, limit: Duration) -> Self {
        self.with(|config| config.request_timeout(limit))
    }

    /// All settings, for those that have no method here.
    pub fn config(self, change: impl FnOnce(ConsumerConfig) -> ConsumerConfig) -> Self {
        self.with(change)
    }

    /// Starts the consumer.
    ///
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// `Config` for settings out of bounds or in contradiction, naming them; what the
    /// broker said of a topic given to [`assign_topic`](Self::assign_topic).
    pub async fn build(self) -> Result<Consumer, Error> {
        let consumer = Consumer::new(self.config, self.router)?;
        if !self.assignments.is_empty() {
            consumer.assign(self.assignments)?;
        }
        for (topic, start) in self.topics {
            consumer.assign_topic(&topic, start).await?;
        }
        Ok(consumer)
    }

    fn with(mut self, change: impl FnOnce(ConsumerConfig) -> ConsumerConfig) -> Self {
        self.config = change(self.config);
        self
    }
}
