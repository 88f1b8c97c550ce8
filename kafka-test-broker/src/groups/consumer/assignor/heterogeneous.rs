//! The uniform assignor for a group whose members subscribe to different topics.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use kafka_protocol::Uuid;

use super::least_and_most::LeastAndMost;
use super::{Assignments, GroupSpec, MemberSpec, Partitions, add, java_order, remove};

/// Where subscriptions overlap without being the same, each round of balancing
/// about halves the imbalance; this many are enough.
const MAX_ROUNDS: usize = 16;

/// Each member keeps what it had of the topics it subscribes to; free partitions
/// go to the least loaded subscriber; then partitions move from the most to the
/// least loaded until no move helps.
pub(super) fn assign(spec: &GroupSpec) -> Assignments {
    let members = java_order::members(&spec.members);
    let mut work = Work::new(spec, &members);
    if work.topics.is_empty() {
        return Assignments::new();
    }
    work.assign_free();
    work.balance();
    let ids = members.iter().map(|member| member.id.clone());
    ids.zip(work.assignments).collect()
}

struct Work {
    topics: BTreeMap<Uuid, TopicWork>,
    /// What each member has by now, in the order of the members.
    assignments: Vec<Partitions>,
    /// How many partitions that are.
    sizes: Vec<i64>,
}

struct TopicWork {
    /// The members that subscribe, in order.
    subscribers: Vec<usize>,
    /// The member that each partition belongs to by now.
    owners: Vec<Option<usize>>,
}

impl Work {
    fn new(spec: &GroupSpec, members: &[&MemberSpec]) -> Self {
        let mut topics: BTreeMap<Uuid, TopicWork> = BTreeMap::new();
        for (index, member) in members.iter().enumerate() {
            for topic in &member.topics {
                let topic = topics.entry(*topic).or_insert_with(|| TopicWork {
                    subscribers: Vec::new(),
                    owners: vec![None; usize::try_from(spec.partition_count(*topic)).unwrap_or(0)],
                });
                topic.subscribers.push(index);
            }
        }
        let mut assignments = Vec::with_capacity(members.len());
        let mut sizes = Vec::with_capacity(members.len());
        for (index, member) in members.iter().enumerate() {
            let mut kept = member.assigned.clone();
            kept.retain(|topic, _| member.topics.contains(topic));
            for (topic, partitions) in &kept {
                for partition in partitions {
                    if let Some(owner) = topics
                        .get_mut(topic)
                        .and_then(|topic| topic.owner_mut(*partition))
                    {
                        *owner = Some(index);
                    }
                }
            }
            let size: usize = kept.values().map(std::collections::BTreeSet::len).sum();
            sizes.push(i64::try_from(size).unwrap_or(i64::MAX));
            assignments.push(kept);
        }
        Self {
            topics,
            assignments,
            sizes,
        }
    }

    /// Gives each free partition to the least loaded of its subscribers.
    fn assign_free(&mut self) {
        for id in self.sorted(|topic| topic.owners.contains(&None)) {
            let Some(topic) = self.topics.get(&id) else {
                continue;
            };
            let Some(mut members) = LeastAndMost::new(&topic.subscribers, &self.sizes) else {
                continue;
            };
            let free: Vec<i32> = (0..)
                .zip(&topic.owners)
                .filter_map(|(partition, owner)| owner.is_none().then_some(partition))
                .collect();
            for partition in free {
                let member = members.next_least(&self.sizes);
                self.give(id, partition, member);
            }
        }
    }

    /// Goes round the topics until a whole round moves nothing.
    fn balance(&mut self) {
        let topics = self.sorted(|topic| topic.subscribers.len() >= 2);
        let mut last_moved = None;
        for _ in 0..MAX_ROUNDS {
            for (index, topic) in topics.iter().enumerate() {
                if last_moved == Some(index) {
                    return;
                }
                if self.balance_topic(*topic) || last_moved.is_none() {
                    last_moved = Some(index);
                }
            }
        }
    }

    /// Moves partitions of a topic from its most to its least loaded
    /// subscribers. Returns whether any moved.
    fn balance_topic(&mut self, id: Uuid) -> bool {
        let Some(topic) = self.topics.get(&id) else {
            return false;
        };
        let Some(mut members) = LeastAndMost::new(&topic.subscribers, &self.sizes) else {
            return false;
        };
        if members.imbalance(&self.sizes) <= 1 {
            return false;
        }
        // What each subscriber can give up, its last partition first. It gives
        // up only what it had: what it gets meanwhile it keeps.
        let mut owned: BTreeMap<usize, Vec<i32>> = BTreeMap::new();
        for (partition, owner) in (0..).zip(&topic.owners) {
            if let Some(owner) = owner {
                owned.entry(*owner).or_default().push(partition);
            }
        }
        let mut moved = false;
        while !members.is_balanced() {
            let Some(most) = members.next_most(&self.sizes) else {
                break;
            };
            let Some(partition) = owned.get_mut(&most).and_then(Vec::pop) else {
                members.exclude_most();
                continue;
            };
            let least = members.next_least(&self.sizes);
            if members.is_balanced() {
                break;
            }
            self.give(id, partition, least);
            moved = true;
        }
        moved
    }

    /// Gives a partition to a member, and takes it from whoever has it.
    fn give(&mut self, topic: Uuid, partition: i32, member: usize) {
        let owner = self
            .topics
            .get_mut(&topic)
            .and_then(|topic| topic.owner_mut(partition))
            .and_then(|owner| owner.replace(member));
        if let Some(owner) = owner
            && let (Some(from), Some(size)) =
                (self.assignments.get_mut(owner), self.sizes.get_mut(owner))
        {
            remove(from, topic, partition);
            *size -= 1;
        }
        if let (Some(to), Some(size)) =
            (self.assignments.get_mut(member), self.sizes.get_mut(member))
        {
            add(to, topic, partition);
            *size += 1;
        }
    }

    /// Some of the topics: those with the most partitions per subscriber first,
    /// then those with the fewest subscribers, then by id as Java compares it.
    fn sorted(&self, which: impl Fn(&TopicWork) -> bool) -> Vec<Uuid> {
        let which = self.topics.iter().filter(|(_, topic)| which(topic));
        let mut topics: Vec<(&Uuid, &TopicWork)> = which.collect();
        topics.sort_by(|(a_id, a), (b_id, b)| {
            b.compare_load(a)
                .then(a.subscribers.len().cmp(&b.subscribers.len()))
                .then(signed_words(**a_id).cmp(&signed_words(**b_id)))
        });
        topics.into_iter().map(|(id, _)| *id).collect()
    }
}

impl TopicWork {
    fn owner_mut(&mut self, partition: i32) -> Option<&mut Option<usize>> {
        self.owners.get_mut(usize::try_from(partition).ok()?)
    }

    /// By partitions per subscriber, as fractions.
    fn compare_load(&self, other: &Self) -> Ordering {
        let (mine, theirs) = (self.owners.len(), other.owners.len());
        (mine * other.subscribers.len()).cmp(&(theirs * self.subscribers.len()))
    }
}

/// Java compares the halves of an id as signed numbers.
fn signed_words(id: Uuid) -> (i64, i64) {
    let bits = u128::from_be_bytes(*id.as_bytes());
    let low = u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
    let high = u64::try_from(bits >> 64).unwrap_or(0);
    (high.cast_signed(), low.cast_signed())
}
