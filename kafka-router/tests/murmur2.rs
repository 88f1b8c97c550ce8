//! The same keys land where Kafka's own client puts them.
//!
//! `data/murmur2.txt` was printed by `data/PartitionVectors.java` running on
//! Kafka's own jar.

use kafka_net::Random;
use kafka_protocol::Uuid;
use kafka_router::partitioner::{murmur2, to_positive};
use kafka_router::{
    DefaultPartitioner, Partition, PartitionChooser, Partitioner, RoundRobinPartitioner, Topic,
};

/// SplitMix64, as in the Java program.
struct Keys(u64);

impl Keys {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = self.0;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn key_and_partition_count(&mut self) -> (Vec<u8>, i32) {
        let len = self.next() % 67;
        let key = (0..len).map(|_| self.next().to_le_bytes()[0]).collect();
        let count = i32::try_from(1 + self.next() % 1000).unwrap_or(1);
        (key, count)
    }
}

#[test]
fn ten_thousand_keys_land_where_kafkas_own_client_puts_them() {
    let mut keys = Keys(0x6b_6166_6b61);
    let random = Random::from_seed(1);
    let topics: Vec<_> = (0..=1000)
        .map(|count| {
            // Every other partition without a leader: keys must not care.
            let partitions = (0..count)
                .map(|id| Partition::new(id, (id % 2 == 0).then_some(1)))
                .collect();
            Topic::new("t", Uuid::default(), partitions)
        })
        .collect();
    let mut default: Box<dyn PartitionChooser> = DefaultPartitioner.state();
    let mut round_robin = RoundRobinPartitioner::new().state();
    let mut compared = 0;
    for line in include_str!("data/murmur2.txt").lines() {
        let (hash, partition) = line.split_once(' ').unwrap();
        let hash = u32::from_str_radix(hash, 16).unwrap().cast_signed();
        let partition: i32 = partition.parse().unwrap();
        let (key, count) = keys.key_and_partition_count();
        assert_eq!(murmur2(&key), hash, "hash of {key:?}");
        assert_eq!(to_positive(hash) % count, partition, "{key:?} of {count}");
        let topic = &topics[usize::try_from(count).unwrap()];
        assert_eq!(default.choose(Some(&key), topic, &random), partition);
        assert_eq!(round_robin.choose(Some(&key), topic, &random), partition);
        compared += 1;
    }
    assert_eq!(compared, 10_240);
}
