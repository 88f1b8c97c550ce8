//! What AlterConfigs and IncrementalAlterConfigs have in common: the resources,
//! and which changes they take.

use std::collections::BTreeSet;

use kafka_protocol::{ErrorCode, StrBytes};

use super::Context;
use crate::cluster::{ELIGIBLE_LEADER_REPLICAS, METADATA_TOPIC, invalid_name};
use crate::settings::{self, Given, Kind, Scope, Update};

/// What has settings, with its number in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResourceType {
    Topic,
    Broker,
    BrokerLogger,
    ClientMetrics,
    Group,
}

/// What to do with one setting.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operation {
    Set(String),
    Delete,
    /// Adds items to a list.
    Append(String),
    /// Takes items from a list.
    Subtract(String),
    /// There is no operation of this number.
    Unknown,
    /// There has to be a value, and there is none.
    NoValue,
}

/// Changes to one resource.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    /// As it is in the request: it may be unknown.
    pub resource_type: i8,
    pub name: StrBytes,
    /// By setting, in the order of the request.
    pub operations: Vec<(StrBytes, Operation)>,
    /// Whether what is not named falls back to its default.
    pub replace: bool,
}

/// Why settings are not changed, or not shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub code: ErrorCode,
    /// Empty where Kafka gives no reason.
    pub message: String,
}

impl ResourceType {
    /// In the order in which Kafka lists resources.
    pub(super) const ALL: [Self; 5] = [
        Self::Group,
        Self::ClientMetrics,
        Self::BrokerLogger,
        Self::Broker,
        Self::Topic,
    ];

    pub(super) fn code(self) -> i8 {
        match self {
            Self::Topic => 2,
            Self::Broker => 4,
            Self::BrokerLogger => 8,
            Self::ClientMetrics => 16,
            Self::Group => 32,
        }
    }

    pub(super) fn from_code(code: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidConfig, message)
    }
}

/// Changes each resource, or with `dry_run` only says what would come of it.
/// The results are in the order of `all`.
pub(super) fn alter(
    context: &mut Context<'_>,
    all: &[Changes],
    dry_run: bool,
) -> Vec<Result<(), Refusal>> {
    let same = |a: &Changes, b: &Changes| a.resource_type == b.resource_type && a.name == b.name;
    let mut results = Vec::with_capacity(all.len());
    for changes in all {
        let twice = all.iter().filter(|other| same(changes, other)).count() > 1;
        results.push(if twice {
            Err(Refusal::invalid("a resource is named twice"))
        } else {
            alter_one(context, changes, dry_run)
        });
    }
    results
}

fn alter_one(context: &mut Context<'_>, changes: &Changes, dry_run: bool) -> Result<(), Refusal> {
    let kind = ResourceType::from_code(changes.resource_type).ok_or_else(|| {
        Refusal::invalid(format!(
            "there is no resource type {}",
            changes.resource_type
        ))
    })?;
    let injected = match kind {
        ResourceType::Topic => context.plan.topic_error(&changes.name),
        _ => context.plan.whole_error(),
    };
    if let Some(code) = injected {
        return Err(Refusal::new(code, code.description()));
    }
    changes.check_request()?;
    match kind {
        ResourceType::Topic => alter_topic(context, changes, dry_run),
        ResourceType::Broker => alter_broker(context, changes, dry_run),
        ResourceType::BrokerLogger => alter_loggers(context, changes, dry_run),
        ResourceType::Group | ResourceType::ClientMetrics => {
            alter_named(context, kind, changes, dry_run)
        }
    }
}

impl Changes {
    fn check_request(&self) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for (name, operation) in &self.operations {
            if !seen.insert(name) {
                return Err(Refusal::invalid(format!("{name} is named twice")));
            }
            if *operation == Operation::NoValue {
                return Err(Refusal::invalid(format!("{name} needs a value")));
            }
        }
        let unknown = |(_, operation): &(StrBytes, Operation)| *operation == Operation::Unknown;
        if self.operations.iter().any(unknown) {
            return Err(Refusal::new(ErrorCode::UnknownServerError, ""));
        }
        Ok(())
    }

    /// What is given after the changes to `given`.
    fn applied(
        &self,
        scope: Scope,
        given: &Given,
        default: impl Fn(&str) -> Option<String>,
    ) -> Result<Given, Refusal> {
        let mut result = if self.replace {
            Given::new()
        } else {
            given.clone()
        };
        for (name, operation) in &self.operations {
            let (items, adds) = match operation {
                Operation::Set(value) => {
                    result.insert(name.to_string(), value.clone());
                    continue;
                }
                Operation::Append(items) => (items, true),
                Operation::Subtract(items) => (items, false),
                Operation::Delete | Operation::Unknown | Operation::NoValue => {
                    result.remove(name.as_str());
                    continue;
                }
            };
            let kind = settings::find(scope, name).map(|setting| setting.kind);
            if kind != Some(Kind::List) {
                return Err(Refusal::config(format!("{name} is no list")));
            }
            let present = result.get(name.as_str()).cloned();
            let present = present.or_else(|| default(name)).unwrap_or_default();
            let list = if adds {
                settings::with_items(&present, items)
            } else {
                settings::without_items(&present, items)
            };
            result.insert(name.to_string(), list);
        }
        Ok(result)
    }
}

fn alter_topic(context: &mut Context<'_>, changes: &Changes, dry_run: bool) -> Result<(), Refusal> {
    let name = &changes.name;
    if name.is_empty() {
        return Err(Refusal::invalid("a topic needs a name"));
    }
    let cluster = &mut context.cluster;
    let known = cluster.topic(name).map(|topic| topic.config.given());
    let unknown = known.is_none();
    let present = known.cloned().unwrap_or_default();
    let default = |name: &str| {
        let setting = settings::find(Scope::Topic, name)?;
        let value = cluster.topic_setting(setting, &Given::new(), context.broker);
        value.value
    };
    let given = changes.applied(Scope::Topic, &present, default)?;
    if let Some(problem) = invalid_name(name) {
        return Err(Refusal::new(ErrorCode::InvalidTopicException, problem));
    }
    let mut config = cluster.default_topic_config();
    for (name, value) in &given {
        config.set(name, value).map_err(Refusal::config)?;
    }
    if let Some(problem) = config.contradiction() {
        return Err(Refusal::config(problem));
    }
    if unknown {
        let message = if name.as_str() == METADATA_TOPIC {
            "it is the brokers' own"
        } else {
            "there is no such topic"
        };
        return Err(Refusal::new(ErrorCode::UnknownTopicOrPartition, message));
    }
    if !dry_run {
        cluster.set_topic_settings(name, &given);
    }
    Ok(())
}

fn alter_broker(
    context: &mut Context<'_>,
    changes: &Changes,
    dry_run: bool,
) -> Result<(), Refusal> {
    let id = broker_named(context, &changes.name)?;
    let cluster = &mut context.cluster;
    let store = &cluster.settings;
    let present = match id {
        Some(id) => store.brokers.get(&id).cloned().unwrap_or_default(),
        None => store.all_brokers.clone(),
    };
    let default = |name: &str| {
        let setting = settings::find(Scope::Broker, name)?;
        cluster.broker_setting(setting, context.broker).value
    };
    let given = changes.applied(Scope::Broker, &present, default)?;
    for (name, _) in &changes.operations {
        check_broker_setting(name, given.get(name.as_str()), id)?;
    }
    let replicas = "min.insync.replicas";
    let common = cluster.features.level(ELIGIBLE_LEADER_REPLICAS) > 0;
    if common && id.is_some() && given.contains_key(replicas) {
        return Err(Refusal::config(format!(
            "{replicas} is one for all brokers as long as replicas are eligible by it"
        )));
    }
    if common && id.is_none() && !given.contains_key(replicas) {
        return Err(Refusal::config(format!(
            "{replicas} stays as long as replicas are eligible by it"
        )));
    }
    if !dry_run {
        let store = &mut cluster.settings;
        match id {
            Some(id) => {
                store.brokers.insert(id, given);
            }
            None => store.all_brokers = given,
        }
        cluster.brokers_settings_changed();
    }
    Ok(())
}

/// Whether a running broker takes a value, `None` for its removal. Names that
/// nobody knows are taken: they may be those of a plug-in.
fn check_broker_setting(
    name: &str,
    value: Option<&String>,
    broker: Option<i32>,
) -> Result<(), Refusal> {
    let (Some(setting), Some(value)) = (settings::find(Scope::Broker, name), value) else {
        return Ok(());
    };
    match setting.update {
        Update::Never => Err(format!("{name} does not change while a broker runs")),
        Update::Broker if broker.is_none() => Err(format!("{name} is for one broker at a time")),
        Update::Broker if name.starts_with("ssl.key") || name.starts_with("ssl.truststore") => {
            Err(format!("{name} is for one listener at a time"))
        }
        _ => setting.check(value),
    }
    .map_err(Refusal::invalid)
}

/// The broker that a resource names: the one that is asked, or with no name all
/// of them.
pub(super) fn broker_named(context: &Context<'_>, name: &str) -> Result<Option<i32>, Refusal> {
    if name.is_empty() {
        return Ok(None);
    }
    let id: i32 = name
        .parse()
        .map_err(|_| Refusal::invalid(format!("{name} is no broker's number")))?;
    if id != context.broker {
        let message = format!("this is broker {}, not {id}", context.broker);
        return Err(Refusal::invalid(message));
    }
    Ok(Some(id))
}

/// The levels that loggers have.
const LOG_LEVELS: [&str; 6] = ["DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN"];

fn alter_loggers(
    context: &mut Context<'_>,
    changes: &Changes,
    dry_run: bool,
) -> Result<(), Refusal> {
    if changes.replace {
        return Err(Refusal::invalid("log levels are altered one by one"));
    }
    let Some(id) = broker_named(context, &changes.name)? else {
        return Err(Refusal::invalid("loggers are one broker's"));
    };
    let store = &mut context.cluster.settings.loggers;
    let mut levels = store.get(&id).cloned().unwrap_or_default();
    for (logger, operation) in &changes.operations {
        match operation {
            Operation::Set(level) if LOG_LEVELS.contains(&level.as_str()) => {
                levels.insert(logger.to_string(), level.clone());
            }
            Operation::Set(level) => {
                let message = format!("{logger} cannot log at {level}");
                return Err(Refusal::config(message));
            }
            Operation::Delete => {
                levels.remove(logger.as_str());
            }
            _ => return Err(Refusal::invalid("a log level is no list")),
        }
    }
    if !dry_run {
        store.insert(id, levels);
    }
    Ok(())
}

/// Groups and client metrics subscriptions, which begin to be with their first
/// setting.
fn alter_named(
    context: &mut Context<'_>,
    kind: ResourceType,
    changes: &Changes,
    dry_run: bool,
) -> Result<(), Refusal> {
    let (scope, code) = match kind {
        ResourceType::Group => (Scope::Group, ErrorCode::InvalidConfig),
        _ => (Scope::ClientMetrics, ErrorCode::InvalidRequest),
    };
    let name = &changes.name;
    if name.is_empty() {
        return Err(Refusal::invalid("the resource needs a name"));
    }
    let store = &mut context.cluster.settings;
    let store = match kind {
        ResourceType::Group => &mut store.groups,
        _ => &mut store.client_metrics,
    };
    let present = store.get(name.as_str()).cloned().unwrap_or_default();
    let default = |name: &str| settings::find(scope, name)?.default.map(str::to_owned);
    let given = changes.applied(scope, &present, default)?;
    for (name, value) in &given {
        let checked = match settings::find(scope, name) {
            Some(setting) => setting.check(value),
            None => Err(format!("there is no setting {name}")),
        };
        checked.map_err(|message| Refusal::new(code, message))?;
    }
    if !dry_run {
        if given.is_empty() {
            store.remove(name.as_str());
        } else {
            store.insert(name.to_string(), given);
        }
    }
    Ok(())
}
