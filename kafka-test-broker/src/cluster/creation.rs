use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::topic::{invalid_name, names_collide};
use super::topic_config::TopicConfig;
use super::{Cluster, Event, Partition, Topic, random_uuid};
use crate::settings::Given;

/// The most partitions one topic may get, so that a wrong number does not take
/// the machine's memory.
const MAX_PARTITIONS: i32 = 100_000;

/// Where KRaft keeps the cluster's metadata: no topic for anyone to make.
pub(crate) const METADATA_TOPIC: &str = "__cluster_metadata";

/// A topic to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewTopic {
    pub name: String,
    pub placement: Placement,
    /// Settings by Kafka's name; `None` for null, which is refused.
    pub config: Vec<(String, Option<String>)>,
}

/// Which brokers hold a new topic.
#[derive(Clone, Debug)]
pub(crate) enum Placement {
    /// Spread over all brokers; `None` stands for the cluster's default.
    Spread {
        partitions: Option<i32>,
        replication_factor: Option<i16>,
    },
    /// The replicas of each partition, the leader first.
    Assigned(Vec<Vec<i32>>),
}

/// Why a topic was not made: Kafka's code and a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CreationError {
    pub code: ErrorCode,
    pub message: String,
}

impl NewTopic {
    pub(crate) fn new(name: &str, placement: Placement) -> Self {
        Self {
            name: name.to_owned(),
            placement,
            config: Vec::new(),
        }
    }
}

impl Cluster {
    /// Makes a topic, or says why not; with `dry_run`, makes none. Returns the
    /// topic as it is, or would be.
    pub(crate) fn create_topic(
        &mut self,
        new: &NewTopic,
        dry_run: bool,
    ) -> Result<TopicMade, CreationError> {
        self.check_name(&new.name)?;
        let replicas = match &new.placement {
            Placement::Spread {
                partitions,
                replication_factor,
            } => self.spread(*partitions, *replication_factor)?,
            Placement::Assigned(assigned) => self.assigned(assigned)?,
        };
        let config = self.new_topic_config(&new.config)?;
        let made = TopicMade {
            id: random_uuid(&mut self.random),
            partitions: i32::try_from(replicas.len()).unwrap_or(i32::MAX),
            replication_factor: replicas.first().map_or(0, |replicas| {
                i16::try_from(replicas.len()).unwrap_or(i16::MAX)
            }),
            given: config.given().clone(),
        };
        if dry_run {
            return Ok(made);
        }
        let partitions = replicas
            .into_iter()
            .map(|replicas| Partition::new(replicas, |id| self.is_up(id)));
        let topic = Topic {
            name: StrBytes::from(new.name.clone()),
            id: made.id,
            config,
            partitions: partitions.collect(),
        };
        self.topics_created += 1;
        self.names.insert(topic.id, topic.name.clone());
        self.topics.insert(topic.name.clone(), topic);
        Ok(made)
    }

    /// Removes a topic, its records and what groups committed for it. Returns
    /// whether there was one.
    pub(crate) fn delete_topic(&mut self, name: &str) -> bool {
        let Some(topic) = self.topics.remove(name) else {
            return false;
        };
        self.names.remove(&topic.id);
        self.groups.offsets.forget_topic(name);
        self.groups.zookeeper.forget_topic(name);
        for (_, partition) in topic.partitions.iter().zip(0..) {
            self.events.push(Event::Changed {
                topic: topic.id,
                partition,
            });
        }
        true
    }

    fn new_topic_config(
        &self,
        given: &[(String, Option<String>)],
    ) -> Result<TopicConfig, CreationError> {
        let refuse = |message| CreationError {
            code: ErrorCode::InvalidConfig,
            message,
        };
        let mut config = self.default_topic_config();
        for (name, value) in given {
            let set = match value {
                Some(value) => config.set(name, value),
                None => Err(format!("{name} needs a value")),
            };
            set.map_err(refuse)?;
        }
        config
            .contradiction()
            .map_or(Ok(config), |wrong| Err(refuse(wrong)))
    }

    fn check_name(&self, name: &str) -> Result<(), CreationError> {
        let refuse = |code, message| Err(CreationError { code, message });
        if let Some(message) = invalid_name(name) {
            return refuse(ErrorCode::InvalidTopicException, message);
        }
        if name == METADATA_TOPIC {
            let message = format!("{name} is the brokers' own");
            return refuse(ErrorCode::InvalidRequest, message);
        }
        if self.topics.contains_key(name) {
            return refuse(
                ErrorCode::TopicAlreadyExists,
                format!("there is a topic '{name}' already"),
            );
        }
        match self.topics.keys().find(|other| names_collide(name, other)) {
            Some(other) => refuse(
                ErrorCode::InvalidTopicException,
                format!("metrics could not tell '{name}' from the topic '{other}'"),
            ),
            None => Ok(()),
        }
    }

    /// Leaders in turn over all brokers, each topic starting one broker later.
    fn spread(
        &self,
        partitions: Option<i32>,
        replication_factor: Option<i16>,
    ) -> Result<Vec<Vec<i32>>, CreationError> {
        let partitions = partitions.unwrap_or(self.config.default_partitions);
        if !(1..=MAX_PARTITIONS).contains(&partitions) {
            return Err(CreationError {
                code: ErrorCode::InvalidPartitions,
                message: format!("a topic has 1 to {MAX_PARTITIONS} partitions, not {partitions}"),
            });
        }
        let factor = replication_factor.unwrap_or_else(|| self.config.replication_factor());
        let factor = usize::try_from(factor).unwrap_or(0);
        let ids: Vec<i32> = self.brokers.keys().copied().collect();
        if factor == 0 || factor > ids.len() {
            return Err(CreationError {
                code: ErrorCode::InvalidReplicationFactor,
                message: format!("{factor} replicas on {} brokers", ids.len()),
            });
        }
        let first = self.topics_created % ids.len();
        let partitions = usize::try_from(partitions).unwrap_or(0);
        let replicas = |partition| {
            ids.iter()
                .cycle()
                .skip(first + partition % ids.len())
                .take(factor)
        };
        Ok((0..partitions)
            .map(|partition| replicas(partition).copied().collect())
            .collect())
    }

    pub(super) fn assigned(&self, assigned: &[Vec<i32>]) -> Result<Vec<Vec<i32>>, CreationError> {
        let refuse = |message: String| {
            Err(CreationError {
                code: ErrorCode::InvalidReplicaAssignment,
                message,
            })
        };
        let factor = assigned.first().map_or(0, Vec::len);
        if factor == 0 {
            return refuse("a partition without replicas".into());
        }
        for replicas in assigned {
            if replicas.len() != factor {
                return refuse("partitions with more and with fewer replicas".into());
            }
            for (index, id) in replicas.iter().enumerate() {
                if !self.brokers.contains_key(id) {
                    return refuse(format!("there is no broker {id}"));
                }
                if replicas[..index].contains(id) {
                    return refuse(format!("broker {id} twice in one partition"));
                }
            }
        }
        Ok(assigned.to_vec())
    }
}

/// A topic as it was made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TopicMade {
    /// Nobody else's, even when nothing was made.
    pub id: Uuid,
    pub partitions: i32,
    pub replication_factor: i16,
    /// The settings that were given.
    pub given: Given,
}

#[cfg(test)]
mod tests {
    use super::super::tests::cluster;
    use super::*;

    fn spread(partitions: i32, factor: i16) -> Placement {
        Placement::Spread {
            partitions: Some(partitions),
            replication_factor: Some(factor),
        }
    }

    #[test]
    fn leaders_are_spread_and_replicas_follow() {
        let mut cluster = cluster(3);
        cluster
            .create_topic(&NewTopic::new("a", spread(4, 2)), false)
            .unwrap();
        cluster
            .create_topic(&NewTopic::new("b", spread(1, 3)), false)
            .unwrap();
        let replicas = |cluster: &Cluster, topic: &str| -> Vec<Vec<i32>> {
            let topic = cluster.topic(topic).unwrap();
            topic
                .partitions
                .iter()
                .map(|partition| partition.replicas.clone())
                .collect()
        };
        assert_eq!(replicas(&cluster, "a"), [[1, 2], [2, 3], [3, 1], [1, 2]]);
        assert_eq!(replicas(&cluster, "b"), [[2, 3, 1]]);
        let ids: Vec<_> = cluster.topics().map(|topic| topic.id).collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(cluster.name_of(ids[0]).map(StrBytes::as_str), Some("a"));
    }

    #[test]
    fn refusals_carry_kafkas_codes() {
        let mut cluster = cluster(2);
        cluster
            .create_topic(&NewTopic::new("a.b", spread(1, 1)), false)
            .unwrap();
        let mut check = |name: &str, placement, code| {
            let refused = cluster.create_topic(&NewTopic::new(name, placement), false);
            assert_eq!(refused.unwrap_err().code, code, "{name}");
        };
        check("a.b", spread(1, 1), ErrorCode::TopicAlreadyExists);
        check("a_b", spread(1, 1), ErrorCode::InvalidTopicException);
        check("a b", spread(1, 1), ErrorCode::InvalidTopicException);
        check("c", spread(0, 1), ErrorCode::InvalidPartitions);
        check("c", spread(-3, 1), ErrorCode::InvalidPartitions);
        check("c", spread(i32::MAX, 1), ErrorCode::InvalidPartitions);
        check("c", spread(1, 3), ErrorCode::InvalidReplicationFactor);
        check("c", spread(1, 0), ErrorCode::InvalidReplicationFactor);
        let assigned = |replicas: &[&[i32]]| {
            Placement::Assigned(replicas.iter().map(|ids| ids.to_vec()).collect())
        };
        for wrong in [&[&[1][..], &[1, 2]][..], &[&[]], &[&[9]], &[&[1, 1]], &[]] {
            check("c", assigned(wrong), ErrorCode::InvalidReplicaAssignment);
        }
    }

    #[test]
    fn dry_run_makes_nothing_and_deletion_forgets_all() {
        let mut cluster = cluster(1);
        let made = cluster
            .create_topic(&NewTopic::new("t", spread(2, 1)), true)
            .unwrap();
        assert_eq!((made.partitions, made.replication_factor), (2, 1));
        assert!(cluster.name_of(made.id).is_none());
        assert!(cluster.topic("t").is_none());
        let made = cluster
            .create_topic(&NewTopic::new("t", spread(2, 1)), false)
            .unwrap();
        assert!(cluster.delete_topic("t"));
        assert!(cluster.name_of(made.id).is_none());
        assert_eq!(cluster.take_events().len(), 2);
        assert!(!cluster.delete_topic("t"));
    }
}
