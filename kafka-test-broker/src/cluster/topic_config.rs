use std::collections::BTreeMap;

use crate::config::Config;

/// Whose clock stamps a topic's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimestampSource {
    /// The producer's.
    #[default]
    Producer,
    /// The broker's, when the batch is appended.
    Broker,
}

/// A topic's settings: those that have an effect here, and all that were set.
#[derive(Clone, Debug)]
pub(crate) struct TopicConfig {
    pub timestamp_source: TimestampSource,
    pub max_message_bytes: i32,
    pub min_insync_replicas: i32,
    pub unclean_leader_election: bool,
    pub timestamp_before_max_ms: i64,
    pub timestamp_after_max_ms: i64,
    /// Every setting that was given, by Kafka's name.
    given: BTreeMap<String, String>,
}

impl TopicConfig {
    /// The settings of a topic that sets none.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            timestamp_source: TimestampSource::Producer,
            max_message_bytes: config.max_message_bytes,
            min_insync_replicas: 1,
            unclean_leader_election: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: config.timestamp_after_max_ms,
            given: BTreeMap::new(),
        }
    }

    /// Sets one of Kafka's topic settings; says what is wrong with it otherwise.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let invalid = |what: &str| format!("{name} cannot be {value}: {what}");
        match name {
            "message.timestamp.type" => {
                self.timestamp_source = match value {
                    "CreateTime" => TimestampSource::Producer,
                    "LogAppendTime" => TimestampSource::Broker,
                    _ => return Err(invalid("it is CreateTime or LogAppendTime")),
                }
            }
            "max.message.bytes" => {
                self.max_message_bytes = value
                    .parse()
                    .ok()
                    .filter(|bytes| *bytes >= 0)
                    .ok_or_else(|| invalid("it is a number from 0 on"))?;
            }
            "min.insync.replicas" => {
                self.min_insync_replicas = value
                    .parse()
                    .ok()
                    .filter(|count| *count >= 1)
                    .ok_or_else(|| invalid("it is a number from 1 on"))?;
            }
            "unclean.leader.election.enable" => {
                self.unclean_leader_election =
                    value.parse().map_err(|_| invalid("it is true or false"))?;
            }
            "message.timestamp.before.max.ms" => {
                self.timestamp_before_max_ms =
                    milliseconds(value).ok_or_else(|| invalid("it is a number from 0 on"))?;
            }
            "message.timestamp.after.max.ms" => {
                self.timestamp_after_max_ms =
                    milliseconds(value).ok_or_else(|| invalid("it is a number from 0 on"))?;
            }
            name if WITHOUT_EFFECT.contains(&name) => {}
            _ => return Err(format!("topics have no setting {name}")),
        }
        self.given.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Every setting that was given, ordered by name.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn milliseconds(value: &str) -> Option<i64> {
    value.parse().ok().filter(|ms| *ms >= 0)
}

/// Kafka's other topic settings: taken and shown, but without effect on a log
/// that lives in memory and is neither compacted nor expired.
const WITHOUT_EFFECT: [&str; 24] = [
    "cleanup.policy",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "delete.retention.ms",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "max.compaction.lag.ms",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "preallocate",
    "remote.storage.enable",
    "retention.bytes",
    "retention.ms",
    "segment.bytes",
    "segment.index.bytes",
    "segment.ms",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_take_effect_or_are_refused_by_name() {
        let mut config = TopicConfig::new(&Config::new(0));
        assert_eq!(
            config.set("message.timestamp.type", "LogAppendTime"),
            Ok(())
        );
        assert_eq!(config.set("max.message.bytes", "100"), Ok(()));
        assert_eq!(config.set("min.insync.replicas", "2"), Ok(()));
        assert_eq!(config.set("retention.ms", "5"), Ok(()));
        assert_eq!(config.timestamp_source, TimestampSource::Broker);
        assert_eq!(
            (config.max_message_bytes, config.min_insync_replicas),
            (100, 2)
        );
        assert_eq!(config.given().count(), 4);
        for (name, value) in [
            ("message.timestamp.type", "Never"),
            ("max.message.bytes", "-1"),
            ("min.insync.replicas", "0"),
            ("message.timestamp.after.max.ms", "soon"),
            ("no.such.setting", "1"),
        ] {
            assert!(
                config
                    .set(name, value)
                    .is_err_and(|error| error.contains(name)),
                "{name}"
            );
        }
    }
}
