//! What a consumer can be told.

use std::time::Duration;

use kafka_net::Error;
use kafka_protocol::StrBytes;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What longer durations are taken for: 100 years. Deadlines, which are an instant
/// plus one or two of these, can't overflow then.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What happens when a partition has no usable position: the offset asked for is
/// not in the log, nothing was committed, or the topic was deleted and created
/// anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetReset {
    /// Go on with the oldest record the log holds. The default: it repeats rather
    /// than loses.
    #[default]
    Earliest,
    /// Go on with what comes after the log's present end, skipping what is there.
    Latest,
    /// Report an error that names the partition, the offset and what the log
    /// holds, and stop that partition until a
    /// [`seek`](crate::Consumer::seek).
    Fail,
}

/// Which records of transactions are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IsolationLevel {
    /// All records, those of open and aborted transactions included. The default,
    /// as in Kafka's own client.
    #[default]
    ReadUncommitted,
    /// Only records of committed transactions, and those outside any. Reading
    /// stops at the last stable offset, where the oldest open transaction began.
    ReadCommitted,
}

impl IsolationLevel {
    /// The wire's number.
    pub(crate) fn code(self) -> i8 {
        match self {
            Self::ReadUncommitted => 0,
            Self::ReadCommitted => 1,
        }
    }
}

/// Settings of a [`Consumer`](crate::Consumer). The defaults need no tuning for
/// most uses.
///
/// ```
/// use std::time::Duration;
/// use kafka_consumer::{ConsumerConfig, OffsetReset};
///
/// let config = ConsumerConfig::default()
///     .group("billing")
///     .offset_reset(OffsetReset::Fail)
///     .fetch_max_wait(Duration::from_millis(100));
/// config.validate().unwrap();
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerConfig {
    pub(crate) fetch_min_bytes: usize,
    pub(crate) fetch_max_wait: Duration,
    pub(crate) fetch_max_bytes: usize,
    pub(crate) partition_fetch_bytes: usize,
    pub(crate) prefetch_bytes: usize,
    pub(crate) max_decompressed_batch: usize,
    pub(crate) check_crcs: bool,
    pub(crate) isolation: IsolationLevel,
    pub(crate) offset_reset: OffsetReset,
    pub(crate) request_timeout: Duration,
    pub(crate) api_timeout: Duration,
    pub(crate) retry_backoff: Duration,
    pub(crate) retry_backoff_max: Duration,
    pub(crate) group: Option<StrBytes>,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            fetch_min_bytes: 1,
            fetch_max_wait: Duration::from_millis(500),
            fetch_max_bytes: 50 * MIB,
            partition_fetch_bytes: MIB,
            prefetch_bytes: 64 * MIB,
            max_decompressed_batch: 128 * MIB,
            check_crcs: true,
            isolation: IsolationLevel::default(),
            offset_reset: OffsetReset::default(),
            request_timeout: Duration::from_secs(30),
            api_timeout: Duration::from_secs(60),
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
            group: None,
        }
    }
}

impl ConsumerConfig {
    /// How much data a broker gathers before it answers a fetch, in bytes, unless
    /// [`fetch_max_wait`](Self::fetch_max_wait) ends first. Default 1; at most
    /// [`fetch_max_bytes`](Self::fetch_max_bytes).
    #[must_use]
    pub fn fetch_min_bytes(mut self, bytes: usize) -> Self {
        self.fetch_min_bytes = bytes;
        self
    }

    /// How long a broker holds a fetch for which it has too little data. Default
    /// 500 ms; at most 5 minutes.
    #[must_use]
    pub fn fetch_max_wait(mut self, wait: Duration) -> Self {
        self.fetch_max_wait = wait;
        self
    }

    /// The most that one fetch answer may carry, in bytes; nor is it asked to carry
    /// more than a quarter of the broker's share of
    /// [`prefetch_bytes`](Self::prefetch_bytes). A single batch that is larger comes
    /// whole all the same (KIP-74). Default 50 MiB; at least 1 KiB.
    #[must_use]
    pub fn fetch_max_bytes(mut self, bytes: usize) -> Self {
        self.fetch_max_bytes = bytes;
        self
    }

    /// The most that one fetch answer may carry of one partition, in bytes. The
    /// next fetch of a partition goes out while up to this much of it is still
    /// waiting to be handed out. Default 1 MiB; at least 1 KiB, at most
    /// [`fetch_max_bytes`](Self::fetch_max_bytes).
    #[must_use]
    pub fn partition_fetch_bytes(mut self, bytes: usize) -> Self {
        self.partition_fetch_bytes = bytes;
        self
    }

    /// The bound on memory for data that was fetched, or is being fetched, and not
    /// handed out yet, in bytes. Brokers share it evenly, so a busy one does not
    /// starve the others.
    ///
    /// Batches are decompressed as they are handed out, one at a time, so
    /// decompressed data never piles up behind it. Only a single batch larger than
    /// what was left, or one that a stream gives back unfinished, can go beyond the
    /// bound, by its own size. Default 64 MiB; at least [`partition_fetch_bytes`](Self::partition_fetch_bytes).
    #[must_use]
    pub fn prefetch_bytes(mut self, bytes: usize) -> Self {
        self.prefetch_bytes = bytes;
        self
    }

    /// The size up to which a batch is decompressed, in bytes; a larger one is
    /// reported as corrupt, since a small batch that claims to be huge is how
    /// compression is abused. Default 128 MiB; at least 1 KiB.
    #[must_use]
    pub fn max_decompressed_batch(mut self, bytes: usize) -> Self {
        self.max_decompressed_batch = bytes;
        self
    }

    /// Whether each batch's checksum is compared before its records are handed
    /// out. Default on; it costs a few nanoseconds a record.
    #[must_use]
    pub fn check_crcs(mut self, check: bool) -> Self {
        self.check_crcs = check;
        self
    }

    /// Which records of transactions are handed out. Default
    /// [`IsolationLevel::ReadUncommitted`].
    #[must_use]
    pub fn isolation(mut self, isolation: IsolationLevel) -> Self {
        self.isolation = isolation;
        self
    }

    /// What happens when a partition has no usable position. Default
    /// [`OffsetReset::Earliest`], unlike Kafka's own client, whose `latest` skips
    /// records without a word.
    #[must_use]
    pub fn offset_reset(mut self, reset: OffsetReset) -> Self {
        self.offset_reset = reset;
        self
    }

    /// How long an answer may take before its connection is given up. A fetch gets
    /// [`fetch_max_wait`](Self::fetch_max_wait) on top. Default 30 s; at least
    /// 1 ms.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout.min(FOREVER);
        self
    }

    /// How long a commit or an offset query may take with all its retries; also
    /// how long a partition may make no progress for reasons that may pass (no
    /// leader, no connection) before that is reported, and how often. Default
    /// 60 s; at least 1 ms.
    #[must_use]
    pub fn api_timeout(mut self, timeout: Duration) -> Self {
        self.api_timeout = timeout.min(FOREVER);
        self
    }

    /// The wait before something that failed is tried again; it doubles, with 20 %
    /// jitter, up to [`retry_backoff_max`](Self::retry_backoff_max). Default
    /// 100 ms.
    #[must_use]
    pub fn retry_backoff(mut self, backoff: Duration) -> Self {
        self.retry_backoff = backoff.min(FOREVER);
        self
    }

    /// The longest such wait. Default 1 s; at least
    /// [`retry_backoff`](Self::retry_backoff).
    #[must_use]
    pub fn retry_backoff_max(mut self, backoff: Duration) -> Self {
        self.retry_backoff_max = backoff.min(FOREVER);
        self
    }

    /// The group for which offsets are committed and looked up. The consumer does
    /// not become a member of it. Default none.
    #[must_use]
    pub fn group(mut self, id: impl Into<StrBytes>) -> Self {
        self.group = Some(id.into());
        self
    }

    /// The group, if one is set.
    pub fn group_id(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Whether these settings can work together.
    ///
    /// # Errors
    ///
    /// A setting out of its bounds, or two that contradict each other; the text
    /// names them.
    pub fn validate(&self) -> Result<(), Error> {
        let sizes = [
            ("fetch_max_bytes", self.fetch_max_bytes),
            ("partition_fetch_bytes", self.partition_fetch_bytes),
            ("max_decompressed_batch", self.max_decompressed_batch),
        ];
        for (name, bytes) in sizes {
            if bytes < KIB || i32::try_from(bytes).is_err() {
                return refuse(format!(
                    "{name} is {bytes} bytes; it must be from 1 KiB to 2 GiB − 1"
                ));
            }
        }
        at_most(
            ("fetch_min_bytes", self.fetch_min_bytes),
            ("fetch_max_bytes", self.fetch_max_bytes),
        )?;
        at_most(
            ("partition_fetch_bytes", self.partition_fetch_bytes),
            ("fetch_max_bytes", self.fetch_max_bytes),
        )?;
        at_most(
            ("partition_fetch_bytes", self.partition_fetch_bytes),
            ("prefetch_bytes", self.prefetch_bytes),
        )?;
        if self.fetch_max_wait > Duration::from_secs(300) {
            return refuse(format!(
                "fetch_max_wait is {:?}; it must be 5 minutes or less",
                self.fetch_max_wait
            ));
        }
        for (name, timeout) in [
            ("request_timeout", self.request_timeout),
            ("api_timeout", self.api_timeout),
        ] {
            if timeout < Duration::from_millis(1) {
                return refuse(format!("{name} is {timeout:?}; it must be 1 ms or more"));
            }
        }
        if self.retry_backoff > self.retry_backoff_max {
            return refuse(format!(
                "retry_backoff ({:?}) is longer than retry_backoff_max ({:?})",
                self.retry_backoff, self.retry_backoff_max
            ));
        }
        if self.group.as_ref().is_some_and(|group| group.is_empty()) {
            return refuse("group is empty; leave it out to consume without a group".to_owned());
        }
        Ok(())
    }
}

fn at_most(small: (&str, usize), large: (&str, usize)) -> Result<(), Error> {
    if small.1 <= large.1 {
        return Ok(());
    }
    refuse(format!(
        "{} ({} bytes) is more than {} ({} bytes)",
        small.0, small.1, large.0, large.1
    ))
}

fn refuse(text: String) -> Result<(), Error> {
    Err(Error::config(text))
}

#[cfg(test)]
mod tests {
    use kafka_net::ErrorKind;

    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        ConsumerConfig::default().validate().unwrap();
    }

    #[test]
    fn contradictions_name_both_settings() {
        let check = |config: ConsumerConfig, names: &[&str]| {
            let error = config.validate().unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Config);
            let text = error.to_string();
            for name in names {
                assert!(text.contains(name), "{text}");
            }
        };
        let config = ConsumerConfig::default;
        check(
            config().fetch_min_bytes(60 * MIB),
            &["fetch_min_bytes", "fetch_max_bytes"],
        );
        check(
            config().fetch_max_bytes(MIB / 2),
            &["partition_fetch_bytes", "fetch_max_bytes"],
        );
        check(
            config().prefetch_bytes(MIB / 2),
            &["partition_fetch_bytes", "prefetch_bytes"],
        );
        check(
            config().retry_backoff(Duration::from_secs(2)),
            &["retry_backoff", "retry_backoff_max"],
        );
        check(config().fetch_max_bytes(1), &["fetch_max_bytes"]);
        check(
            config().partition_fetch_bytes(0),
            &["partition_fetch_bytes"],
        );
        check(
            config().max_decompressed_batch(3 << 30),
            &["max_decompressed_batch"],
        );
        check(
            config().fetch_max_wait(Duration::from_secs(301)),
            &["fetch_max_wait"],
        );
        check(
            config().request_timeout(Duration::ZERO),
            &["request_timeout"],
        );
        check(config().api_timeout(Duration::ZERO), &["api_timeout"]);
        check(config().group(""), &["group"]);
    }

    #[test]
    fn endless_durations_do_not_overflow_a_deadline() {
        let config = ConsumerConfig::default()
            .request_timeout(Duration::MAX)
            .api_timeout(Duration::MAX)
            .retry_backoff_max(Duration::MAX)
            .retry_backoff(Duration::MAX);
        config.validate().unwrap();
        let now = kafka_net::clock::now();
        for wait in [
            config.request_timeout + config.fetch_max_wait,
            config.api_timeout,
            config.retry_backoff,
            config.retry_backoff_max,
        ] {
            assert!(now.checked_add(wait + FOREVER).is_some(), "{wait:?}");
        }
    }
}
