//! Choosing the partition of a record.

mod draw;
mod explicit;
mod fnv1a;
mod hashed;
mod least_loaded;
mod librdkafka;
mod murmur2;
mod round_robin;
mod sarama;
mod sticky;

use std::fmt::Debug;

use kafka_net::Random;

pub use explicit::ExplicitPartitioner;
pub use fnv1a::fnv1a;
pub use least_loaded::LeastLoadedPartitioner;
pub use librdkafka::LibrdkafkaPartitioner;
pub use murmur2::{murmur2, to_positive};
pub use round_robin::RoundRobinPartitioner;
pub use sarama::SaramaPartitioner;
pub use sticky::DefaultPartitioner;

use crate::cluster::Topic;

/// A way to choose partitions for records that don't name one.
///
/// A partitioner is shared by everything that a producer sends; what it
/// remembers from record to record lives in the [`PartitionChooser`]s it makes,
/// one per topic handle, so that handles on different threads share nothing.
///
/// ```
/// use kafka_net::Random;
/// use kafka_router::{PartitionChooser, Partitioner, Topic};
///
/// /// Everything to the last partition.
/// #[derive(Debug)]
/// struct Last;
///
/// impl Partitioner for Last {
///     fn state(&self) -> Box<dyn PartitionChooser> {
///         Box::new(Last)
///     }
/// }
///
/// impl PartitionChooser for Last {
///     fn choose(&mut self, _key: Option<&[u8]>, topic: &Topic, _random: &Random) -> i32 {
///         topic.partitions().last().map_or(-1, |partition| partition.id)
///     }
/// }
/// ```
pub trait Partitioner: Send + Sync + Debug {
    /// The state of one topic handle.
    fn state(&self) -> Box<dyn PartitionChooser>;
}

/// Chooses the partitions for one topic handle.
pub trait PartitionChooser: Send {
    /// The partition for a record with this key. Called for every record, so it
    /// should cost little.
    ///
    /// An id that `topic` does not have (−1 when it has no partitions at all)
    /// makes the producer refuse the record.
    fn choose(&mut self, key: Option<&[u8]>, topic: &Topic, random: &Random) -> i32;

    /// Told after a new batch was begun on `partition` because the one before
    /// was full or due: the moment at which moving on costs no batching.
    ///
    /// `queued` tells how many batches wait to be sent to a partition of the topic; 0
    /// for one that it does not have.
    fn on_new_batch(
        &mut self,
        partition: i32,
        topic: &Topic,
        queued: &dyn Fn(i32) -> usize,
        random: &Random,
    ) {
        let _ = (partition, topic, queued, random);
    }
}

/// The partition that Kafka's own clients choose for a key: of all partitions,
/// with or without a leader, so that a key stays where it is. −1 when there is
/// none.
fn partition_for_hash(hash: i32, topic: &Topic) -> i32 {
    match i32::try_from(topic.partitions().len()) {
        Ok(count) if count > 0 => to_positive(hash) % count,
        _ => -1,
    }
}

#[cfg(test)]
pub(crate) mod test_topics {
    use crate::cluster::{Partition, Topic};
    use kafka_protocol::Uuid;

    /// A topic whose partitions have a leader where the text has an `x`.
    pub(crate) fn topic(leaders: &str) -> Topic {
        let partitions = (0..)
            .zip(leaders.chars())
            .map(|(id, c)| Partition::new(id, (c == 'x').then_some(1)))
            .collect();
        Topic::new("t", Uuid::default(), partitions)
    }
}
