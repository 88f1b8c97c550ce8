use std::time::Duration;

/// How groups are kept, by the names of Kafka's broker settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupSettings {
    /// `group.initial.rebalance.delay.ms`: how long an empty group waits for
    /// more members after its first. 0 here, 3 s in Kafka, so that tests need
    /// not wait.
    pub initial_rebalance_delay: Duration,
    /// `group.min.session.timeout.ms`.
    pub min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`.
    pub max_session_timeout_ms: i32,
    /// `group.max.size`: members of one group.
    pub max_size: usize,
    /// `group.consumer.session.timeout.ms`.
    pub consumer_session_timeout: Duration,
    /// `group.consumer.heartbeat.interval.ms`.
    pub consumer_heartbeat_interval_ms: i32,
    /// `group.consumer.max.size`: members of one consumer group.
    pub consumer_max_size: usize,
    /// `group.consumer.assignment.interval.ms`: how long a target is kept at
    /// least.
    pub consumer_assignment_interval: Duration,
    /// Whether members may commit, for what has been their own since, at an epoch
    /// before their present one (KIP-1251).
    pub consumer_commits_at_old_epochs: bool,
    /// `group.consumer.regex.refresh.interval.ms`.
    pub consumer_regex_refresh_interval: Duration,
    /// `offset.metadata.max.bytes`.
    pub offset_metadata_max_bytes: usize,
    /// `offsets.retention.minutes`.
    pub offsets_retention: Duration,
    /// `offsets.retention.check.interval.ms`.
    pub offsets_retention_check_interval: Duration,
    /// How long a broker reads before it coordinates groups that were moved to
    /// it. In Kafka that depends on how much there is to read.
    pub load_time: Duration,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            initial_rebalance_delay: Duration::ZERO,
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
            max_size: usize::MAX,
            consumer_session_timeout: Duration::from_secs(45),
            consumer_heartbeat_interval_ms: 5_000,
            consumer_max_size: usize::MAX,
            consumer_assignment_interval: Duration::from_secs(1),
            consumer_commits_at_old_epochs: true,
            consumer_regex_refresh_interval: Duration::from_secs(600),
            offset_metadata_max_bytes: 4_096,
            offsets_retention: Duration::from_secs(7 * 24 * 60 * 60),
            offsets_retention_check_interval: Duration::from_secs(600),
            load_time: Duration::ZERO,
        }
    }
}
