//! A topic to be created.

use kafka_net::{Error, ErrorKind};
use kafka_protocol::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::{ApiKey, StrBytes};

/// From this version on brokers fill in partitions and replicas (KIP-464).
const DEFAULTS_SINCE: i16 = 4;

/// A topic to be created.
///
/// ```
/// use kafka_admin::NewTopic;
///
/// // 6 partitions with 3 replicas each, compacted.
/// let users = NewTopic::new("users", 6, 3).config("cleanup.policy", "compact");
/// // As many as the brokers are set up to give.
/// let events = NewTopic::with_broker_defaults("events");
/// // One partition, on broker 2 with a copy on broker 3.
/// let audit = NewTopic::with_replicas("audit", [[2, 3]]);
/// # let _ = (users, events, audit);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    name: String,
    partitions: i32,
    replication_factor: i16,
    assignments: Vec<Vec<i32>>,
    configs: Vec<(String, Option<String>)>,
}

impl NewTopic {
    /// A topic with this many partitions, each on this many brokers. −1 for
    /// either leaves it to the brokers' defaults (from 2.4 on, CreateTopics v4).
    #[must_use]
    pub fn new(name: impl Into<String>, partitions: i32, replication_factor: i16) -> Self {
        Self {
            name: name.into(),
            partitions,
            replication_factor,
            assignments: Vec::new(),
            configs: Vec::new(),
        }
    }

    /// A topic with as many partitions and replicas as the brokers give by
    /// default (from 2.4 on, KIP-464).
    #[must_use]
    pub fn with_broker_defaults(name: impl Into<String>) -> Self {
        Self::new(name, -1, -1)
    }

    /// A topic whose partitions, in order, are on these brokers; the first of
    /// each is its preferred leader.
    #[must_use]
    pub fn with_replicas<P, B>(name: impl Into<String>, partitions: P) -> Self
    where
        P: IntoIterator<Item = B>,
        B: IntoIterator<Item = i32>,
    {
        let mut topic = Self::new(name, -1, -1);
        topic.assignments = partitions
            .into_iter()
            .map(|brokers| brokers.into_iter().collect())
            .collect();
        topic
    }

    /// Sets a topic setting other than its default, such as `retention.ms`.
    #[must_use]
    pub fn config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.configs.push((name.into(), Some(value.into())));
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The request's form of it, if that version has one.
    pub(crate) fn encode(&self, version: i16) -> Result<CreatableTopic, Error> {
        let by_default = self.partitions == -1 || self.replication_factor == -1;
        if by_default && self.assignments.is_empty() && version < DEFAULTS_SINCE {
            return Err(Error::new(ErrorKind::UnsupportedVersion)
                .with_message(format!(
                    "leaving partitions or replicas to the brokers needs CreateTopics \
                     v{DEFAULTS_SINCE}, the broker speaks v{version}"
                ))
                .with_hint("give both numbers; leaving them out needs Kafka 2.4 or later")
                .with_api(ApiKey::CreateTopics)
                .with_topic(self.name.as_str()));
        }
        let assignments: Vec<_> = (0..)
            .zip(&self.assignments)
            .map(|(index, brokers)| {
                CreatableReplicaAssignment::new()
                    .with_partition_index(index)
                    .with_broker_ids(brokers.clone())
            })
            .collect();
        let configs: Vec<_> = self
            .configs
            .iter()
            .map(|(name, value)| {
                CreatableTopicConfig::new()
                    .with_name(name.as_str())
                    .with_value(value.as_deref().map(StrBytes::from))
            })
            .collect();
        Ok(CreatableTopic::new()
            .with_name(self.name.as_str())
            .with_num_partitions(self.partitions)
            .with_replication_factor(self.replication_factor)
            .with_assignments(assignments)
            .with_configs(configs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_settings_are_carried_in_every_version() {
        let topic = NewTopic::new("t", 6, 3).config("a", "1").config("b", "2");
        for version in 0..=7 {
            let encoded = topic.encode(version).unwrap();
            assert_eq!(
                (
                    &*encoded.name,
                    encoded.num_partitions,
                    encoded.replication_factor
                ),
                ("t", 6, 3)
            );
            let configs: Vec<_> = encoded
                .configs
                .iter()
                .map(|config| (&*config.name, config.value.as_deref()))
                .collect();
            assert_eq!(configs, [("a", Some("1")), ("b", Some("2"))]);
        }
    }

    #[test]
    fn defaults_need_the_version_that_has_them() {
        for topic in [
            NewTopic::with_broker_defaults("t"),
            NewTopic::new("t", -1, 3),
            NewTopic::new("t", 6, -1),
        ] {
            let error = topic.encode(3).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
            assert!(error.to_string().contains("v4"), "{error}");
            assert!(error.to_string().contains("2.4"), "{error}");
            assert!(topic.encode(4).is_ok());
        }
    }

    #[test]
    fn placed_replicas_leave_the_numbers_out_in_every_version() {
        let topic = NewTopic::with_replicas("t", [vec![2, 3], vec![3, 1]]);
        for version in 0..=7 {
            let encoded = topic.encode(version).unwrap();
            assert_eq!(
                (encoded.num_partitions, encoded.replication_factor),
                (-1, -1)
            );
            let placed: Vec<_> = encoded
                .assignments
                .iter()
                .map(|a| (a.partition_index, a.broker_ids.clone()))
                .collect();
            assert_eq!(placed, [(0, vec![2, 3]), (1, vec![3, 1])]);
        }
    }
}
