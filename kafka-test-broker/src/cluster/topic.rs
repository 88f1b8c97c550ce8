use kafka_protocol::{StrBytes, Uuid};

use super::partition::Partition;
use super::topic_config::TopicConfig;
use crate::era::Era;

/// The longest name a topic may have.
const MAX_NAME_LEN: usize = 249;

/// Topics that a Kafka cluster keeps for itself.
const INTERNAL_TOPICS: [&str; 3] = [
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
];

/// A topic and its partitions, numbered by their place.
#[derive(Debug)]
pub(crate) struct Topic {
    pub name: StrBytes,
    pub id: Uuid,
    pub config: TopicConfig,
    pub partitions: Vec<Partition>,
}

impl Topic {
    pub(crate) fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    /// How many replicas have to be in sync for acks=all: no more than there are.
    pub(crate) fn least_in_sync(&self, partition: &Partition) -> usize {
        let least = usize::try_from(self.config.min_insync_replicas).unwrap_or(0);
        least.min(partition.replicas.len())
    }

    /// How many replicas have to be in sync for consumers to read on.
    pub(crate) fn least_to_advance(&self, partition: &Partition, era: Era) -> usize {
        match era.stops_under_least_in_sync() {
            true => self.least_in_sync(partition),
            false => 0,
        }
    }

    pub(crate) fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }
}

/// Whether Kafka would keep such a topic for itself.
pub(crate) fn is_internal(name: &str) -> bool {
    INTERNAL_TOPICS.contains(&name)
}

/// Why no topic may be called `name`, if so.
pub(crate) fn invalid_name(name: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() {
        Some("a topic needs a name".into())
    } else if matches!(name, "." | "..") {
        Some(format!("no topic may be called '{name}'"))
    } else if name.len() > MAX_NAME_LEN {
        Some(format!(
            "a topic's name has {MAX_NAME_LEN} characters at most"
        ))
    } else if !name.bytes().all(legal) {
        Some(format!(
            "'{name}' has other characters than letters and digits of ASCII, '.', '_' and '-'"
        ))
    } else {
        None
    }
}

/// Whether the metrics of two topics would be mistaken for one another, which
/// Kafka does not allow.
pub(crate) fn names_collide(a: &str, b: &str) -> bool {
    let unify = |byte: u8| if byte == b'.' { b'_' } else { byte };
    a != b && a.len() == b.len() && a.bytes().map(unify).eq(b.bytes().map(unify))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a", "A-z_0.9", "...", &"x".repeat(249)] {
            assert_eq!(invalid_name(name), None, "{name}");
        }
        for name in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(250)] {
            assert!(invalid_name(name).is_some(), "{name}");
        }
        assert!(names_collide("a.b", "a_b"));
        assert!(!names_collide("a.b", "a.b"));
        assert!(!names_collide("a.b", "a-b"));
        assert!(is_internal("__consumer_offsets") && !is_internal("_x"));
    }
}
