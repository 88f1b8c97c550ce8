//! The settings of topics and brokers, and what becomes of a change.

use super::topic_config::TopicConfig;
use super::{Broker, Cluster};
use crate::era::Era;
use crate::settings::{self, DynamicSettings, Given, Scope, Setting, Source, Value};

/// The feature by which the cluster keeps the least number of in-sync replicas
/// for all brokers alike (KIP-966).
pub(crate) const ELIGIBLE_LEADER_REPLICAS: &str = "eligible.leader.replicas.version";

impl Cluster {
    /// What is set in a new cluster: where eligible leader replicas are in use,
    /// the least number of in-sync replicas.
    pub(super) fn first_settings(era: Era) -> DynamicSettings {
        let mut settings = DynamicSettings::default();
        let finalized = crate::era::finalized(era);
        if finalized
            .iter()
            .any(|(name, _)| *name == ELIGIBLE_LEADER_REPLICAS)
        {
            settings
                .all_brokers
                .insert("min.insync.replicas".to_owned(), "1".to_owned());
        }
        settings
    }

    /// The settings of a topic that sets none: what brokers' settings say, where
    /// those were changed.
    pub(crate) fn default_topic_config(&self) -> TopicConfig {
        let mut config = TopicConfig::new(&self.config);
        for setting in settings::all(Scope::Topic) {
            let changed = setting
                .broker_setting
                .and_then(|name| self.changed_for_topics(name));
            if let Some(value) = changed {
                config.apply(setting.name, value);
            }
        }
        config
    }

    /// Sets all that a topic sets. Returns whether there is such a topic.
    pub(crate) fn set_topic_settings(&mut self, topic: &str, given: &Given) -> bool {
        let mut config = self.default_topic_config();
        for (name, value) in given {
            if let Err(problem) = config.set(name, value) {
                tracing::warn!(topic, problem, "left out");
            }
        }
        match self.topics.get_mut(topic) {
            Some(topic) => {
                topic.config = config;
                true
            }
            None => false,
        }
    }

    /// Lets topics follow a change of brokers' settings.
    pub(crate) fn brokers_settings_changed(&mut self) {
        let topics = self.topics.values();
        let all: Vec<_> = topics
            .map(|topic| (topic.name.clone(), topic.config.given().clone()))
            .collect();
        for (name, given) in all {
            self.set_topic_settings(&name, &given);
        }
    }

    /// What a topic's setting is, as `broker` sees it.
    pub(crate) fn topic_setting(&self, setting: &Setting, given: &Given, broker: i32) -> Value {
        let configured = |name: &str| self.configured(broker, name);
        self.settings
            .of_resource(setting, Source::Topic, Some(given), broker, configured)
    }

    /// What a broker's setting is.
    pub(crate) fn broker_setting(&self, setting: &Setting, broker: i32) -> Value {
        let configured = self.configured(broker, setting.name);
        self.settings.of_broker(setting, broker, configured)
    }

    /// What a broker's own configuration says, where it is not the default.
    pub(crate) fn configured(&self, broker: i32, name: &str) -> Option<String> {
        let config = &self.config;
        let voter = |broker: &Broker| format!("{}@{}:{}", broker.id, broker.host, broker.port);
        let value = match name {
            "broker.id" | "node.id" => broker.to_string(),
            "broker.rack" => self.broker(broker)?.rack.as_ref()?.to_string(),
            "listeners" => {
                let broker = self.broker(broker)?;
                format!("PLAINTEXT://{}:{}", broker.host, broker.port)
            }
            "process.roles" => "broker,controller".to_owned(),
            "controller.listener.names" => "CONTROLLER".to_owned(),
            "controller.quorum.voters" => self.brokers().map(voter).collect::<Vec<_>>().join(","),
            "num.partitions" => config.default_partitions.to_string(),
            "default.replication.factor" => config.replication_factor().to_string(),
            "auto.create.topics.enable" => config.auto_create_topics.to_string(),
            "message.max.bytes" => config.max_message_bytes.to_string(),
            "socket.request.max.bytes" => config.max_request_bytes.to_string(),
            "offset.metadata.max.bytes" => config.groups.offset_metadata_max_bytes.to_string(),
            "group.initial.rebalance.delay.ms" => config
                .groups
                .initial_rebalance_delay
                .as_millis()
                .to_string(),
            "group.min.session.timeout.ms" => config.groups.min_session_timeout_ms.to_string(),
            "group.max.session.timeout.ms" => config.groups.max_session_timeout_ms.to_string(),
            "log.message.timestamp.after.max.ms" => config.timestamp_after_max_ms.to_string(),
            "replica.lag.time.max.ms" => config.replica_lag_max.as_millis().to_string(),
            "broker.session.timeout.ms" => config.broker_session_timeout.as_millis().to_string(),
            _ => return None,
        };
        let default = settings::find(Scope::Broker, name)?.default;
        (default != Some(value.as_str())).then_some(value)
    }

    /// What was set for brokers and holds for topics: for all brokers, or for
    /// the only one.
    fn changed_for_topics(&self, name: &str) -> Option<&String> {
        let only = match self.brokers.len() {
            1 => self.settings.brokers.values().next(),
            _ => None,
        };
        only.and_then(|own| own.get(name))
            .or_else(|| self.settings.all_brokers.get(name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::cluster;
    use super::super::{NewTopic, Placement};
    use super::*;

    #[test]
    fn topics_follow_the_brokers_settings_they_do_not_set() {
        let mut cluster = cluster(1);
        let assigned = || Placement::Assigned(vec![vec![1]]);
        let own = NewTopic {
            config: vec![("max.message.bytes".to_owned(), Some("7".to_owned()))],
            ..NewTopic::new("own", assigned())
        };
        cluster.create_topic(&own, false).unwrap();
        let common = NewTopic::new("common", assigned());
        cluster.create_topic(&common, false).unwrap();
        let bytes =
            |cluster: &Cluster, topic: &str| cluster.topic(topic).unwrap().config.max_message_bytes;
        let set = Given::from([("message.max.bytes".to_owned(), "5".to_owned())]);
        cluster.settings.all_brokers = set;
        cluster.brokers_settings_changed();
        assert_eq!((bytes(&cluster, "own"), bytes(&cluster, "common")), (7, 5));
        let new = NewTopic::new("new", assigned());
        cluster.create_topic(&new, false).unwrap();
        assert_eq!(bytes(&cluster, "new"), 5);
        assert!(cluster.set_topic_settings("own", &Given::new()));
        assert_eq!(bytes(&cluster, "own"), 5);
        assert!(!cluster.set_topic_settings("nope", &Given::new()));
    }

    #[test]
    fn a_brokers_own_configuration_shows() {
        let cluster = cluster(3);
        let value = |name| {
            let setting = settings::find(Scope::Broker, name).unwrap();
            let value = cluster.broker_setting(setting, 2);
            (value.value, value.source)
        };
        assert_eq!(value("broker.id"), (Some("2".into()), Source::Static));
        assert_eq!(
            value("default.replication.factor"),
            (Some("3".into()), Source::Static)
        );
        assert_eq!(value("num.partitions"), (Some("1".into()), Source::Default));
        assert_eq!(value("broker.rack"), (None, Source::Default));
        let (voters, _) = value("controller.quorum.voters");
        assert!(voters.is_some_and(|voters| voters.starts_with("1@127.0.0.1:9092,2@")));
    }
}
