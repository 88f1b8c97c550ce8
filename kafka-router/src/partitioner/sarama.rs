//! Partitions as Sarama, the Go client, chooses them.

use super::hashed::Hashed;
use super::librdkafka::remainder;
use super::{PartitionChooser, Partitioner, fnv1a, partition_for_hash};

/// FNV-1a of the key, as Sarama's `NewHashPartitioner`, its default, and
/// `NewReferenceHashPartitioner` have it.
///
/// Records without a key are spread at random, and stay with one partition for a batch;
/// Sarama draws for each record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaramaPartitioner {
    clears_sign: bool,
}

impl SaramaPartitioner {
    /// `NewHashPartitioner`: the absolute value of the hash.
    #[must_use]
    pub const fn new() -> Self {
        Self { clears_sign: false }
    }

    /// `NewReferenceHashPartitioner`: the hash without its sign bit, as Java clears it.
    #[must_use]
    pub const fn reference() -> Self {
        Self { clears_sign: true }
    }
}

impl Partitioner for SaramaPartitioner {
    fn state(&self) -> Box<dyn PartitionChooser> {
        let clears_sign = self.clears_sign;
        Box::new(Hashed::new(move |key: Option<&[u8]>, topic| {
            let hash = fnv1a(key?).cast_signed();
            Some(match clears_sign {
                true => partition_for_hash(hash, topic),
                false => remainder(hash.unsigned_abs(), topic),
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use kafka_net::Random;

    use super::super::test_topics::topic;
    use super::*;

    #[test]
    fn without_a_key_it_stays_for_a_batch() {
        let random = Random::from_seed(1);
        let topic = topic("xxxx");
        let mut chooser = SaramaPartitioner::new().state();
        let first = chooser.choose(None, &topic, &random);
        assert_eq!(chooser.choose(None, &topic, &random), first);
        chooser.on_new_batch(first, &topic, &|_| 0, &random);
        assert_ne!(chooser.choose(None, &topic, &random), first);
    }

    #[test]
    fn an_empty_key_is_a_key() {
        let random = Random::from_seed(2);
        let topic = topic("xxxxxxx");
        for partitioner in [SaramaPartitioner::new(), SaramaPartitioner::reference()] {
            let first = partitioner.state().choose(Some(b""), &topic, &random);
            for _ in 0..20 {
                assert_eq!(
                    partitioner.state().choose(Some(b""), &topic, &random),
                    first
                );
            }
        }
    }
}
