//! What to consume, and from where.

use std::fmt;

use kafka_net::{Error, ErrorKind};
use kafka_protocol::StrBytes;

/// One partition of a topic, by name and number.
///
/// Made from `("orders", 3)`, so that the methods of
/// [`Consumer`](crate::Consumer) take lists of such pairs as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: StrBytes,
    /// The partition's number within the topic, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// The partition `partition` of `topic`.
    pub fn new(topic: impl Into<StrBytes>, partition: i32) -> Self {
        Self {
            topic: topic.into(),
            partition,
        }
    }

    /// Refuses what no cluster can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.topic.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument)
                .with_message("the topic's name is empty")
                .with_partition(self.partition));
        }
        if self.partition < 0 {
            return Err(Error::new(ErrorKind::InvalidArgument)
                .with_message("a partition's number is 0 or more")
                .with_topic(&self.topic)
                .with_partition(self.partition));
        }
        Ok(())
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

impl<T: AsRef<str>> From<(T, i32)> for TopicPartition {
    fn from((topic, partition): (T, i32)) -> Self {
        Self::new(topic.as_ref(), partition)
    }
}

impl<T: AsRef<str>> From<&(T, i32)> for TopicPartition {
    fn from((topic, partition): &(T, i32)) -> Self {
        Self::new(topic.as_ref(), *partition)
    }
}

impl From<&TopicPartition> for TopicPartition {
    fn from(partition: &TopicPartition) -> Self {
        partition.clone()
    }
}

/// Where consumption of a partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// At the oldest record that the log still holds.
    Earliest,
    /// At the log's end: only records that come later. Under
    /// [`IsolationLevel::ReadCommitted`](crate::IsolationLevel::ReadCommitted)
    /// that is the last stable offset.
    Latest,
    /// At this offset; if it is not in the log, the
    /// [`offset_reset`](crate::ConsumerConfig::offset_reset) policy decides.
    Offset(i64),
    /// At the first record whose timestamp, in milliseconds since 1970, is this
    /// or later; at the end if there is none. Brokers from 0.10.1 on know how
    /// (ListOffsets v1, KIP-79); older ones fail the partition.
    Timestamp(i64),
    /// At the offset that the group committed; without one, where the
    /// [`offset_reset`](crate::ConsumerConfig::offset_reset) policy says. Needs a
    /// [`group`](crate::ConsumerConfig::group).
    Committed,
}

impl Start {
    fn check(self) -> Result<(), Error> {
        let refused = match self {
            Self::Offset(offset) if offset < 0 => {
                format!(
                    "offset {offset} is negative; for the ends of the log there are Start::Earliest and Start::Latest"
                )
            }
            Self::Timestamp(ms) if ms < 0 => format!("timestamp {ms} ms lies before 1970"),
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::InvalidArgument).with_message(refused))
    }
}

/// A partition to consume and where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub(crate) partition: TopicPartition,
    pub(crate) start: Start,
}

impl Assignment {
    /// Consume `partition` of `topic`, beginning at `start`.
    pub fn new(topic: impl Into<StrBytes>, partition: i32, start: Start) -> Self {
        Self {
            partition: TopicPartition::new(topic, partition),
            start,
        }
    }

    /// Which partition.
    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// From where.
    pub fn start(&self) -> Start {
        self.start
    }

    /// Refuses what cannot work whatever the cluster's state, and a committed
    /// start without a group to have committed it.
    pub(crate) fn check(&self, has_group: bool) -> Result<(), Error> {
        self.partition.check()?;
        check_start(&self.partition, self.start, has_group)
    }
}

/// As [`Assignment::check`], for a partition that is assigned already.
pub(crate) fn check_start(
    partition: &TopicPartition,
    start: Start,
    has_group: bool,
) -> Result<(), Error> {
    let named = |error: Error| {
        error
            .with_topic(&partition.topic)
            .with_partition(partition.partition)
    };
    start.check().map_err(named)?;
    if start == Start::Committed && !has_group {
        return Err(named(crate::error::no_group("Start::Committed")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_partitions() {
        let expected = TopicPartition::new("orders", 3);
        assert_eq!(TopicPartition::from(("orders", 3)), expected);
        assert_eq!(TopicPartition::from(&("orders".to_owned(), 3)), expected);
        assert_eq!(TopicPartition::from(&expected), expected);
        assert_eq!(expected.to_string(), "orders-3");
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        let check = |assignment: Assignment, has_group: bool| {
            assignment.check(has_group).unwrap_err().to_string()
        };
        let text = check(Assignment::new("t", 4, Start::Offset(-2)), true);
        assert!(text.contains("t-4") && text.contains("-2"), "{text}");
        let text = check(Assignment::new("t", 4, Start::Timestamp(-1)), true);
        assert!(text.contains("1970"), "{text}");
        let text = check(Assignment::new("t", -1, Start::Latest), true);
        assert!(text.contains("0 or more"), "{text}");
        let text = check(Assignment::new("", 0, Start::Latest), true);
        assert!(text.contains("name is empty"), "{text}");
        let text = check(Assignment::new("t", 4, Start::Committed), false);
        assert!(text.contains("ConsumerConfig::group"), "{text}");
        for start in [
            Start::Earliest,
            Start::Latest,
            Start::Offset(0),
            Start::Timestamp(0),
            Start::Committed,
        ] {
            Assignment::new("t", 0, start).check(true).unwrap();
        }
    }
}
