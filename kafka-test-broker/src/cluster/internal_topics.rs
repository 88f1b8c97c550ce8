use kafka_protocol::ErrorCode;

use super::{Broker, Cluster, NewTopic, Placement};

/// Partitions of each, Kafka's `offsets.topic.num.partitions` and
/// `transaction.state.log.num.partitions`.
const PARTITIONS: i32 = 50;

/// Replicas of each, Kafka's `offsets.topic.replication.factor` and
/// `transaction.state.log.replication.factor`; fewer in a smaller cluster.
const REPLICAS: i32 = 3;

/// Kafka's `transaction.state.log.min.isr`; a cluster with no more replicas than
/// that does without, so that a broker can go down.
const TRANSACTION_MIN_IN_SYNC: i16 = 2;

/// A topic in which coordinators keep their state: the leader of the partition
/// that a key falls into is the key's coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InternalTopic {
    /// Of groups.
    ConsumerOffsets,
    /// Of transactional ids.
    TransactionState,
}

impl InternalTopic {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ConsumerOffsets => "__consumer_offsets",
            Self::TransactionState => "__transaction_state",
        }
    }

    /// How many partitions it has.
    pub(crate) fn partitions(self) -> i32 {
        PARTITIONS
    }

    /// The partition that a group or transactional id falls into.
    pub(crate) fn partition_of(self, key: &str) -> i32 {
        java_string_hash(key).checked_abs().unwrap_or(0) % PARTITIONS
    }

    /// As Kafka makes it.
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::ConsumerOffsets => &[
                ("cleanup.policy", "compact"),
                ("compression.type", "producer"),
                ("segment.bytes", "104857600"),
            ],
            Self::TransactionState => &[
                ("cleanup.policy", "compact"),
                ("compression.type", "uncompressed"),
                ("segment.bytes", "104857600"),
            ],
        }
    }
}

impl Cluster {
    /// The broker that coordinates `key`. Its topic is made with the first
    /// question, as in Kafka, where that question is answered
    /// `COORDINATOR_NOT_AVAILABLE`; here the topic is there at once.
    pub(crate) fn find_coordinator(
        &mut self,
        topic: InternalTopic,
        key: &str,
    ) -> Result<&Broker, ErrorCode> {
        if self.topic(topic.name()).is_none() {
            self.make(topic)?;
        }
        self.coordinator(topic, key)
            .ok_or(ErrorCode::CoordinatorNotAvailable)
    }

    /// The broker that coordinates `key`; `None` while nobody leads its
    /// partition, or the topic is not there yet.
    pub(crate) fn coordinator(&self, topic: InternalTopic, key: &str) -> Option<&Broker> {
        let partition = self.partition(topic.name(), topic.partition_of(key))?;
        self.broker(partition.leader?)
            .filter(|broker| broker.is_active())
    }

    fn make(&mut self, topic: InternalTopic) -> Result<(), ErrorCode> {
        let replicas = i16::try_from(self.config.brokers.min(REPLICAS)).unwrap_or(1);
        let placement = Placement::Spread {
            partitions: Some(PARTITIONS),
            replication_factor: Some(replicas),
        };
        let mut new = NewTopic::new(topic.name(), placement);
        let owned = |(name, value): &(&str, &str)| ((*name).into(), Some((*value).into()));
        new.config = topic.settings().iter().map(owned).collect();
        if topic == InternalTopic::TransactionState && replicas > TRANSACTION_MIN_IN_SYNC {
            let least = TRANSACTION_MIN_IN_SYNC.to_string();
            new.config.push(("min.insync.replicas".into(), Some(least)));
        }
        self.create_topic(&new, false)
            .map(|_| ())
            .map_err(|_| ErrorCode::CoordinatorNotAvailable)
    }
}

/// Java's hash of a string, by which Kafka spreads groups and transactional ids.
pub(crate) fn java_string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, cluster};
    use super::*;

    const TOPIC: InternalTopic = InternalTopic::ConsumerOffsets;

    #[test]
    fn keys_hash_as_in_java() {
        assert_eq!(java_string_hash(""), 0);
        assert_eq!(java_string_hash("billing"), -109_829_509);
        assert_eq!(java_string_hash("polygenelubricants"), i32::MIN);
        assert_eq!(TOPIC.partition_of("polygenelubricants"), 0);
        assert_eq!(TOPIC.partition_of("billing"), 9);
    }

    #[test]
    fn coordinator_is_the_leader_of_the_keys_partition() {
        let mut cluster = cluster(3);
        assert!(cluster.coordinator(TOPIC, "g").is_none());
        let first = cluster.find_coordinator(TOPIC, "g").unwrap().id;
        let topic = cluster.topic("__consumer_offsets").unwrap();
        assert_eq!(topic.partitions.len(), 50);
        assert!(topic.partitions.iter().all(|p| p.replicas.len() == 3));
        cluster.stop_broker(first, at(0));
        let second = cluster.find_coordinator(TOPIC, "g").unwrap().id;
        assert_ne!(second, first);
        let partition = TOPIC.partition_of("g");
        cluster.start_broker(first, at(0));
        assert!(cluster.move_leader(TOPIC.name(), partition, first, at(0)));
        assert_eq!(cluster.coordinator(TOPIC, "g").unwrap().id, first);
        (1..=3).for_each(|id| cluster.stop_broker(id, at(0)));
        let nobody = cluster.find_coordinator(TOPIC, "g").map(|broker| broker.id);
        assert_eq!(nobody, Err(ErrorCode::CoordinatorNotAvailable));
    }
}
