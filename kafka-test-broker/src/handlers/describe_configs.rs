//! DescribeConfigs, versions 0–4: the settings of topics, brokers, groups and
//! client metrics subscriptions (KIP-133).
//!
//! - 0: tells defaults from others. 1: sources and synonyms (KIP-226).
//! - 2: throttled after the answer. 3: types, documentation (KIP-569).
//! - 4: flexible.
//!
//! Kafka's documentation of its settings is not repeated here.

use kafka_protocol::messages::describe_configs::{
    DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResult,
    DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::configs::{self, Refusal, ResourceType};
use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, invalid_name};
use crate::faults::Target;
use crate::security::{Need, Operation};
use crate::settings::{self, Given, Kind, Scope, Setting, Source, Update, Value};

/// The source of a level that was set for a logger.
const SOURCE_LOGGER: i8 = 6;

/// The logger that all others follow, and its level in a new broker.
const ROOT_LOGGER: (&str, &str) = ("root", "INFO");

impl Handler for DescribeConfigsRequest {
    fn targets(&self, _cluster: &Cluster) -> Vec<Target> {
        let topics = self
            .resources
            .iter()
            .filter(|resource| resource.resource_type == ResourceType::Topic.code());
        let target = |resource: &DescribeConfigsResource| Target {
            topic: resource.resource_name.clone(),
            partition: None,
        };
        topics.map(target).collect()
    }

    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        let resources = self.resources.iter();
        resources
            .map(
                |resource| match ResourceType::from_code(resource.resource_type) {
                    Some(ResourceType::Topic) => {
                        Need::topic(Operation::DescribeConfigs, resource.resource_name.clone())
                    }
                    _ => Need::cluster(Operation::DescribeConfigs),
                },
            )
            .collect()
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<DescribeConfigsResponse> {
        let results = self.resources.iter().map(|resource| {
            let result = DescribeConfigsResult::new()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone());
            match describe(context, resource, self.include_synonyms) {
                Ok(configs) => result.with_configs(configs),
                Err(Refusal { code, message }) => result
                    .with_error_code(code.code())
                    .with_error_message(StrBytes::from(message)),
            }
        });
        let results: Vec<_> = results.collect();
        Outcome::Answer(DescribeConfigsResponse::new().with_results(results))
    }
}

fn describe(
    context: &Context<'_>,
    resource: &DescribeConfigsResource,
    with_synonyms: bool,
) -> Result<Vec<DescribeConfigsResourceResult>, Refusal> {
    let name = resource.resource_name.as_str();
    let malformed = || {
        let code = ErrorCode::InvalidRequest;
        Refusal::new(code, code.description())
    };
    let kind = ResourceType::from_code(resource.resource_type).ok_or_else(malformed)?;
    if let Some(code) = context.plan.whole_error()
        && kind != ResourceType::Topic
    {
        return Err(Refusal::new(code, code.description()));
    }
    let shown = Shown {
        keys: resource.configuration_keys.as_deref().unwrap_or_default(),
        with_synonyms,
        tells_defaults: context.version == 0,
    };
    let cluster = &context.cluster;
    let broker = context.broker;
    match kind {
        ResourceType::Topic => {
            if let Some(problem) = invalid_name(name) {
                return Err(Refusal::new(ErrorCode::InvalidTopicException, problem));
            }
            if let Some(code) = context.plan.topic_error(name) {
                return Err(Refusal::new(code, code.description()));
            }
            let topic = cluster
                .topic(name)
                .ok_or_else(|| Refusal::new(ErrorCode::UnknownTopicOrPartition, ""))?;
            let given = topic.config.given();
            Ok(shown.all(Scope::Topic, |setting| {
                Some(cluster.topic_setting(setting, given, broker))
            }))
        }
        ResourceType::Broker => match configs::broker_named(context, name) {
            Err(_) => Err(malformed()),
            Ok(Some(id)) => {
                let mut all = shown.all(Scope::Broker, |setting| {
                    Some(cluster.broker_setting(setting, id))
                });
                let own = cluster.settings.brokers.get(&id);
                all.extend(shown.unknown(own, Source::Broker));
                Ok(all)
            }
            // Of all brokers, what was set for them all.
            Ok(None) => Ok(shown.all(Scope::Broker, |setting| {
                cluster.settings.all_brokers.get(setting.name)?;
                let mut value = cluster.settings.of_broker(setting, -1, None);
                value
                    .synonyms
                    .retain(|synonym| synonym.source == Source::AllBrokers);
                Some(value)
            })),
        },
        ResourceType::BrokerLogger => match configs::broker_named(context, name) {
            Ok(Some(id)) => Ok(shown.loggers(cluster.settings.loggers.get(&id))),
            _ => Err(malformed()),
        },
        ResourceType::Group | ResourceType::ClientMetrics if name.is_empty() => Err(malformed()),
        ResourceType::Group => {
            let given = cluster.settings.groups.get(name);
            Ok(shown.all(Scope::Group, |setting| {
                let configured = |name: &str| cluster.configured(broker, name);
                let store = &cluster.settings;
                Some(store.of_resource(setting, Source::Group, given, broker, configured))
            }))
        }
        ResourceType::ClientMetrics => {
            let given = cluster.settings.client_metrics.get(name);
            Ok(shown.all(Scope::ClientMetrics, |setting| {
                let store = &cluster.settings;
                Some(store.of_resource(setting, Source::ClientMetrics, given, broker, |_| None))
            }))
        }
    }
}

/// What of a resource's settings is asked for.
struct Shown<'a> {
    /// Empty for all of them.
    keys: &'a [StrBytes],
    with_synonyms: bool,
    /// Only the first version does.
    tells_defaults: bool,
}

impl Shown<'_> {
    fn all(
        &self,
        scope: Scope,
        value: impl Fn(&'static Setting) -> Option<Value>,
    ) -> Vec<DescribeConfigsResourceResult> {
        let wanted = settings::all(scope).filter(|setting| self.is_wanted(setting.name));
        wanted
            .filter_map(|setting| Some(self.entry(scope, setting, value(setting)?)))
            .collect()
    }

    /// Settings that were given and nobody knows: they might be secret.
    fn unknown(&self, given: Option<&Given>, source: Source) -> Vec<DescribeConfigsResourceResult> {
        let names = given.into_iter().flat_map(Given::keys);
        let unknown = names.filter(|name| settings::find(Scope::Broker, name).is_none());
        let entry = |name: &String| {
            let name = StrBytes::from(name.clone());
            let synonym = DescribeConfigsSynonym::new()
                .with_name(name.clone())
                .with_value(None)
                .with_source(source as i8);
            DescribeConfigsResourceResult::new()
                .with_name(name)
                .with_value(None)
                .with_read_only(true)
                .with_config_source(source as i8)
                .with_is_sensitive(true)
                .with_synonyms(if self.with_synonyms {
                    vec![synonym]
                } else {
                    Vec::new()
                })
                .with_documentation(None)
        };
        unknown
            .filter(|name| self.is_wanted(name))
            .map(entry)
            .collect()
    }

    fn loggers(&self, levels: Option<&Given>) -> Vec<DescribeConfigsResourceResult> {
        let (root, usual) = ROOT_LOGGER;
        let mut all = Given::from([(root.to_owned(), usual.to_owned())]);
        all.extend(levels.cloned().unwrap_or_default());
        all.retain(|name, _| self.is_wanted(name));
        let entry = |(name, level)| {
            DescribeConfigsResourceResult::new()
                .with_name(StrBytes::from(name))
                .with_value(Some(StrBytes::from(level)))
                .with_config_source(SOURCE_LOGGER)
        };
        all.into_iter().map(entry).collect()
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.keys.is_empty() || self.keys.iter().any(|key| key.as_str() == name)
    }

    fn entry(
        &self,
        scope: Scope,
        setting: &'static Setting,
        value: Value,
    ) -> DescribeConfigsResourceResult {
        let secret = setting.kind == Kind::Password;
        let show = |value: String| (!secret).then(|| StrBytes::from(value));
        let mut synonyms = Vec::new();
        if self.with_synonyms {
            let synonym = |synonym: settings::Synonym| {
                DescribeConfigsSynonym::new()
                    .with_name(StrBytes::from_static(synonym.name))
                    .with_value(show(synonym.value))
                    .with_source(synonym.source as i8)
            };
            synonyms = value.synonyms.into_iter().map(synonym).collect();
        }
        DescribeConfigsResourceResult::new()
            .with_name(StrBytes::from_static(setting.name))
            .with_value(value.value.and_then(show))
            .with_read_only(scope == Scope::Broker && setting.update == Update::Never)
            .with_is_default(self.tells_defaults && value.source == Source::Default)
            .with_config_source(value.source as i8)
            .with_is_sensitive(secret)
            .with_synonyms(synonyms)
            .with_config_type(setting.kind.code())
            .with_documentation(None)
    }
}
