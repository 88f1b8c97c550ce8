//! The default: by key where there is one, else batch by batch.

use kafka_net::Random;

use super::{PartitionChooser, Partitioner, drawable, drawn, murmur2, partition_for_hash};
use crate::cluster::Topic;

/// What a producer uses unless told otherwise.
///
/// With a key (an empty one too): [`murmur2`] over all partitions, exactly as
/// Kafka's own clients, so that records of one key meet on one partition
/// whoever wrote them. Without a key: all records of a topic handle stay on one
/// partition, which fills batches, and move to another partition that has a
/// leader with each new batch (KIP-480).
#[derive(Copy, Clone, Debug, Default)]
pub struct DefaultPartitioner;

impl Partitioner for DefaultPartitioner {
    fn state(&self) -> Box<dyn PartitionChooser> {
        Box::new(Sticky { current: None })
    }
}

#[derive(Debug)]
struct Sticky {
    current: Option<i32>,
}

impl PartitionChooser for Sticky {
    fn choose(&mut self, key: Option<&[u8]>, topic: &Topic, random: &Random) -> i32 {
        if let Some(key) = key {
            return partition_for_hash(murmur2(key), topic);
        }
        if let Some(current) = self.current
            && can_stay(current, topic)
        {
            return current;
        }
        let next = draw_other(None, topic, random);
        self.current = (next >= 0).then_some(next);
        next
    }

    fn on_new_batch(&mut self, partition: i32, topic: &Topic, random: &Random) {
        // A batch that keyed or explicitly placed records began elsewhere says
        // nothing about the partition the keyless ones stay on.
        if self.current == Some(partition) {
            let next = draw_other(Some(partition), topic, random);
            self.current = (next >= 0).then_some(next);
        }
    }
}

/// A partition that lost its leader is left at once when another has one:
/// what is buffered behind a missing leader may wait until its deadline.
fn can_stay(current: i32, topic: &Topic) -> bool {
    topic
        .partition(current)
        .is_some_and(|partition| partition.leader.is_some() || topic.available().is_empty())
}

/// A random drawable partition, another than `current` when there is one.
fn draw_other(current: Option<i32>, topic: &Topic, random: &Random) -> i32 {
    let count = drawable(topic);
    let position = current.and_then(|current| (0..count).find(|at| drawn(topic, *at) == current));
    match position {
        Some(position) if count > 1 => {
            // Drawing from one fewer and skipping `current` keeps the others
            // equally likely.
            let index = random.below(count - 1);
            drawn(topic, if index >= position { index + 1 } else { index })
        }
        _ => drawn(topic, random.below(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_topics::topic;
    use super::*;

    fn chooser() -> Box<dyn PartitionChooser> {
        DefaultPartitioner.state()
    }

    #[test]
    fn a_key_goes_where_kafka_sends_it_even_without_a_leader() {
        let random = Random::from_seed(1);
        let mut chooser = chooser();
        for leaders in ["xxxxxx", "......", "x....x"] {
            let topic = topic(leaders);
            // 1,357,151,166 % 6
            assert_eq!(chooser.choose(Some(b"foobar"), &topic, &random), 0);
            // 275,646,681 % 6
            assert_eq!(chooser.choose(Some(b""), &topic, &random), 3);
        }
    }

    #[test]
    fn without_a_key_it_stays_until_a_new_batch() {
        let random = Random::from_seed(2);
        let topic = topic("xxxx");
        let mut chooser = chooser();
        let mut seen = [0_u32; 4];
        for _ in 0..400 {
            let first = chooser.choose(None, &topic, &random);
            for _ in 0..5 {
                assert_eq!(chooser.choose(None, &topic, &random), first);
                let _ = chooser.choose(Some(b"some key"), &topic, &random);
            }
            seen[usize::try_from(first).unwrap()] += 1;
            chooser.on_new_batch(first, &topic, &random);
            assert_ne!(chooser.choose(None, &topic, &random), first);
        }
        assert!(seen.iter().all(|count| *count > 60), "uneven: {seen:?}");
    }

    #[test]
    fn a_batch_elsewhere_does_not_move_it() {
        let random = Random::from_seed(3);
        let topic = topic("xxxx");
        let mut chooser = chooser();
        let current = chooser.choose(None, &topic, &random);
        for other in (0..4).filter(|other| *other != current) {
            chooser.on_new_batch(other, &topic, &random);
        }
        assert_eq!(chooser.choose(None, &topic, &random), current);
    }

    #[test]
    fn only_partitions_with_a_leader_are_drawn() {
        let random = Random::from_seed(4);
        let topic = topic(".x..x.");
        for _ in 0..50 {
            let mut chooser = chooser();
            let first = chooser.choose(None, &topic, &random);
            assert!([1, 4].contains(&first));
            chooser.on_new_batch(first, &topic, &random);
            assert_eq!(chooser.choose(None, &topic, &random), 5 - first);
        }
    }

    #[test]
    fn a_partition_that_lost_its_leader_is_left_at_once() {
        let random = Random::from_seed(5);
        let mut chooser = chooser();
        assert_eq!(chooser.choose(None, &topic(".x"), &random), 1);
        assert_eq!(chooser.choose(None, &topic("x."), &random), 0);
        // Nowhere to go: stay.
        assert_eq!(chooser.choose(None, &topic(".."), &random), 0);
        // A topic that came back smaller.
        assert_eq!(chooser.choose(None, &topic(".x"), &random), 1);
        assert_eq!(chooser.choose(None, &topic("x"), &random), 0);
    }

    #[test]
    fn without_any_leader_all_are_drawn_and_one_stays_alone() {
        let random = Random::from_seed(6);
        let leaderless = topic("...");
        let mut seen = [false; 3];
        for _ in 0..50 {
            seen[usize::try_from(chooser().choose(None, &leaderless, &random)).unwrap()] = true;
        }
        assert_eq!(seen, [true; 3]);

        let single = topic("x");
        let mut chooser = chooser();
        assert_eq!(chooser.choose(None, &single, &random), 0);
        chooser.on_new_batch(0, &single, &random);
        assert_eq!(chooser.choose(None, &single, &random), 0);
    }

    #[test]
    fn a_topic_without_partitions_has_none_to_give() {
        let random = Random::from_seed(7);
        let empty = topic("");
        let mut chooser = chooser();
        assert_eq!(chooser.choose(None, &empty, &random), -1);
        assert_eq!(chooser.choose(Some(b"k"), &empty, &random), -1);
        chooser.on_new_batch(-1, &empty, &random);
        assert_eq!(chooser.choose(None, &topic("x"), &random), 0);
    }
}
