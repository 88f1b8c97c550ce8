//! How a member gets from what it has to its target: first it gives up what is no
//! longer its own, then it moves to the target's epoch and gets whatever nobody
//! else still has.

use std::collections::BTreeSet;

use kafka_protocol::Uuid;
use kafka_protocol::messages::consumer_group_heartbeat::TopicPartitions;

use super::assignor::Partitions;
use super::member::{Member, MemberState, Owned};

/// What a member is to be reconciled with.
#[derive(Debug)]
pub(super) struct Reconciliation<'a> {
    /// The epoch the target was made for.
    pub target_epoch: i32,
    pub target: &'a Partitions,
    /// The topics that the member subscribes to now; of others it keeps and gets
    /// nothing, even before the target says so.
    pub subscribed: &'a BTreeSet<Uuid>,
    /// Whether it changed its subscription just now.
    pub subscription_changed: bool,
    /// What the members of the group own.
    pub owned: &'a BTreeSet<(Uuid, i32)>,
    /// What the member says it owns; `None` when it says nothing.
    pub reported: Option<&'a [TopicPartitions]>,
}

impl Reconciliation<'_> {
    /// The member after its next step, or as it was.
    pub(super) fn step(&self, member: Member) -> Member {
        match member.state {
            MemberState::Stable if member.epoch != self.target_epoch => self.next(member),
            MemberState::UnrevokedPartitions if !self.still_owns(&member.revoking) => {
                self.next(member)
            }
            MemberState::UnreleasedPartitions => self.next(member),
            MemberState::Stable | MemberState::UnrevokedPartitions => {
                if self.subscription_changed {
                    self.drop_unsubscribed(member)
                } else {
                    member
                }
            }
        }
    }

    fn next(&self, mut member: Member) -> Member {
        let mut assigned = Owned::new();
        let mut revoking = Owned::new();
        for (topic, partitions) in &member.assigned {
            for (partition, since) in partitions {
                let kept = match self.targets(*topic, *partition) {
                    true => &mut assigned,
                    false => &mut revoking,
                };
                kept.entry(*topic).or_default().insert(*partition, *since);
            }
        }
        if !revoking.is_empty() && self.still_owns(&revoking) {
            member.state = MemberState::UnrevokedPartitions;
            member.previous_epoch = member.epoch;
            member.assigned = assigned;
            member.revoking = revoking;
            return member;
        }
        let mut waits = false;
        for (topic, partitions) in self.target {
            for partition in partitions {
                let has = |owned: &Owned| {
                    let partitions = owned.get(topic);
                    partitions.is_some_and(|partitions| partitions.contains_key(partition))
                };
                if !self.subscribed.contains(topic) || has(&assigned) {
                    continue;
                }
                // What it was to give up itself counts as its own: nobody else
                // can have got it meanwhile.
                if self.owned.contains(&(*topic, *partition)) && !has(&member.revoking) {
                    waits = true;
                    continue;
                }
                let topic = assigned.entry(*topic).or_default();
                topic.insert(*partition, self.target_epoch);
            }
        }
        member.state = match waits {
            true => MemberState::UnreleasedPartitions,
            false => MemberState::Stable,
        };
        member.previous_epoch = member.epoch;
        member.epoch = self.target_epoch;
        member.assigned = assigned;
        member.revoking.clear();
        member
    }

    /// Only takes away what the member no longer subscribes to.
    fn drop_unsubscribed(&self, mut member: Member) -> Member {
        let unsubscribed = |topic: &Uuid| !self.subscribed.contains(topic);
        if !member.assigned.keys().any(unsubscribed) {
            return member;
        }
        let mut revoking = member.revoking.clone();
        for (topic, partitions) in &member.assigned {
            if unsubscribed(topic) {
                revoking.entry(*topic).or_default().extend(partitions);
            }
        }
        member.assigned.retain(|topic, _| !unsubscribed(topic));
        member.previous_epoch = member.epoch;
        if self.still_owns(&revoking) {
            member.state = MemberState::UnrevokedPartitions;
            member.revoking = revoking;
        }
        member
    }

    /// Whether the member still has any of `partitions`, for all it says.
    fn still_owns(&self, partitions: &Owned) -> bool {
        let Some(reported) = self.reported else {
            return true;
        };
        reported.iter().any(|topic| {
            let known = partitions.get(&topic.topic_id);
            known.is_some_and(|known| {
                topic
                    .partitions
                    .iter()
                    .any(|index| known.contains_key(index))
            })
        })
    }

    fn targets(&self, topic: Uuid, partition: i32) -> bool {
        self.subscribed.contains(&topic)
            && self
                .target
                .get(&topic)
                .is_some_and(|partitions| partitions.contains(&partition))
    }
}
