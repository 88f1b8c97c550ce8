//! To the shortest queue.

use super::draw::Wishes;
use super::sticky::{Moving, Sticky};
use super::{PartitionChooser, Partitioner};

/// Records without a key go, batch by batch, to the partition for which the fewest
/// batches wait; those with a key by its hash, as
/// [`DefaultPartitioner`](super::DefaultPartitioner).
///
/// For brokers of very unequal speed. Each new batch looks at every partition's queue:
/// with hundreds of partitions the default, which looks at two, costs less and spreads
/// nearly as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeastLoadedPartitioner {
    ignores_keys: bool,
}

impl LeastLoadedPartitioner {
    /// By queue without a key, [`murmur2`](super::murmur2) with one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ignores_keys: false,
        }
    }

    /// Treats records with a key like those without.
    #[must_use]
    pub const fn ignoring_keys(self) -> Self {
        Self { ignores_keys: true }
    }
}

impl Partitioner for LeastLoadedPartitioner {
    fn state(&self) -> Box<dyn PartitionChooser> {
        Box::new(Sticky {
            ignores_keys: self.ignores_keys,
            moving: Moving::ToShortest,
            wishes: Wishes::default(),
            current: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use kafka_net::Random;

    use super::super::test_topics::topic;
    use super::*;

    #[test]
    fn the_shortest_queue_gets_the_next_batch() {
        let random = Random::from_seed(1);
        let topic = topic("xx.x");
        let mut chooser = LeastLoadedPartitioner::new().ignoring_keys().state();
        // Partition 2 has no leader.
        for (queues, shortest) in [
            ([3, 1, 0, 2], 1),
            ([3, 1, 0, 2], 1),
            ([5, 4, 0, 2], 3),
            ([0, 4, 0, 2], 0),
        ] {
            let at = chooser.choose(Some(b"k"), &topic, &random);
            chooser.on_new_batch(at, &topic, &|id| queues[id as usize], &random);
            assert_eq!(chooser.choose(None, &topic, &random), shortest);
        }
    }

    #[test]
    fn equal_queues_are_taken_equally_often() {
        let random = Random::from_seed(2);
        let topic = topic("xxxx");
        let mut chooser = LeastLoadedPartitioner::new().state();
        let mut seen = [0; 4];
        for _ in 0..400 {
            let at = chooser.choose(None, &topic, &random);
            seen[at as usize] += 1;
            chooser.on_new_batch(at, &topic, &|_| 0, &random);
        }
        assert!(seen.iter().all(|count| *count > 60), "{seen:?}");
        // And a key goes by its hash: 1,357,151,166 % 4.
        assert_eq!(chooser.choose(Some(b"foobar"), &topic, &random), 2);
    }
}
