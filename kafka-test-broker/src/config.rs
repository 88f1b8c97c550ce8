use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::{ApiKey, VersionRange};

use crate::era::Era;
use crate::groups::GroupSettings;
use crate::security::SecuritySettings;

/// The largest batch a topic takes by default, Kafka's `message.max.bytes`: one
/// mebibyte and the header of an old message set.
pub(crate) const DEFAULT_MAX_MESSAGE_BYTES: i32 = 1_048_588;

/// Kafka's `socket.request.max.bytes`: a longer request closes the connection.
const DEFAULT_MAX_REQUEST_BYTES: usize = 100 * 1024 * 1024;

/// Kafka's `message.timestamp.after.max.ms`: an hour.
const DEFAULT_TIMESTAMP_AFTER_MAX_MS: i64 = 3_600_000;

/// Kafka's `replica.lag.time.max.ms`.
const DEFAULT_REPLICA_LAG_MAX: Duration = Duration::from_secs(30);

/// Kafka's `broker.session.timeout.ms`.
const DEFAULT_BROKER_SESSION_TIMEOUT: Duration = Duration::from_secs(9);

/// Kafka's `max.incremental.fetch.session.cache.slots`.
const DEFAULT_FETCH_SESSIONS_MAX: usize = 1_000;

/// What a cluster is like; fixed once it is built.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Which release the brokers pass for.
    pub era: Era,
    pub brokers: i32,
    pub default_partitions: i32,
    /// `None`: three, or as many as there are brokers.
    pub default_replication_factor: Option<i16>,
    pub auto_create_topics: bool,
    pub max_message_bytes: i32,
    pub max_request_bytes: usize,
    pub timestamp_after_max_ms: i64,
    /// How often logs are expired and compacted; `None` for only when asked to.
    pub clean_up_interval: Option<Duration>,
    /// How many fetch sessions each broker keeps.
    pub fetch_sessions_max: usize,
    /// Where the brokers stand, the first one's rack first. If any is given,
    /// leaders send consumers to replicas in their own rack.
    pub racks: Vec<String>,
    /// How long a replica that lacks something stays in sync.
    pub replica_lag_max: Duration,
    /// How long a broker that was cut off keeps what it leads.
    pub broker_session_timeout: Duration,
    pub groups: GroupSettings,
    /// Whether every record of a batch is parsed, as Kafka does, or its header
    /// only.
    pub validate_records: bool,
    /// Whether a fetch answer may end in a piece of a batch, as Kafka's does.
    pub cut_last_batch: bool,
    pub seed: u64,
    /// The wall clock, in milliseconds since 1970, at the moment of building.
    pub wall_clock_ms: i64,
    /// Versions served, where they differ from the usual: `None` for an API
    /// that is not served at all.
    pub api_overrides: BTreeMap<ApiKey, Option<VersionRange>>,
    pub security: SecuritySettings,
}

impl Config {
    pub(crate) fn new(wall_clock_ms: i64) -> Self {
        Self {
            era: Era::default(),
            brokers: 1,
            default_partitions: 1,
            default_replication_factor: None,
            auto_create_topics: true,
            max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES,
            max_request_bytes: DEFAULT_MAX_REQUEST_BYTES,
            timestamp_after_max_ms: DEFAULT_TIMESTAMP_AFTER_MAX_MS,
            clean_up_interval: None,
            fetch_sessions_max: DEFAULT_FETCH_SESSIONS_MAX,
            racks: Vec::new(),
            replica_lag_max: DEFAULT_REPLICA_LAG_MAX,
            broker_session_timeout: DEFAULT_BROKER_SESSION_TIMEOUT,
            groups: GroupSettings::default(),
            validate_records: true,
            cut_last_batch: true,
            seed: 0,
            wall_clock_ms,
            api_overrides: BTreeMap::new(),
            security: SecuritySettings::default(),
        }
    }

    /// Replicas of a topic that does not say how many it wants.
    pub(crate) fn replication_factor(&self) -> i16 {
        let most = i16::try_from(self.brokers).unwrap_or(i16::MAX);
        self.default_replication_factor.unwrap_or(3).min(most)
    }
}
