//! The default: by key where there is one, else batch by batch.

use kafka_net::Random;
use kafka_protocol::StrBytes;

use super::draw::Wishes;
use super::{PartitionChooser, Partitioner, murmur2, partition_for_hash};
use crate::cluster::Topic;

/// What a producer uses unless told otherwise.
///
/// With a key (an empty one too): [`murmur2`] over all partitions, exactly as
/// Kafka's own clients, so that records of one key meet on one partition
/// whoever wrote them. Without a key: all records of a topic handle stay on one
/// partition, which fills batches, and move to another partition that has a
/// leader with each new batch (KIP-480).
///
/// Where they move to is drawn at random, but of two partitions drawn the one is
/// taken for which fewer batches wait, so that a slow broker gets less and holds
/// up nobody (KIP-794 wants the same, and weighs all partitions by their queues).
///
/// ```
/// use kafka_router::DefaultPartitioner;
///
/// let partitioner = DefaultPartitioner::new()
///     .rack("eu-west-1a")            // leaders in this zone first (KIP-1123)
///     .min_in_sync_replicas(2);      // partitions that acks=all would refuse come last
/// # let _ = partitioner;
/// ```
#[derive(Clone, Debug)]
pub struct DefaultPartitioner {
    ignores_keys: bool,
    adaptive: bool,
    wishes: Wishes,
}

impl DefaultPartitioner {
    /// As Kafka's own default.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ignores_keys: false,
            adaptive: true,
            wishes: Wishes::default(),
        }
    }

    /// Whether records with a key are treated like those without
    /// (`partitioner.ignore.keys`). Default `false`.
    #[must_use]
    pub fn ignore_keys(mut self, ignore: bool) -> Self {
        self.ignores_keys = ignore;
        self
    }

    /// Whether the queues count when records without a key move on
    /// (`partitioner.adaptive.partitioning.enable`). Default `true`.
    #[must_use]
    pub fn adaptive(mut self, adaptive: bool) -> Self {
        self.adaptive = adaptive;
        self
    }

    /// Prefers partitions whose leader is in this rack, as `broker.rack` names it, for
    /// records without a key (KIP-1123). Where there is none, all count. Default: no
    /// preference.
    #[must_use]
    pub fn rack(mut self, rack: impl Into<StrBytes>) -> Self {
        self.wishes.rack = Some(rack.into());
        self
    }

    /// Prefers partitions with at least so many replicas in sync, for records without a
    /// key: with the topic's `min.insync.replicas`, those are the partitions that take
    /// records with acks=all. Metadata tells of it seconds late. Default 0.
    #[must_use]
    pub fn min_in_sync_replicas(mut self, replicas: usize) -> Self {
        self.wishes.in_sync = replicas;
        self
    }
}

impl Default for DefaultPartitioner {
    fn default() -> Self {
        Self::new()
    }
}

impl Partitioner for DefaultPartitioner {
    fn state(&self) -> Box<dyn PartitionChooser> {
        Box::new(Sticky {
            ignores_keys: self.ignores_keys,
            moving: if self.adaptive {
                Moving::ToShorter
            } else {
                Moving::Anywhere
            },
            wishes: self.wishes.clone(),
            current: None,
        })
    }
}

/// Keyless records stay with one partition for a batch.
#[derive(Debug)]
pub(super) struct Sticky {
    pub(super) ignores_keys: bool,
    pub(super) moving: Moving,
    pub(super) wishes: Wishes,
    pub(super) current: Option<Current>,
}

/// Where to go with a new batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moving {
    /// Anywhere but where it was.
    Anywhere,
    /// Of two such the one with the shorter queue.
    ToShorter,
    /// Where the queue is shortest, which can be where it was.
    ToShortest,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Current {
    partition: i32,
    /// It had the wanted replicas in sync.
    in_sync: bool,
}

impl PartitionChooser for Sticky {
    fn choose(&mut self, key: Option<&[u8]>, topic: &Topic, random: &Random) -> i32 {
        if let Some(key) = key
            && !self.ignores_keys
        {
            return partition_for_hash(murmur2(key), topic);
        }
        self.keyless(topic, random)
    }

    fn on_new_batch(
        &mut self,
        partition: i32,
        topic: &Topic,
        queued: &dyn Fn(i32) -> usize,
        random: &Random,
    ) {
        // A batch that keyed or explicitly placed records began elsewhere says
        // nothing about the partition the keyless ones stay on.
        if self
            .current
            .is_some_and(|current| current.partition == partition)
        {
            let next = self.next(partition, topic, queued, random);
            self.stay_with(next, topic);
        }
    }
}

impl Sticky {
    pub(super) fn keyless(&mut self, topic: &Topic, random: &Random) -> i32 {
        if let Some(Current { partition, in_sync }) = self.current
            && self.wishes.allow(partition, topic, in_sync)
        {
            return partition;
        }
        let next = self.wishes.candidates(topic).draw(random);
        self.stay_with(next, topic);
        next
    }

    fn next(
        &self,
        from: i32,
        topic: &Topic,
        queued: &dyn Fn(i32) -> usize,
        random: &Random,
    ) -> i32 {
        let candidates = self.wishes.candidates(topic);
        match self.moving {
            Moving::Anywhere => candidates.draw_other(from, random),
            Moving::ToShorter => {
                let (first, second) = candidates.draw_two_others(from, random);
                if first != second && queued(second) < queued(first) {
                    second
                } else {
                    first
                }
            }
            Moving::ToShortest => {
                // Beginning anywhere, so that equal ones are taken equally often.
                let count = candidates.len();
                let begin = random.below(count);
                let ids = (0..count).map(|index| candidates.get((begin + index) % count));
                ids.min_by_key(|id| queued(*id)).unwrap_or(-1)
            }
        }
    }

    fn stay_with(&mut self, partition: i32, topic: &Topic) {
        let known = topic.partition(partition);
        self.current = known.map(|known| Current {
            partition,
            in_sync: self.wishes.has_in_sync(known),
        });
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::Uuid;

    use super::super::test_topics::topic;
    use super::*;
    use crate::cluster::Partition;

    fn chooser() -> Box<dyn PartitionChooser> {
        DefaultPartitioner::new().state()
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
            chooser.on_new_batch(first, &topic, &|_| 0, &random);
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
            chooser.on_new_batch(other, &topic, &|_| 0, &random);
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
            chooser.on_new_batch(first, &topic, &|_| 0, &random);
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
        chooser.on_new_batch(0, &single, &|_| 0, &random);
        assert_eq!(chooser.choose(None, &single, &random), 0);
    }

    #[test]
    fn a_topic_without_partitions_has_none_to_give() {
        let random = Random::from_seed(7);
        let empty = topic("");
        let mut chooser = chooser();
        assert_eq!(chooser.choose(None, &empty, &random), -1);
        assert_eq!(chooser.choose(Some(b"k"), &empty, &random), -1);
        chooser.on_new_batch(-1, &empty, &|_| 0, &random);
        assert_eq!(chooser.choose(None, &topic("x"), &random), 0);
    }

    #[test]
    fn of_two_the_shorter_queue_is_taken() {
        let random = Random::from_seed(8);
        let topic = topic("xxxx");
        // Partition 2 is slow: any other that is drawn with it wins.
        let queued = |partition| if partition == 2 { 5 } else { 0 };
        let count = |adaptive| {
            let mut chooser = DefaultPartitioner::new().adaptive(adaptive).state();
            let mut slow = 0;
            for _ in 0..600 {
                let at = chooser.choose(None, &topic, &random);
                chooser.on_new_batch(at, &topic, &queued, &random);
                slow += i32::from(chooser.choose(None, &topic, &random) == 2);
            }
            slow
        };
        // Uniform is 150; two different draws are never both it.
        assert!((100..200).contains(&count(false)), "{}", count(false));
        assert_eq!(count(true), 0);
    }

    #[test]
    fn keys_can_be_ignored() {
        let random = Random::from_seed(9);
        let topic = topic("xxxxxx");
        let mut chooser = DefaultPartitioner::new().ignore_keys(true).state();
        let first = chooser.choose(Some(b"a"), &topic, &random);
        for key in [b"b", b"c", b"d"] {
            assert_eq!(chooser.choose(Some(key), &topic, &random), first);
        }
        chooser.on_new_batch(first, &topic, &|_| 0, &random);
        assert_ne!(chooser.choose(Some(b"a"), &topic, &random), first);
    }

    fn with(changes: &[(i32, Option<i32>, &'static str, usize)]) -> Topic {
        let partitions = changes
            .iter()
            .map(|&(id, leader, rack, in_sync)| Partition {
                leader_rack: Some(rack.into()),
                isr: vec![1; in_sync],
                ..Partition::new(id, leader)
            });
        Topic::new("t", Uuid::default(), partitions.collect())
    }

    /// Where keyless records go over many batches.
    fn seen(partitioner: &DefaultPartitioner, topic: &Topic) -> Vec<i32> {
        let random = Random::from_seed(10);
        let mut chooser = partitioner.state();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let at = chooser.choose(None, topic, &random);
            seen.insert(at);
            chooser.on_new_batch(at, topic, &|_| 0, &random);
        }
        seen.into_iter().collect()
    }

    #[test]
    fn leaders_in_the_own_rack_come_first() {
        let partitioner = DefaultPartitioner::new().rack("a");
        let far = (3, Some(4), "b", 1);
        let near = [
            (0, Some(1), "a", 1),
            (1, Some(2), "b", 1),
            (2, Some(3), "a", 1),
            far,
        ];
        assert_eq!(seen(&partitioner, &with(&near)), [0, 2]);
        let one = [
            (0, None, "a", 1),
            (1, Some(2), "b", 1),
            (2, Some(3), "b", 1),
        ];
        assert_eq!(seen(&partitioner, &with(&one)), [1, 2]);
        let leaderless = [(0, None, "a", 1), (1, None, "b", 1)];
        assert_eq!(seen(&partitioner, &with(&leaderless)), [0, 1]);
    }

    #[test]
    fn partitions_without_enough_replicas_in_sync_come_last() {
        let random = Random::from_seed(11);
        let partitioner = DefaultPartitioner::new().min_in_sync_replicas(2).rack("a");
        let some = with(&[
            (0, Some(1), "a", 1),
            (1, Some(2), "b", 2),
            (2, Some(3), "b", 3),
        ]);
        assert_eq!(seen(&partitioner, &some), [1, 2]);
        let none = with(&[(0, Some(1), "a", 1), (1, Some(2), "b", 1)]);
        assert_eq!(seen(&partitioner, &none), [0, 1]);

        // One that loses a replica is left at once; where all did, it stays.
        let mut chooser = partitioner.state();
        let before = with(&[(0, Some(1), "b", 2), (1, Some(2), "b", 1)]);
        assert_eq!(chooser.choose(None, &before, &random), 0);
        let after = with(&[(0, Some(1), "b", 1), (1, Some(2), "b", 2)]);
        assert_eq!(chooser.choose(None, &after, &random), 1);
        let mut at = 1;
        for _ in 0..10 {
            let next = chooser.choose(None, &none, &random);
            assert!(at == 1 || next == at);
            at = next;
        }
    }

    #[test]
    fn a_key_does_not_care_for_racks_and_replicas() {
        let random = Random::from_seed(12);
        let partitioner = DefaultPartitioner::new().min_in_sync_replicas(2).rack("a");
        let topic = with(&[(0, Some(1), "b", 1), (1, Some(2), "a", 3)]);
        // 1,357,151,166 % 2
        assert_eq!(
            partitioner.state().choose(Some(b"foobar"), &topic, &random),
            0
        );
    }
}
