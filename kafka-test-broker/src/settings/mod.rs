//! Kafka's settings of topics, brokers, groups and client metrics: their names,
//! types, defaults and bounds, and what was set while the cluster ran.
//!
//! The table was read from a real 4.3.1.

mod dynamic;
mod rule;

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub(crate) use dynamic::{DynamicSettings, Given, Source, Synonym, Value};
use rule::Rule;
pub(crate) use rule::{with_items, without_items};

/// One line for each setting.
const TABLE: &str = include_str!("settings.tsv");

/// How the table says that there is nothing.
const NOTHING: &str = "-";

/// How the table says that a default is null.
const NULL: &str = "~";

/// What a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Topic,
    Broker,
    Group,
    ClientMetrics,
}

/// What values of a setting look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    String,
    Int,
    Short,
    Long,
    Double,
    List,
    Class,
    /// Never shown.
    Password,
}

/// What may change a setting while a broker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// Nothing: it stands in the broker's own configuration.
    Never,
    /// A change for one broker.
    Broker,
    /// A change for one or all.
    Any,
}

/// One of Kafka's settings.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub name: &'static str,
    pub kind: Kind,
    pub update: Update,
    /// `None` for null.
    pub default: Option<&'static str>,
    /// The broker's setting that a topic or group falls back to.
    pub broker_setting: Option<&'static str>,
    rule: Rule,
}

type Table = BTreeMap<(Scope, &'static str), Setting>;

/// Every setting of a kind of resource, by name.
pub(crate) fn all(scope: Scope) -> impl Iterator<Item = &'static Setting> {
    let scoped = table().iter().filter(move |((of, _), _)| *of == scope);
    scoped.map(|(_, setting)| setting)
}

/// The setting of this name.
pub(crate) fn find(scope: Scope, name: &str) -> Option<&'static Setting> {
    // The key borrows for as long as the table, which no argument does.
    table()
        .range((scope, "")..)
        .take_while(|((of, _), _)| *of == scope)
        .find(|((_, known), _)| *known == name)
        .map(|(_, setting)| setting)
}

fn table() -> &'static Table {
    static ROWS: OnceLock<Table> = OnceLock::new();
    ROWS.get_or_init(|| TABLE.lines().filter_map(parse_line).collect())
}

impl Setting {
    /// Whether it takes `value`; what is wrong with it otherwise.
    pub(crate) fn check(&self, value: &str) -> Result<(), String> {
        rule::check(self.name, self.kind, &self.rule, value)
    }
}

impl Kind {
    /// Its number in DescribeConfigs.
    pub(crate) fn code(self) -> i8 {
        match self {
            Self::Boolean => 1,
            Self::String => 2,
            Self::Int => 3,
            Self::Short => 4,
            Self::Long => 5,
            Self::Double => 6,
            Self::List => 7,
            Self::Class => 8,
            Self::Password => 9,
        }
    }
}

fn parse_line(line: &'static str) -> Option<((Scope, &'static str), Setting)> {
    let columns: Vec<&'static str> = line.split('\t').collect();
    let [scope, name, kind, update, default, broker_setting, rule] = columns[..] else {
        return None;
    };
    let scope = match scope {
        "topic" => Scope::Topic,
        "broker" => Scope::Broker,
        "group" => Scope::Group,
        "client-metrics" => Scope::ClientMetrics,
        _ => return None,
    };
    let kind = match kind {
        "boolean" => Kind::Boolean,
        "string" => Kind::String,
        "int" => Kind::Int,
        "short" => Kind::Short,
        "long" => Kind::Long,
        "double" => Kind::Double,
        "list" => Kind::List,
        "class" => Kind::Class,
        "password" => Kind::Password,
        _ => return None,
    };
    let update = match update {
        "never" => Update::Never,
        "broker" => Update::Broker,
        "any" => Update::Any,
        _ => return None,
    };
    let setting = Setting {
        name,
        kind,
        update,
        default: (default != NULL).then_some(default),
        broker_setting: (broker_setting != NOTHING).then_some(broker_setting),
        rule: Rule::parse(rule)?,
    };
    Some(((scope, name), setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_setting_whose_default_it_takes() {
        let (_, lines) = TABLE.split_once('\n').unwrap();
        assert_eq!(lines.lines().count(), table().len());
        for ((scope, name), setting) in table() {
            if let Some(default) = setting.default {
                assert_eq!(setting.check(default), Ok(()), "{scope:?} {name}");
            }
            // The setting that a topic falls back to is a broker's.
            if *scope == Scope::Topic
                && let Some(broker) = setting.broker_setting
            {
                let broker = find(Scope::Broker, broker).unwrap();
                assert_eq!(broker.kind, setting.kind, "{name}");
            }
        }
        assert_eq!(all(Scope::Topic).count(), 33);
        assert_eq!(all(Scope::Broker).count(), 340);
        assert_eq!(all(Scope::Group).count(), 17);
        assert_eq!(all(Scope::ClientMetrics).count(), 3);
        assert!(find(Scope::Topic, "no.such").is_none());
        assert!(find(Scope::Broker, "retention.ms").is_none());
    }
}
