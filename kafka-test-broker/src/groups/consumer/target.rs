//! How a group's target is made.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use kafka_protocol::{StrBytes, Uuid};

use super::assignor::{Assignor, GroupSpec, MemberSpec, Partitions};
use super::member::Member;
use super::{ConsumerGroup, Topics};

impl ConsumerGroup {
    /// Makes a target for the group's epoch, unless there is one, or the last is
    /// too young.
    pub(super) fn make_target(&mut self, topics: &dyn Topics, now: Instant) {
        let interval = self.settings.consumer_assignment_interval;
        let young = self.target_made.is_some_and(|made| now < made + interval);
        if self.target_epoch >= self.epoch || young {
            return;
        }
        let spec = self.spec(topics);
        let mut target = self.assignor().assign(&spec);
        // A member that gets nothing has an empty target, not none.
        for id in self.members.keys() {
            target.entry(id.clone()).or_default();
        }
        self.target = target;
        self.target_epoch = self.epoch;
        self.target_made = Some(now);
    }

    /// The assignor that most members ask for.
    pub(super) fn assignor(&self) -> Assignor {
        let votes = |assignor: Assignor| {
            let members = self.members.values();
            members
                .filter(|member| member.assignor == Some(assignor))
                .count()
        };
        let voted = Assignor::ALL.into_iter().rev();
        let most = voted.max_by_key(|assignor| votes(*assignor));
        most.unwrap_or(Assignor::Uniform)
    }

    /// The topics that a member subscribes to, of those that exist.
    pub(super) fn subscribed_topics(&self, member: &Member, topics: &dyn Topics) -> BTreeSet<Uuid> {
        let matched = self.resolved.get(&member.regex);
        let matched = matched.into_iter().flat_map(|resolved| &resolved.topics);
        let names = member.topics.iter().chain(matched);
        let infos = names.filter_map(|name| topics.by_name(name));
        infos.map(|info| info.id).collect()
    }

    fn spec(&self, topics: &dyn Topics) -> GroupSpec {
        let names = self.subscriptions.topics();
        let infos = names.filter_map(|name: &StrBytes| topics.by_name(name));
        let partition_counts: BTreeMap<Uuid, i32> =
            infos.map(|info| (info.id, info.partitions)).collect();
        let mut assigned = Partitions::new();
        for (topic, partitions) in self.target.values().flatten() {
            assigned.entry(*topic).or_default().extend(partitions);
        }
        let members = self.members.values().map(|member| MemberSpec {
            id: member.id.clone(),
            instance_id: member.instance_id.clone(),
            topics: self.subscribed_topics(member, topics),
            assigned: self.target.get(&member.id).cloned().unwrap_or_default(),
        });
        GroupSpec {
            members: members.collect(),
            homogeneous: self.subscriptions.are_alike(self.members.len()),
            partition_counts,
            assigned,
        }
    }
}
