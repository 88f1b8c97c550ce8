//! Settings of a router.

use std::time::Duration;

use kafka_net::{BrokerAddress, Error};

use crate::Backoff;

/// Settings of a [`Router`](crate::Router).
///
/// ```
/// use std::time::Duration;
/// use kafka_router::RouterConfig;
///
/// # fn main() -> Result<(), kafka_net::Error> {
/// let config = RouterConfig::default()
///     .with_bootstrap_servers("kafka-1:9092, kafka-2:9092")?
///     .with_metadata_max_age(Duration::from_secs(60));
/// config.validate()?;
/// assert_eq!(config.bootstrap().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RouterConfig {
    bootstrap: Vec<BrokerAddress>,
    metadata_max_age: Duration,
    retry_backoff: Duration,
    retry_backoff_max: Duration,
    allow_auto_topic_creation: bool,
    metadata_recovery: MetadataRecovery,
    rebootstrap_trigger: Duration,
}

/// What to do when no known broker gives metadata (KIP-899,
/// `metadata.recovery.strategy`).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataRecovery {
    /// The bootstrap addresses are asked again: as soon as no known broker answers, and
    /// when a broker says that the known ones are no use (REBOOTSTRAP_REQUIRED). What
    /// is known stays until an answer comes. The default.
    #[default]
    Rebootstrap,
    /// Only the brokers known from the last answer are asked.
    None,
}

impl RouterConfig {
    /// Settings with these bootstrap addresses and the defaults otherwise.
    #[must_use]
    pub fn new(bootstrap: impl IntoIterator<Item = BrokerAddress>) -> Self {
        Self::default().with_bootstrap(bootstrap)
    }

    /// The addresses to ask first, in any order; each stands for the whole
    /// cluster. They are tried again whenever no known broker answers
    /// ([`with_metadata_recovery`](Self::with_metadata_recovery)).
    /// No default; at least one is needed.
    #[must_use]
    pub fn with_bootstrap(mut self, bootstrap: impl IntoIterator<Item = BrokerAddress>) -> Self {
        self.bootstrap = bootstrap.into_iter().collect();
        self
    }

    /// The same as text: `host:port`, several separated by commas.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](kafka_net::ErrorKind::Config) when an entry is not
    /// `host:port`.
    pub fn with_bootstrap_servers(self, servers: &str) -> Result<Self, Error> {
        let addresses = servers
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<BrokerAddress>, Error>>()?;
        Ok(self.with_bootstrap(addresses))
    }

    /// Metadata of the topics in use is asked for again when it is this old,
    /// even when nothing went wrong: that is how new brokers and partitions are
    /// noticed. Default 5 minutes; more than zero.
    #[must_use]
    pub fn with_metadata_max_age(mut self, age: Duration) -> Self {
        self.metadata_max_age = age;
        self
    }

    /// The wait before a request that failed, or an answer that did not help, is
    /// tried again; also the least time between two refreshes. Doubles up to
    /// [`retry_backoff_max`](Self::with_retry_backoff_max) while it keeps
    /// failing. Default 100 ms; more than zero.
    #[must_use]
    pub fn with_retry_backoff(mut self, backoff: Duration) -> Self {
        self.retry_backoff = backoff;
        self
    }

    /// The longest wait between two tries. Default 1 s; at least
    /// [`retry_backoff`](Self::with_retry_backoff).
    #[must_use]
    pub fn with_retry_backoff_max(mut self, backoff: Duration) -> Self {
        self.retry_backoff_max = backoff;
        self
    }

    /// Whether asking for a topic that does not exist may create it, where the
    /// brokers are configured to (`auto.create.topics.enable`). Only a caller
    /// that asks for a topic by name can create it, never a refresh. Brokers
    /// older than 0.11 (Metadata v4) can't be told not to. Default true.
    #[must_use]
    pub fn with_allow_auto_topic_creation(mut self, allow: bool) -> Self {
        self.allow_auto_topic_creation = allow;
        self
    }

    /// Whether the bootstrap addresses count again once there was an answer. Default
    /// [`MetadataRecovery::Rebootstrap`].
    #[must_use]
    pub fn with_metadata_recovery(mut self, recovery: MetadataRecovery) -> Self {
        self.metadata_recovery = recovery;
        self
    }

    /// When no metadata came for this long, although it was asked for, the bootstrap
    /// addresses are asked first and the known brokers after them (KIP-1102,
    /// `metadata.recovery.rebootstrap.trigger.ms`). Default 5 minutes; zero turns to them
    /// after the first failure. Without effect under
    /// [`MetadataRecovery::None`].
    #[must_use]
    pub fn with_rebootstrap_trigger(mut self, trigger: Duration) -> Self {
        self.rebootstrap_trigger = trigger;
        self
    }

    /// See [`with_bootstrap`](Self::with_bootstrap).
    #[must_use]
    pub fn bootstrap(&self) -> &[BrokerAddress] {
        &self.bootstrap
    }

    /// See [`with_metadata_max_age`](Self::with_metadata_max_age).
    #[must_use]
    pub fn metadata_max_age(&self) -> Duration {
        self.metadata_max_age
    }

    /// See [`with_retry_backoff`](Self::with_retry_backoff).
    #[must_use]
    pub fn retry_backoff(&self) -> Duration {
        self.retry_backoff
    }

    /// See [`with_retry_backoff_max`](Self::with_retry_backoff_max).
    #[must_use]
    pub fn retry_backoff_max(&self) -> Duration {
        self.retry_backoff_max
    }

    /// See [`with_allow_auto_topic_creation`](Self::with_allow_auto_topic_creation).
    #[must_use]
    pub fn allow_auto_topic_creation(&self) -> bool {
        self.allow_auto_topic_creation
    }

    /// See [`with_metadata_recovery`](Self::with_metadata_recovery).
    #[must_use]
    pub fn metadata_recovery(&self) -> MetadataRecovery {
        self.metadata_recovery
    }

    pub(crate) fn rebootstraps(&self) -> bool {
        self.metadata_recovery == MetadataRecovery::Rebootstrap
    }

    /// See [`with_rebootstrap_trigger`](Self::with_rebootstrap_trigger).
    #[must_use]
    pub fn rebootstrap_trigger(&self) -> Duration {
        self.rebootstrap_trigger
    }

    /// Both backoff settings as one.
    #[must_use]
    pub fn backoff(&self) -> Backoff {
        Backoff::new(self.retry_backoff, self.retry_backoff_max)
    }

    /// Checks the settings, as [`Router::new`](crate::Router::new) does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](kafka_net::ErrorKind::Config) naming the setting,
    /// or both that contradict each other.
    pub fn validate(&self) -> Result<(), Error> {
        if self.bootstrap.is_empty() {
            return Err(Error::config("bootstrap is empty")
                .with_hint("name at least one broker as host:port"));
        }
        for (name, value) in [
            ("metadata_max_age", self.metadata_max_age),
            ("retry_backoff", self.retry_backoff),
        ] {
            if value.is_zero() {
                return Err(Error::config(format!("{name} is zero")));
            }
        }
        if self.retry_backoff_max < self.retry_backoff {
            return Err(Error::config(format!(
                "retry_backoff_max ({:?}) is shorter than retry_backoff ({:?})",
                self.retry_backoff_max, self.retry_backoff
            )));
        }
        Ok(())
    }
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            bootstrap: Vec::new(),
            metadata_max_age: Duration::from_secs(5 * 60),
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
            allow_auto_topic_creation: true,
            metadata_recovery: MetadataRecovery::default(),
            rebootstrap_trigger: Duration::from_secs(5 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use kafka_net::ErrorKind;

    use super::*;

    fn valid() -> RouterConfig {
        RouterConfig::default()
            .with_bootstrap_servers("a:1")
            .unwrap()
    }

    #[track_caller]
    fn refused(config: &RouterConfig, parts: &[&str]) {
        let error = config.validate().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Config);
        let text = error.to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }

    #[test]
    fn the_defaults_need_only_an_address() {
        assert!(valid().validate().is_ok());
        refused(&RouterConfig::default(), &["bootstrap"]);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        refused(
            &valid().with_metadata_max_age(Duration::ZERO),
            &["metadata_max_age"],
        );
        refused(
            &valid().with_retry_backoff(Duration::ZERO),
            &["retry_backoff"],
        );
        refused(
            &valid()
                .with_retry_backoff(Duration::from_secs(3))
                .with_retry_backoff_max(Duration::from_secs(2)),
            &["retry_backoff_max (2s)", "retry_backoff (3s)"],
        );
    }

    #[test]
    fn bootstrap_text_is_a_list() {
        let config = RouterConfig::default()
            .with_bootstrap_servers(" a:1 ,b:2,, [::1]:3 ,")
            .unwrap();
        let shown: Vec<_> = config.bootstrap().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["a:1", "b:2", "[::1]:3"]);
        assert!(
            RouterConfig::default()
                .with_bootstrap_servers("a:1,b")
                .is_err()
        );
    }
}
