//! What a producer can be told.

use std::sync::Arc;
use std::time::Duration;

use kafka_net::Error;
use kafka_protocol::records::{Compression, CompressionError, Compressor};
use kafka_router::{Backoff, DefaultPartitioner, Partitioner};

/// How many replicas must have a record before the broker answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Acks {
    /// No answer at all: a record counts as delivered once its bytes were
    /// handed to the socket. Offsets stay unknown and losses go unnoticed.
    None,
    /// The leader alone: what it had is lost if it fails before a follower has
    /// copied it.
    Leader,
    /// Every in-sync replica (default).
    #[default]
    All,
}

impl Acks {
    /// The number in the Produce request.
    pub(crate) fn wire(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

/// Whether batches are numbered, so that a broker recognises one that it
/// already has (KIP-98).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Idempotence {
    /// On, and off with one warning in the log where it cannot be: acks other
    /// than [`Acks::All`], a broker before 0.11, or a principal without the
    /// permission that brokers before 2.8 ask for (default).
    #[default]
    Auto,
    /// On. What stands against it is an error: of the settings at build time,
    /// of the broker at the first delivery.
    Required,
    /// Off: a retry can write a batch twice.
    Disabled,
}

/// The settings of a [`Producer`](crate::Producer).
///
/// ```
/// use std::time::Duration;
/// use kafka_producer::{Acks, ProducerConfig};
///
/// let config = ProducerConfig::default()
///     .acks(Acks::All)
///     .linger(Duration::from_millis(10));
/// assert!(config.validate().is_ok());
///
/// let mistaken = config.max_in_flight(6).validate().unwrap_err();
/// assert!(mistaken.to_string().contains("max_in_flight"));
/// ```
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    pub(crate) acks: Acks,
    pub(crate) idempotence: Idempotence,
    pub(crate) linger: Duration,
    pub(crate) batch_size: usize,
    pub(crate) max_request_size: usize,
    pub(crate) buffer_memory: BufferMemory,
    pub(crate) max_block: Duration,
    pub(crate) max_in_flight: usize,
    pub(crate) delivery_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) retry_backoff: Duration,
    pub(crate) retry_backoff_max: Duration,
    pub(crate) compression: Compression,
    pub(crate) compression_level: Option<i32>,
    pub(crate) partitioner: Arc<dyn Partitioner>,
}

/// The bound on the bytes of records that have no outcome yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BufferMemory {
    /// At most this many bytes.
    Bytes(usize),
    /// No bound: a cluster that does not keep up takes all memory there is.
    Unbounded,
}

impl BufferMemory {
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Unbounded => usize::MAX,
        }
    }
}

impl Default for ProducerConfig {
    fn default() -> Self {
        Self {
            acks: Acks::default(),
            idempotence: Idempotence::default(),
            linger: Duration::from_millis(5),
            batch_size: 256 * 1024,
            max_request_size: 1024 * 1024,
            buffer_memory: BufferMemory::Bytes(32 * 1024 * 1024),
            max_block: Duration::from_secs(60),
            max_in_flight: 5,
            delivery_timeout: Duration::from_secs(120),
            request_timeout: Duration::from_secs(30),
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
            compression: Compression::None,
            compression_level: None,
            partitioner: Arc::new(DefaultPartitioner::new()),
        }
    }
}

/// What a longer time counts as, so that every deadline can be told: 100 years.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The most requests in flight that a broker's memory of recent batches covers.
const IDEMPOTENT_MAX_IN_FLIGHT: usize = 5;

impl ProducerConfig {
    /// Replicas that must have a record before it counts. Default
    /// [`Acks::All`].
    #[must_use]
    pub fn acks(mut self, acks: Acks) -> Self {
        self.acks = acks;
        self
    }

    /// Whether retries can write twice. Default [`Idempotence::Auto`].
    #[must_use]
    pub fn idempotence(mut self, idempotence: Idempotence) -> Self {
        self.idempotence = idempotence;
        self
    }

    /// The longest that a batch which could grow is held back. Default 5 ms.
    ///
    /// An upper bound, not a delay: to a broker that has nothing of ours in
    /// flight and was sent nothing for a fifth of this time, a record leaves at
    /// once. Zero sends whatever there is as soon as the broker may be sent
    /// another request. Counted from when the sender first sees the batch,
    /// microseconds after its first record; timers have a granularity of 1 ms.
    #[must_use]
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger.min(FOREVER);
        self
    }

    /// The size, in bytes before compression, at which a batch is closed.
    /// Default 256 KiB; 1 byte to 1 GiB, at most `buffer_memory`. No batch is
    /// larger than [`max_request_size`](Self::max_request_size) either. A single
    /// record that is larger travels alone.
    #[must_use]
    pub fn batch_size(mut self, bytes: usize) -> Self {
        self.batch_size = bytes;
        self
    }

    /// The most bytes of batches in one request, and so the largest record.
    /// Default 1 MiB, like the broker's own limit on a batch
    /// (`message.max.bytes`). Counted before compression.
    #[must_use]
    pub fn max_request_size(mut self, bytes: usize) -> Self {
        self.max_request_size = bytes;
        self
    }

    /// The bytes that records without an outcome may hold; `send` waits while
    /// they are taken. Default 32 MiB.
    ///
    /// Charged in chunks as batches grow. A batch that a partition begins while
    /// others hold all memory waits like any other record: partitions without a
    /// leader can hold memory until [`delivery_timeout`](Self::delivery_timeout)
    /// gives their records up.
    #[must_use]
    pub fn buffer_memory(mut self, bytes: usize) -> Self {
        self.buffer_memory = BufferMemory::Bytes(bytes);
        self
    }

    /// Lifts the bound of [`buffer_memory`](Self::buffer_memory).
    #[must_use]
    pub fn buffer_memory_unbounded(mut self) -> Self {
        self.buffer_memory = BufferMemory::Unbounded;
        self
    }

    /// The longest that `send`, `reserve` and `topic` wait, for the topic's
    /// metadata and for memory together. Default 60 s.
    #[must_use]
    pub fn max_block(mut self, max_block: Duration) -> Self {
        self.max_block = max_block.min(FOREVER);
        self
    }

    /// The most unanswered requests per broker. Default 5; 1 to 100, and at
    /// most 5 with idempotence, because brokers remember five batches per
    /// producer and partition.
    ///
    /// Without idempotence, more than 1 can change the order of records when a
    /// request fails and a later one does not.
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// How long a record may be without an outcome, from when its batch was begun.
    /// Default 120 s; at least `linger` + `request_timeout`. A record that is
    /// in flight by then fails with its outcome unknown
    /// ([`Error::possibly_written`]).
    #[must_use]
    pub fn delivery_timeout(mut self, timeout: Duration) -> Self {
        self.delivery_timeout = timeout.min(FOREVER);
        self
    }

    /// How long a request may be unanswered before its connection is given up
    /// and it is tried again. Default 30 s.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout.min(FOREVER);
        self
    }

    /// The pause before a failed batch is sent again: the first, doubling up to
    /// the second, spread by 20 %. Default 100 ms and 1 s (KIP-580).
    #[must_use]
    pub fn retry_backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.retry_backoff = initial;
        self.retry_backoff_max = max;
        self
    }

    /// The codec for batches. Default none.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// The codec's level, in the numbers of Kafka's `compression.*.level` (see
    /// [`Compressor::with_level`] for those that this build has). Default: the
    /// codec's.
    #[must_use]
    pub fn compression_level(mut self, level: i32) -> Self {
        self.compression_level = Some(level);
        self
    }

    /// What chooses the partition of a record that names none. Default
    /// [`DefaultPartitioner`].
    #[must_use]
    pub fn partitioner(mut self, partitioner: Arc<dyn Partitioner>) -> Self {
        self.partitioner = partitioner;
        self
    }

    /// Whether the settings can work together; the error names those that
    /// cannot. [`Producer::new`](crate::Producer::new) asks too.
    ///
    /// # Errors
    ///
    /// Of kind [`Config`](kafka_net::ErrorKind::Config).
    pub fn validate(&self) -> Result<(), Error> {
        if self.batch_size > self.buffer_memory.limit() {
            return Err(Error::config(format!(
                "batch_size ({}) is larger than buffer_memory ({})",
                self.batch_size,
                self.buffer_memory.limit()
            )));
        }
        within("batch_size", self.batch_size, 1, 1 << 30)?;
        within("max_request_size", self.max_request_size, 1024, 1 << 30)?;
        within("max_in_flight", self.max_in_flight, 1, 100)?;
        within(
            "buffer_memory",
            self.buffer_memory.limit(),
            4096,
            usize::MAX,
        )?;
        positive("max_block", self.max_block)?;
        positive("delivery_timeout", self.delivery_timeout)?;
        positive("request_timeout", self.request_timeout)?;
        if self.retry_backoff > self.retry_backoff_max {
            return Err(Error::config(format!(
                "retry_backoff starts at {:?} but may be at most {:?}",
                self.retry_backoff, self.retry_backoff_max
            )));
        }
        if self.delivery_timeout < self.linger.saturating_add(self.request_timeout) {
            return Err(Error::config(format!(
                "delivery_timeout ({:?}) must be at least linger ({:?}) + request_timeout ({:?})",
                self.delivery_timeout, self.linger, self.request_timeout
            )));
        }
        self.compressor()?;
        self.check_idempotence()
    }

    /// What compresses as `compression` and `compression_level` say.
    pub(crate) fn compressor(&self) -> Result<Compressor, Error> {
        let codec = self.compression;
        match self.compression_level {
            Some(level) => Compressor::with_level(codec, level),
            None => Compressor::new(codec),
        }
        .map_err(|error| {
            let what = match (&error, self.compression_level) {
                (CompressionError::UnsupportedLevel { .. }, Some(level)) => {
                    format!("compression_level ({level}) does not go with compression ({codec})")
                }
                _ => format!("compression ({codec}) can't be used"),
            };
            Error::config(format!("{what}: {error}")).with_source(error)
        })
    }

    fn check_idempotence(&self) -> Result<(), Error> {
        if self.idempotence == Idempotence::Required && self.acks != Acks::All {
            return Err(Error::config(format!(
                "idempotence is Required, which needs acks All, but acks is {:?}",
                self.acks
            )));
        }
        if self.wants_idempotence() && self.max_in_flight > IDEMPOTENT_MAX_IN_FLIGHT {
            return Err(Error::config(format!(
                "max_in_flight is {} but idempotence ({:?}) allows at most \
                 {IDEMPOTENT_MAX_IN_FLIGHT}; lower max_in_flight or set idempotence to Disabled",
                self.max_in_flight, self.idempotence
            )));
        }
        Ok(())
    }

    /// Whether to ask the cluster for a producer id.
    pub(crate) fn wants_idempotence(&self) -> bool {
        self.idempotence != Idempotence::Disabled && self.acks == Acks::All
    }

    /// The size at which batches are closed in effect.
    pub(crate) fn effective_batch_size(&self) -> usize {
        self.batch_size.min(self.max_request_size)
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.retry_backoff, self.retry_backoff_max)
    }

    /// The most bytes that one record may take, and the setting that says so.
    pub(crate) fn max_record(&self) -> (usize, &'static str) {
        let memory = self.buffer_memory.limit();
        if memory < self.max_request_size {
            (memory, "buffer_memory")
        } else {
            (self.max_request_size, "max_request_size")
        }
    }
}

fn within(name: &str, value: usize, min: usize, max: usize) -> Result<(), Error> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let range = if max == usize::MAX {
        format!("at least {min}")
    } else {
        format!("{min} to {max}")
    };
    Err(Error::config(format!("{name} is {value}, must be {range}")))
}

fn positive(name: &str, value: Duration) -> Result<(), Error> {
    if value.is_zero() {
        return Err(Error::config(format!("{name} must be longer than zero")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(config: ProducerConfig, names: &[&str]) {
        let text = config.validate().unwrap_err().to_string();
        for name in names {
            assert!(text.contains(name), "{text:?} does not name {name}");
        }
    }

    #[test]
    fn the_defaults_hold() {
        ProducerConfig::default().validate().unwrap();
    }

    #[test]
    fn contradictions_name_both_sides() {
        let config = ProducerConfig::default;
        refused(
            config()
                .acks(Acks::Leader)
                .idempotence(Idempotence::Required),
            &["idempotence", "acks"],
        );
        refused(config().max_in_flight(6), &["max_in_flight", "idempotence"]);
        refused(
            config().delivery_timeout(Duration::from_secs(10)),
            &["delivery_timeout", "linger", "request_timeout"],
        );
        refused(
            config().retry_backoff(Duration::from_secs(2), Duration::from_secs(1)),
            &["retry_backoff"],
        );
        refused(
            config()
                .compression(Compression::Gzip)
                .compression_level(12),
            &["compression_level (12)", "compression (gzip)", "1 to 9"],
        );
        refused(
            config().compression_level(1),
            &["compression_level (1)", "compression (none)", "it has none"],
        );
    }

    #[test]
    fn bounds_are_named() {
        let config = ProducerConfig::default;
        refused(config().batch_size(0), &["batch_size"]);
        refused(config().max_request_size(0), &["max_request_size"]);
        refused(config().max_in_flight(0), &["max_in_flight"]);
        refused(
            config().buffer_memory(2048).batch_size(1024),
            &["buffer_memory"],
        );
        refused(
            config().buffer_memory(10_000),
            &["buffer_memory", "batch_size"],
        );
        refused(config().max_block(Duration::ZERO), &["max_block"]);
    }

    #[test]
    fn endless_times_are_fine() {
        let config = ProducerConfig::default()
            .delivery_timeout(Duration::MAX)
            .request_timeout(Duration::from_secs(1))
            .max_block(Duration::MAX);
        config.validate().unwrap();
        let _deadline = kafka_net::clock::now() + config.delivery_timeout;
        let endless = config.request_timeout(Duration::MAX).linger(Duration::MAX);
        refused(endless, &["delivery_timeout"]);
    }

    #[test]
    fn auto_yields_to_acks() {
        let config = ProducerConfig::default().acks(Acks::Leader);
        assert!(!config.wants_idempotence());
        config.clone().max_in_flight(50).validate().unwrap();
        assert!(
            ProducerConfig::default()
                .idempotence(Idempotence::Disabled)
                .max_in_flight(50)
                .validate()
                .is_ok()
        );
    }
}
