//! The same keys land where other clients put them.
//!
//! The vectors were printed by programs that run those clients: `data/murmur2.txt` by
//! `data/PartitionVectors.java` on Kafka's own jar, `data/librdkafka.txt` by
//! `data/partition_vectors.py` on librdkafka 2.16, `data/sarama.txt` by
//! `data/partition_vectors.go` on Sarama 1.61.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use kafka_net::Random;
use kafka_protocol::Uuid;
use kafka_router::partitioner::{murmur2, to_positive};
use kafka_router::{
    DefaultPartitioner, LeastLoadedPartitioner, LibrdkafkaPartitioner, Partition, PartitionChooser,
    Partitioner, RoundRobinPartitioner, SaramaPartitioner, Topic,
};

/// SplitMix64, as in the other programs.
struct Keys(u64);

impl Default for Keys {
    fn default() -> Self {
        Self(0x6b_6166_6b61)
    }
}

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
    let mut keys = Keys::default();
    for line in include_str!("data/murmur2.txt").lines() {
        let (hash, partition) = line.split_once(' ').unwrap();
        let hash = u32::from_str_radix(hash, 16).unwrap().cast_signed();
        let partition: i32 = partition.parse().unwrap();
        let (key, count) = keys.key_and_partition_count();
        assert_eq!(murmur2(&key), hash, "hash of {key:?}");
        assert_eq!(to_positive(hash) % count, partition, "{key:?} of {count}");
    }
    compare(
        include_str!("data/murmur2.txt"),
        &[
            (1, &DefaultPartitioner::new()),
            (1, &RoundRobinPartitioner::new()),
            (1, &LeastLoadedPartitioner::new()),
        ],
    );
}

#[test]
fn ten_thousand_keys_land_where_librdkafka_puts_them() {
    use LibrdkafkaPartitioner::{
        Consistent, ConsistentRandom, Fnv1a, Fnv1aRandom, Murmur2, Murmur2Random,
    };
    let all: [(usize, &dyn Partitioner); 6] = [
        (0, &Consistent),
        (0, &ConsistentRandom),
        (1, &Murmur2),
        (1, &Murmur2Random),
        (2, &Fnv1a),
        (2, &Fnv1aRandom),
    ];
    compare(include_str!("data/librdkafka.txt"), &all);
}

#[test]
fn ten_thousand_keys_land_where_sarama_puts_them() {
    compare(
        include_str!("data/sarama.txt"),
        &[
            (0, &SaramaPartitioner::new()),
            (1, &SaramaPartitioner::reference()),
        ],
    );
}

/// Each partitioner chooses what its column of the table says.
fn compare(table: &str, partitioners: &[(usize, &dyn Partitioner)]) {
    let mut keys = Keys::default();
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
    let mut choosers: Vec<(usize, Box<dyn PartitionChooser>)> = partitioners
        .iter()
        .map(|(column, partitioner)| (*column, partitioner.state()))
        .collect();
    let mut compared = 0;
    for line in table.lines() {
        let (key, count) = keys.key_and_partition_count();
        let topic = &topics[usize::try_from(count).unwrap()];
        for (index, (column, chooser)) in choosers.iter_mut().enumerate() {
            let expected: i32 = line.split(' ').nth(*column).unwrap().parse().unwrap();
            // Empty keys go anywhere with librdkafka's default alone.
            let anywhere = key.is_empty()
                && format!("{:?}", partitioners[index].1).contains("ConsistentRandom");
            if !anywhere {
                let chosen = chooser.choose(Some(&key), topic, &random);
                assert_eq!(
                    chosen, expected,
                    "{:?}: {key:?} of {count}",
                    partitioners[index].1
                );
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 10_240);
}
