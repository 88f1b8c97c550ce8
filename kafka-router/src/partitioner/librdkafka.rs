//! Partitions as librdkafka and the clients built on it choose them.

use std::str::FromStr;

use kafka_net::Error;

use super::hashed::Hashed;
use super::{PartitionChooser, Partitioner, fnv1a, murmur2, partition_for_hash, to_positive};
use crate::cluster::Topic;

/// The partitioners of librdkafka by the names of its setting `partitioner`, for
/// producers that share topics with C, Python, Go, .NET, PHP or Node.js clients built
/// on it.
///
/// A key gives the same partition as there. Records that are spread at random stay
/// with one partition for a batch, as librdkafka's `sticky.partitioning.linger.ms`
/// has it for records without a key.
///
/// ```
/// use kafka_router::LibrdkafkaPartitioner;
///
/// let partitioner: LibrdkafkaPartitioner = "consistent_random".parse()?;
/// assert_eq!(partitioner, LibrdkafkaPartitioner::ConsistentRandom);
/// # Ok::<(), kafka_net::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LibrdkafkaPartitioner {
    /// `random`: keys don't matter.
    Random,
    /// `consistent`: CRC-32 of the key; without a key, that of an empty one, so that all
    /// such records meet on one partition.
    Consistent,
    /// `consistent_random`, librdkafka's default: CRC-32 of the key; at random where it is
    /// empty or missing.
    #[default]
    ConsistentRandom,
    /// `murmur2`: as Kafka's own clients; without a key, the hash of an empty one.
    Murmur2,
    /// `murmur2_random`: as Kafka's own clients; at random without a key.
    Murmur2Random,
    /// `fnv1a`: FNV-1a of the key; without a key, that of an empty one.
    Fnv1a,
    /// `fnv1a_random`: FNV-1a of the key; at random without a key.
    Fnv1aRandom,
}

impl LibrdkafkaPartitioner {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Random,
        Self::Consistent,
        Self::ConsistentRandom,
        Self::Murmur2,
        Self::Murmur2Random,
        Self::Fnv1a,
        Self::Fnv1aRandom,
    ];

    /// The value of librdkafka's setting.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Consistent => "consistent",
            Self::ConsistentRandom => "consistent_random",
            Self::Murmur2 => "murmur2",
            Self::Murmur2Random => "murmur2_random",
            Self::Fnv1a => "fnv1a",
            Self::Fnv1aRandom => "fnv1a_random",
        }
    }

    /// What is hashed; `None` where the record goes anywhere.
    fn hashed(self, key: Option<&[u8]>) -> Option<&[u8]> {
        match self {
            Self::Random => None,
            Self::Consistent | Self::Murmur2 | Self::Fnv1a => Some(key.unwrap_or_default()),
            Self::ConsistentRandom => key.filter(|key| !key.is_empty()),
            Self::Murmur2Random | Self::Fnv1aRandom => key,
        }
    }

    fn place(self, key: &[u8], topic: &Topic) -> i32 {
        match self {
            Self::Consistent | Self::ConsistentRandom | Self::Random => {
                remainder(crc32fast::hash(key), topic)
            }
            Self::Murmur2 | Self::Murmur2Random => partition_for_hash(murmur2(key), topic),
            // It takes the hash's absolute value, as Sarama does.
            Self::Fnv1a | Self::Fnv1aRandom => {
                remainder(fnv1a(key).cast_signed().unsigned_abs(), topic)
            }
        }
    }
}

impl FromStr for LibrdkafkaPartitioner {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            Error::config(format!(
                "partitioner {name:?} is not one of librdkafka's: {known}"
            ))
        })
    }
}

impl Partitioner for LibrdkafkaPartitioner {
    fn state(&self) -> Box<dyn PartitionChooser> {
        let partitioner = *self;
        Box::new(Hashed::new(move |key, topic| {
            let key = partitioner.hashed(key)?;
            Some(partitioner.place(key, topic))
        }))
    }
}

/// −1 when there is no partition.
pub(super) fn remainder(hash: u32, topic: &Topic) -> i32 {
    let count = u32::try_from(topic.partitions().len()).unwrap_or(u32::MAX);
    let partition = hash.checked_rem(count);
    partition.map_or(-1, |partition| to_positive(partition.cast_signed()))
}

#[cfg(test)]
mod tests {
    use kafka_net::Random;

    use super::super::test_topics::topic;
    use super::*;

    #[test]
    fn without_a_key() {
        let random = Random::from_seed(1);
        let topic = topic("xxxxxxx");
        let seen = |partitioner: LibrdkafkaPartitioner, key: Option<&[u8]>| {
            let mut seen: Vec<_> = (0..60)
                .map(|_| partitioner.state().choose(key, &topic, &random))
                .collect();
            seen.sort_unstable();
            seen.dedup();
            seen.len()
        };
        use LibrdkafkaPartitioner as One;
        for (partitioner, missing, empty, key) in [
            (One::Random, 7, 7, 7),
            (One::Consistent, 1, 1, 1),
            (One::ConsistentRandom, 7, 7, 1),
            (One::Murmur2, 1, 1, 1),
            (One::Murmur2Random, 7, 1, 1),
            (One::Fnv1a, 1, 1, 1),
            (One::Fnv1aRandom, 7, 1, 1),
        ] {
            assert_eq!(seen(partitioner, None), missing, "{partitioner:?}");
            assert_eq!(seen(partitioner, Some(b"")), empty, "{partitioner:?}");
            assert_eq!(seen(partitioner, Some(b"k")), key, "{partitioner:?}");
        }
    }

    #[test]
    fn at_random_means_batch_by_batch() {
        let random = Random::from_seed(2);
        let topic = topic("xxxx");
        let mut chooser = LibrdkafkaPartitioner::default().state();
        let first = chooser.choose(None, &topic, &random);
        assert_eq!(chooser.choose(Some(b""), &topic, &random), first);
        chooser.on_new_batch(first, &topic, &|_| 0, &random);
        assert_ne!(chooser.choose(None, &topic, &random), first);
    }

    #[test]
    fn names_are_those_of_the_setting() {
        for partitioner in LibrdkafkaPartitioner::ALL {
            assert_eq!(
                partitioner.name().parse::<LibrdkafkaPartitioner>().unwrap(),
                partitioner
            );
        }
        let error = "murmur3".parse::<LibrdkafkaPartitioner>().unwrap_err();
        assert!(error.to_string().contains("fnv1a_random"), "{error}");
    }

    #[test]
    fn a_topic_without_partitions_has_none_to_give() {
        let random = Random::from_seed(3);
        for partitioner in LibrdkafkaPartitioner::ALL {
            let mut chooser = partitioner.state();
            assert_eq!(chooser.choose(Some(b"k"), &topic(""), &random), -1);
            assert_eq!(chooser.choose(None, &topic(""), &random), -1);
        }
    }
}
