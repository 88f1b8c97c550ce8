//! Which partitions records without a key may go to.

use kafka_net::Random;
use kafka_protocol::StrBytes;

use crate::cluster::{Partition, Topic};

/// What is asked of a partition, as far as some partition has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// At least so many replicas in sync.
    pub(super) in_sync: usize,
    /// A leader in this rack.
    pub(super) rack: Option<StrBytes>,
}

/// The partitions that come into question at one moment: those that fulfil the most.
pub(super) enum Candidates<'a> {
    Listed(&'a [i32]),
    Chosen(Vec<i32>),
    /// All, of so many: none has a leader.
    All(usize),
}

impl Wishes {
    pub(super) fn candidates<'a>(&self, topic: &'a Topic) -> Candidates<'a> {
        let available = topic.available();
        if available.is_empty() {
            return Candidates::All(topic.partitions().len());
        }
        if self.in_sync == 0 && self.rack.is_none() {
            return Candidates::Listed(available);
        }
        let chosen = |wanted: &dyn Fn(&Partition) -> bool| {
            let chosen = available.iter().copied();
            let chosen = chosen.filter(|id| topic.partition(*id).is_some_and(wanted));
            Some(chosen.collect::<Vec<_>>()).filter(|chosen| !chosen.is_empty())
        };
        let near = || chosen(&|partition| self.has_in_sync(partition) && self.is_near(partition));
        let in_sync = || chosen(&|partition| self.has_in_sync(partition));
        match near().or_else(in_sync) {
            Some(chosen) => Candidates::Chosen(chosen),
            None => Candidates::Listed(available),
        }
    }

    /// Whether records may go on to this partition: `had_in_sync` tells whether it had
    /// enough replicas in sync when it was drawn. A leader that moved to another rack is
    /// followed until the next draw.
    pub(super) fn allow(&self, partition: i32, topic: &Topic, had_in_sync: bool) -> bool {
        // A partition that lost its leader is left at once when another has one: what is
        // buffered behind a missing leader may wait until its deadline.
        topic.partition(partition).is_some_and(|partition| {
            topic.available().is_empty()
                || (partition.leader.is_some() && (!had_in_sync || self.has_in_sync(partition)))
        })
    }

    pub(super) fn has_in_sync(&self, partition: &Partition) -> bool {
        partition.isr.len() >= self.in_sync
    }

    fn is_near(&self, partition: &Partition) -> bool {
        self.rack
            .as_ref()
            .is_none_or(|rack| partition.leader_rack.as_ref() == Some(rack))
    }
}

impl Candidates<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Listed(ids) => ids.len(),
            Self::Chosen(ids) => ids.len(),
            Self::All(count) => *count,
        }
    }

    /// −1 beyond the end.
    pub(super) fn get(&self, index: usize) -> i32 {
        match self {
            Self::Listed(ids) => ids.get(index).copied(),
            Self::Chosen(ids) => ids.get(index).copied(),
            Self::All(count) => i32::try_from(index).ok().filter(|_| index < *count),
        }
        .unwrap_or(-1)
    }

    /// Any of them, each equally likely; −1 when there is none.
    pub(super) fn draw(&self, random: &Random) -> i32 {
        self.get(random.below(self.len()))
    }

    /// Any but `id`, where there is another.
    pub(super) fn draw_other(&self, id: i32, random: &Random) -> i32 {
        let others = self.others(id);
        others.get(random.below(others.count))
    }

    /// Two different ones but `id`, as far as there are so many.
    pub(super) fn draw_two_others(&self, id: i32, random: &Random) -> (i32, i32) {
        let others = self.others(id);
        let first = random.below(others.count);
        if others.count < 2 {
            return (others.get(first), others.get(first));
        }
        // From one fewer, skipping the first: all others are equally likely.
        let second = random.below(others.count - 1);
        let second = second + usize::from(second >= first);
        (others.get(first), others.get(second))
    }

    fn others(&self, id: i32) -> Others<'_> {
        let skipped = match self {
            Self::Listed(ids) => ids.binary_search(&id).ok(),
            Self::Chosen(ids) => ids.binary_search(&id).ok(),
            Self::All(count) => usize::try_from(id).ok().filter(|index| index < count),
        };
        let skipped = skipped.filter(|_| self.len() > 1);
        Others {
            count: self.len() - usize::from(skipped.is_some()),
            of: self,
            skipped,
        }
    }
}

/// Candidates without one of them.
struct Others<'a> {
    of: &'a Candidates<'a>,
    skipped: Option<usize>,
    count: usize,
}

impl Others<'_> {
    fn get(&self, index: usize) -> i32 {
        let skips = self.skipped.is_some_and(|skipped| index >= skipped);
        self.of.get(index + usize::from(skips))
    }
}
