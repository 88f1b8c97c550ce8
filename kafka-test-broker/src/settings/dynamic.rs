use std::collections::BTreeMap;

use super::{Scope, Setting, find};

/// Settings that were given, by name.
pub(crate) type Given = BTreeMap<String, String>;

/// Where a value comes from, with its number in DescribeConfigs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Topic = 1,
    /// Set for one broker while it runs.
    Broker = 2,
    /// Set for all brokers while they run.
    AllBrokers = 3,
    /// From the broker's own configuration.
    Static = 4,
    Default = 5,
    ClientMetrics = 7,
    Group = 8,
}

/// A setting's value here and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub value: Option<String>,
    pub source: Source,
    /// All that it could be, by the order in which it is looked for.
    pub synonyms: Vec<Synonym>,
}

/// One place where a setting's value may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Synonym {
    pub name: &'static str,
    pub value: String,
    pub source: Source,
}

/// What was set while the cluster ran, but for topics', which they keep
/// themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct DynamicSettings {
    pub all_brokers: Given,
    pub brokers: BTreeMap<i32, Given>,
    pub groups: BTreeMap<String, Given>,
    pub client_metrics: BTreeMap<String, Given>,
    pub loggers: BTreeMap<i32, Given>,
}

impl DynamicSettings {
    /// What a broker's setting is. `configured` is what its own configuration
    /// says of it, if anything.
    pub(crate) fn of_broker(
        &self,
        setting: &Setting,
        broker: i32,
        configured: Option<String>,
    ) -> Value {
        let synonyms = self.broker_synonyms(setting.name, broker, configured, setting.default);
        first_of(setting, synonyms)
    }

    /// What the setting of a topic, a group or a client metrics subscription is,
    /// which fall back to those of the broker that is asked.
    pub(crate) fn of_resource(
        &self,
        setting: &Setting,
        source: Source,
        given: Option<&Given>,
        broker: i32,
        configured: impl Fn(&str) -> Option<String>,
    ) -> Value {
        let given = given.and_then(|given| given.get(setting.name));
        let mut synonyms: Vec<Synonym> = given
            .map(|value| Synonym {
                name: setting.name,
                value: value.clone(),
                source,
            })
            .into_iter()
            .collect();
        if let Some(name) = setting.broker_setting {
            // A broker's default holds, where it has one.
            let default = match find(Scope::Broker, name) {
                Some(broker) => broker.default,
                None => setting.default,
            };
            synonyms.extend(self.broker_synonyms(name, broker, configured(name), default));
        }
        first_of(setting, synonyms)
    }

    fn broker_synonyms(
        &self,
        name: &'static str,
        broker: i32,
        configured: Option<String>,
        default: Option<&str>,
    ) -> Vec<Synonym> {
        let own = self.brokers.get(&broker).and_then(|own| own.get(name));
        let common = self.all_brokers.get(name);
        let places = [
            (own.cloned(), Source::Broker),
            (common.cloned(), Source::AllBrokers),
            (configured, Source::Static),
            (default.map(str::to_owned), Source::Default),
        ];
        let synonym = |(value, source): (Option<String>, Source)| {
            Some(Synonym {
                name,
                value: value?,
                source,
            })
        };
        places.into_iter().filter_map(synonym).collect()
    }
}

fn first_of(setting: &Setting, synonyms: Vec<Synonym>) -> Value {
    let (value, source) = match synonyms.first() {
        Some(first) => (Some(first.value.clone()), first.source),
        None => (setting.default.map(str::to_owned), Source::Default),
    };
    Value {
        value,
        source,
        synonyms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_from_the_nearest_place() {
        let mut settings = DynamicSettings::default();
        let retention = find(Scope::Topic, "retention.ms").unwrap();
        let look = |settings: &DynamicSettings, given: Option<&Given>| {
            let value = settings.of_resource(retention, Source::Topic, given, 1, |_| None);
            let places: Vec<_> = value.synonyms.iter().map(|place| place.source).collect();
            (value.value.unwrap(), value.source, places)
        };
        // The broker's own has no default.
        assert_eq!(
            look(&settings, None),
            ("604800000".to_owned(), Source::Default, vec![])
        );
        let log_retention = || "log.retention.ms".to_owned();
        settings.all_brokers.insert(log_retention(), "3".to_owned());
        let own = Given::from([(log_retention(), "2".to_owned())]);
        settings.brokers.insert(1, own);
        assert_eq!(
            look(&settings, None),
            (
                "2".to_owned(),
                Source::Broker,
                vec![Source::Broker, Source::AllBrokers]
            )
        );
        let given = Given::from([("retention.ms".to_owned(), "1".to_owned())]);
        assert_eq!(
            look(&settings, Some(&given)),
            (
                "1".to_owned(),
                Source::Topic,
                vec![Source::Topic, Source::Broker, Source::AllBrokers]
            )
        );
        let partitions = find(Scope::Broker, "num.partitions").unwrap();
        let value = settings.of_broker(partitions, 1, Some("5".to_owned()));
        assert_eq!(value.value.as_deref(), Some("5"));
        assert_eq!(value.source, Source::Static);
        assert_eq!(value.synonyms.len(), 2);
    }
}
