//! The Kafka versions the harness knows, and what each needs to run.

use std::fmt;

use crate::error::{Error, Result};

/// How a broker of a version keeps its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Brokers with a Raft quorum of their own (KIP-500).
    KRaft,
    /// Brokers beside a ZooKeeper, which the harness starts from the same jars.
    ZooKeeper,
}

/// One Kafka release that can be downloaded and started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KafkaVersion {
    number: &'static str,
    scala: &'static str,
    era: Era,
    extra: &'static [Artifact],
    dialect: Dialect,
}

/// What a broker's properties file may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dialect {
    /// 0.8: `port` and `host.name`, no `listeners`.
    HostAndPort,
    /// 0.9 to 0.10: host names beside `listeners`, no transactions.
    Listeners,
    /// 0.11 to 2.7: transactions and their topic settings.
    Transactions,
    /// 2.8 on: `listeners` only.
    Modern,
}

/// A Maven artifact: group, name, version (`None`: the Kafka version).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    pub(crate) group: &'static str,
    pub(crate) name: &'static str,
    pub(crate) version: Option<&'static str>,
}

const TOOLS: &[Artifact] = &[Artifact {
    group: "org.apache.kafka",
    name: "kafka-tools",
    version: None,
}];

/// What Java stopped shipping after 8, and the logger that 0.x calls directly.
const BEFORE_JAVA_9: &[Artifact] = &[
    Artifact {
        group: "javax.xml.bind",
        name: "jaxb-api",
        version: Some("2.3.1"),
    },
    Artifact {
        group: "log4j",
        name: "log4j",
        version: Some("1.2.17"),
    },
];

/// For 2.0: its own ZooKeeper, 3.4.13, finds no address on Java 14 and later.
const NEWER_ZOOKEEPER: &[Artifact] = &[Artifact {
    group: "org.apache.zookeeper",
    name: "zookeeper",
    version: Some("3.5.7"),
}];

const fn kafka(
    number: &'static str,
    scala: &'static str,
    era: Era,
    extra: &'static [Artifact],
    dialect: Dialect,
) -> KafkaVersion {
    KafkaVersion {
        number,
        scala,
        era,
        extra,
        dialect,
    }
}

const VERSIONS: &[KafkaVersion] = &[
    kafka("4.3.1", "2.13", Era::KRaft, TOOLS, Dialect::Modern),
    kafka("4.0.0", "2.13", Era::KRaft, TOOLS, Dialect::Modern),
    kafka("3.9.1", "2.13", Era::KRaft, TOOLS, Dialect::Modern),
    kafka("2.8.2", "2.12", Era::ZooKeeper, &[], Dialect::Modern),
    kafka("2.4.1", "2.12", Era::ZooKeeper, &[], Dialect::Transactions),
    kafka(
        "2.0.1",
        "2.12",
        Era::ZooKeeper,
        NEWER_ZOOKEEPER,
        Dialect::Transactions,
    ),
    kafka(
        "1.1.1",
        "2.11",
        Era::ZooKeeper,
        BEFORE_JAVA_9,
        Dialect::Transactions,
    ),
    kafka(
        "0.11.0.3",
        "2.11",
        Era::ZooKeeper,
        BEFORE_JAVA_9,
        Dialect::Transactions,
    ),
    kafka(
        "0.10.2.2",
        "2.11",
        Era::ZooKeeper,
        BEFORE_JAVA_9,
        Dialect::Listeners,
    ),
    kafka(
        "0.10.0.1",
        "2.11",
        Era::ZooKeeper,
        BEFORE_JAVA_9,
        Dialect::Listeners,
    ),
    kafka(
        "0.9.0.1",
        "2.11",
        Era::ZooKeeper,
        BEFORE_JAVA_9,
        Dialect::Listeners,
    ),
    kafka(
        "0.8.2.2",
        "2.11",
        Era::ZooKeeper,
        BEFORE_JAVA_9,
        Dialect::HostAndPort,
    ),
];

impl KafkaVersion {
    /// Every version the harness can start, newest first.
    pub fn all() -> &'static [Self] {
        VERSIONS
    }

    /// The version of this number; an unknown number is an error that lists
    /// the known ones.
    pub fn find(number: &str) -> Result<Self> {
        VERSIONS
            .iter()
            .find(|version| version.number == number)
            .copied()
            .ok_or_else(|| {
                let known: Vec<_> = VERSIONS.iter().map(|version| version.number).collect();
                Error::new(format!(
                    "no Kafka version {number:?} here; known are {}",
                    known.join(", ")
                ))
            })
    }

    /// The number, such as `4.3.1`.
    pub fn number(&self) -> &'static str {
        self.number
    }

    /// How its brokers keep their metadata.
    pub fn era(&self) -> Era {
        self.era
    }

    /// True where Kafka's tools are Java classes in `org.apache.kafka.tools`
    /// (3.9 on) rather than Scala ones in `kafka.*`.
    pub fn has_java_tools(&self) -> bool {
        self.era == Era::KRaft
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What Maven has to collect, by artifact name.
    pub(crate) fn artifacts(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut all = vec![
            (
                "org.apache.kafka",
                format!("kafka_{}", self.scala),
                self.number,
            ),
            ("org.slf4j", "slf4j-simple".to_owned(), "1.7.36"),
        ];
        all.extend(self.extra.iter().map(|artifact| {
            (
                artifact.group,
                artifact.name.to_owned(),
                artifact.version.unwrap_or(self.number),
            )
        }));
        all
    }
}

impl fmt::Display for KafkaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_version_is_refused_with_the_known_ones() {
        let error = KafkaVersion::find("9.9.9").unwrap_err().to_string();
        assert!(
            error.contains("9.9.9") && error.contains("4.3.1") && error.contains("0.8.2.2"),
            "{error}"
        );
    }

    #[test]
    fn old_versions_bring_what_java_no_longer_ships() {
        let names = |number: &str| -> Vec<String> {
            KafkaVersion::find(number)
                .unwrap()
                .artifacts()
                .into_iter()
                .map(|(_, name, _)| name)
                .collect()
        };
        assert_eq!(
            names("1.1.1"),
            ["kafka_2.11", "slf4j-simple", "jaxb-api", "log4j"]
        );
        assert_eq!(names("2.8.2"), ["kafka_2.12", "slf4j-simple"]);
        assert_eq!(
            names("4.3.1"),
            ["kafka_2.13", "slf4j-simple", "kafka-tools"]
        );
    }
}
