use std::str::FromStr;

use crate::config::Config;
use crate::log::LogRules;
use crate::settings::{self, Given, Scope};

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
    /// How logs are kept.
    pub log: LogRules,
    /// Every setting that was given, by Kafka's name.
    given: Given,
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
            log: LogRules::default(),
            given: Given::new(),
        }
    }

    /// Sets one of Kafka's topic settings; says what is wrong with it otherwise.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let setting = settings::find(Scope::Topic, name)
            .ok_or_else(|| format!("topics have no setting {name}"))?;
        setting.check(value)?;
        self.apply(name, value);
        self.given.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Lets a value have its effect, if it has one here. The others are only
    /// shown.
    pub(crate) fn apply(&mut self, name: &str, value: &str) {
        match name {
            "message.timestamp.type" => {
                self.timestamp_source = match value {
                    "LogAppendTime" => TimestampSource::Broker,
                    _ => TimestampSource::Producer,
                }
            }
            "max.message.bytes" => take(&mut self.max_message_bytes, value),
            "min.insync.replicas" => take(&mut self.min_insync_replicas, value),
            "unclean.leader.election.enable" => {
                self.unclean_leader_election = value.trim().eq_ignore_ascii_case("true");
            }
            "message.timestamp.before.max.ms" => take(&mut self.timestamp_before_max_ms, value),
            "message.timestamp.after.max.ms" => take(&mut self.timestamp_after_max_ms, value),
            name => self.log.apply(name, value),
        }
    }

    /// Every setting that was given, by name.
    pub(crate) fn given(&self) -> &Given {
        &self.given
    }

    /// What settings that are good one by one cannot be together.
    pub(crate) fn contradiction(&self) -> Option<String> {
        let lag = |name: &str| self.given.get(name)?.trim().parse::<i64>().ok();
        let least = lag("min.compaction.lag.ms").unwrap_or(0);
        let most = lag("max.compaction.lag.ms").unwrap_or(i64::MAX);
        if least > most {
            return Some(format!(
                "min.compaction.lag.ms {least} is above max.compaction.lag.ms {most}"
            ));
        }
        let remote = self.given.get("remote.storage.enable");
        remote
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
            .then(|| "there is no remote storage for remote.storage.enable".to_owned())
    }
}

/// Replaces a number by another one, which was checked.
fn take<N: FromStr>(number: &mut N, value: &str) {
    if let Ok(value) = value.trim().parse() {
        *number = value;
    }
}

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
        assert_eq!(config.given().len(), 4);
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
