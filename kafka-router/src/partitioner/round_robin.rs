//! One record after the other to the next partition.

use kafka_net::Random;

use super::draw::Wishes;
use super::{PartitionChooser, Partitioner, murmur2, partition_for_hash};
use crate::cluster::Topic;

/// Keyless records go to the partitions that have a leader, one after the
/// other; records with a key go by the key's hash, over all partitions.
///
/// This is what the oldest clients did by default. It spreads records most
/// evenly and fills batches worst. Each topic handle starts at a random
/// partition.
///
/// ```
/// use kafka_router::RoundRobinPartitioner;
///
/// // A hash other than Kafka's murmur2, here one that a legacy client used.
/// let legacy = RoundRobinPartitioner::new().with_key_hash(|key| {
///     key.iter().fold(0, |hash, byte| i32::from(*byte).wrapping_add(31_i32.wrapping_mul(hash)))
/// });
/// // Keys don't matter at all.
/// let ignoring = RoundRobinPartitioner::new().ignoring_keys();
/// # let _ = (legacy, ignoring);
/// ```
#[derive(Copy, Clone, Debug)]
pub struct RoundRobinPartitioner {
    key_hash: Option<fn(&[u8]) -> i32>,
    records: u32,
}

impl RoundRobinPartitioner {
    /// Round robin without a key, [`murmur2`] with one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            key_hash: Some(murmur2),
            records: 1,
        }
    }

    /// Places records with a key by this hash instead of [`murmur2`]. The sign
    /// bit is cleared before the remainder by the partition count is taken.
    #[must_use]
    pub fn with_key_hash(self, key_hash: fn(&[u8]) -> i32) -> Self {
        Self {
            key_hash: Some(key_hash),
            ..self
        }
    }

    /// Treats records with a key like those without, as the class of the same
    /// name in Kafka's own client does.
    #[must_use]
    pub fn ignoring_keys(self) -> Self {
        Self {
            key_hash: None,
            ..self
        }
    }

    /// Moves on after so many records instead of after each, which fills batches better.
    /// Default 1; 0 counts as 1.
    #[must_use]
    pub fn records_per_turn(self, records: u32) -> Self {
        Self { records, ..self }
    }
}

impl Default for RoundRobinPartitioner {
    fn default() -> Self {
        Self::new()
    }
}

impl Partitioner for RoundRobinPartitioner {
    fn state(&self) -> Box<dyn PartitionChooser> {
        Box::new(RoundRobin {
            key_hash: self.key_hash,
            records: self.records.max(1),
            taken: 0,
            turn: None,
        })
    }
}

struct RoundRobin {
    key_hash: Option<fn(&[u8]) -> i32>,
    /// Records in a turn, and how many of this one are over.
    records: u32,
    taken: u32,
    /// Counts on; the partition is the remainder by what can be drawn.
    turn: Option<usize>,
}

impl PartitionChooser for RoundRobin {
    fn choose(&mut self, key: Option<&[u8]>, topic: &Topic, random: &Random) -> i32 {
        if let (Some(key), Some(hash)) = (key, self.key_hash) {
            return partition_for_hash(hash(key), topic);
        }
        let wishes = Wishes::default();
        let candidates = wishes.candidates(topic);
        let count = candidates.len();
        if count == 0 {
            return -1;
        }
        let turn = *self.turn.get_or_insert_with(|| random.below(count));
        self.taken += 1;
        if self.taken >= self.records {
            self.taken = 0;
            self.turn = Some(turn.wrapping_add(1));
        }
        candidates.get(turn % count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_topics::topic;
    use super::*;

    #[test]
    fn keyless_records_take_turns_over_the_available_partitions() {
        let random = Random::from_seed(1);
        let mut chooser = RoundRobinPartitioner::new().state();
        let topic = topic("x.xx");
        let round: Vec<_> = (0..3)
            .map(|_| chooser.choose(None, &topic, &random))
            .collect();
        let mut sorted = round.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 2, 3]);
        for at in 0..30 {
            assert_eq!(chooser.choose(None, &topic, &random), round[at % 3]);
            // Keyed records take no turn.
            let _ = chooser.choose(Some(b"key"), &topic, &random);
        }
    }

    #[test]
    fn handles_start_at_different_partitions() {
        let random = Random::from_seed(2);
        let topic = topic("xxxxxxxx");
        let firsts: Vec<_> = (0..40)
            .map(|_| {
                RoundRobinPartitioner::default()
                    .state()
                    .choose(None, &topic, &random)
            })
            .collect();
        assert!((0..8).all(|partition| firsts.contains(&partition)));
    }

    #[test]
    fn keys_go_by_their_hash() {
        let random = Random::from_seed(3);
        let topic = topic("x.....");
        let mut murmur = RoundRobinPartitioner::new().state();
        assert_eq!(murmur.choose(Some(b"foobar"), &topic, &random), 0);
        assert_eq!(murmur.choose(Some(b""), &topic, &random), 3);

        let mut own = RoundRobinPartitioner::new()
            .with_key_hash(|key| -i32::try_from(key.len()).unwrap())
            .state();
        // (−2 & 0x7fffffff) % 6
        assert_eq!(own.choose(Some(b"ab"), &topic, &random), 0);
        assert_eq!(own.choose(Some(b"abc"), &topic, &random), 5);
    }

    #[test]
    fn keys_can_be_ignored() {
        let random = Random::from_seed(4);
        let topic = topic("xx");
        let mut chooser = RoundRobinPartitioner::new().ignoring_keys().state();
        let first = chooser.choose(Some(b"same"), &topic, &random);
        assert_eq!(chooser.choose(Some(b"same"), &topic, &random), 1 - first);
        assert_eq!(chooser.choose(Some(b"same"), &topic, &random), first);
    }

    #[test]
    fn without_leaders_all_take_turns_and_without_partitions_none() {
        let random = Random::from_seed(5);
        let mut chooser = RoundRobinPartitioner::new().state();
        assert_eq!(chooser.choose(None, &topic(""), &random), -1);
        let topic = topic("...");
        let mut turns: Vec<_> = (0..3)
            .map(|_| chooser.choose(None, &topic, &random))
            .collect();
        turns.sort_unstable();
        assert_eq!(turns, [0, 1, 2]);
    }

    #[test]
    fn a_turn_can_last_several_records() {
        let random = Random::from_seed(5);
        let topic = topic("xxx");
        let mut chooser = RoundRobinPartitioner::new().records_per_turn(4).state();
        let seen: Vec<_> = (0..24)
            .map(|_| chooser.choose(None, &topic, &random))
            .collect();
        for turn in seen.chunks(4) {
            assert!(
                turn.iter().all(|partition| *partition == turn[0]),
                "{seen:?}"
            );
        }
        assert_ne!(seen[0], seen[4]);
        assert_eq!(seen[..12], seen[12..]);
    }
}
