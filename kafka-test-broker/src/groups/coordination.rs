//! Which broker coordinates a group, and what happens when that changes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_protocol::{ErrorCode, StrBytes, Uuid};

use super::{ClassicGroup, Group};
use crate::cluster::{Alarm, Cluster, Event, InternalTopic, Moment};

/// How often it is looked whether a frozen coordinator goes on.
const FROZEN_RETRY: Duration = Duration::from_millis(100);

const TOPIC: InternalTopic = InternalTopic::ConsumerOffsets;

/// Who coordinates the groups of each partition of `__consumer_offsets`.
#[derive(Debug, Default)]
pub(crate) struct Coordinators {
    /// The topic's id; another one has none of its groups.
    topic: Uuid,
    /// By partition; those without a leader are left out.
    brokers: BTreeMap<i32, Coordinator>,
}

#[derive(Clone, Copy, Debug)]
struct Coordinator {
    broker: i32,
    /// When it has read what there is, while it still reads.
    loading_until: Option<Instant>,
}

impl Cluster {
    /// Whether `broker` may speak for `group`.
    ///
    /// # Errors
    ///
    /// `NOT_COORDINATOR` when another broker does, or none; while it still reads
    /// what was moved to it, `COORDINATOR_LOAD_IN_PROGRESS`.
    pub(crate) fn check_group_coordinator(
        &self,
        broker: i32,
        group: &str,
    ) -> Result<(), ErrorCode> {
        if self.coordinator(TOPIC, group).map(|broker| broker.id) != Some(broker) {
            return Err(ErrorCode::NotCoordinator);
        }
        let known = self
            .groups
            .coordinators
            .brokers
            .get(&TOPIC.partition_of(group));
        match known.and_then(|coordinator| coordinator.loading_until) {
            Some(_) => Err(ErrorCode::CoordinatorLoadInProgress),
            None => Ok(()),
        }
    }

    /// Passes on what a group decided, and sees to it that it is called again.
    /// To be called after whatever was done to it.
    pub(crate) fn touch_group(&mut self, id: &str) {
        let mut replies = std::mem::take(&mut self.groups.replies);
        let mut due = None;
        if let Some(group) = self.groups.get_mut(id) {
            due = group.next_due();
            replies.extend(group.take_replies());
        }
        let name = StrBytes::from(id);
        self.groups.touched.insert(name.clone());
        self.alarms.set(Alarm::Group(name), due);
        for (ticket, response) in replies {
            self.resolve(ticket, response);
        }
    }

    /// Deletes a group and all it committed.
    pub(crate) fn delete_group(&mut self, id: &str) {
        self.groups.remove(id);
        self.groups.offsets.delete_group(id);
        self.touch_group(id);
    }

    /// A group's time has come.
    pub(crate) fn ring_group(&mut self, id: &str, moment: Moment) {
        let coordinator = self.coordinator(TOPIC, id);
        if coordinator.is_some_and(|broker| broker.paused) {
            // A frozen broker does nothing; in a while it may have thawed.
            let again = moment.now + FROZEN_RETRY;
            return self
                .alarms
                .set(Alarm::Group(StrBytes::from(id)), Some(again));
        }
        if let Some(group) = self.groups.get_mut(id) {
            group.advance(moment);
        }
        self.touch_group(id);
    }

    /// A broker has read the groups of a partition, and coordinates them.
    pub(crate) fn ring_groups_loaded(&mut self, partition: i32, moment: Moment) {
        if let Some(coordinator) = self.groups.coordinators.brokers.get_mut(&partition) {
            coordinator.loading_until = None;
        }
        for id in self.groups_in(partition) {
            if let Some(group) = self.groups.get_mut(&id) {
                group.loaded(moment);
            }
            self.touch_group(&id);
        }
    }

    /// Looks whether groups got another coordinator, and when their offsets
    /// expire.
    pub(crate) fn settle_groups(&mut self, moment: Moment) {
        self.settle_coordinators(moment);
        if self.groups.touched.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.groups.touched) {
            self.watch_offset_retention(&id, moment);
        }
    }

    fn settle_coordinators(&mut self, moment: Moment) {
        let topic = self
            .topic(TOPIC.name())
            .map_or(Uuid::ZERO, |topic| topic.id);
        let before = self.groups.coordinators.topic;
        if topic != before {
            self.groups.coordinators.topic = topic;
            for partition in 0..TOPIC.partitions() {
                // Its groups were in the topic that is gone.
                if !before.is_zero() {
                    self.forget_groups(partition, moment);
                }
                self.settle_partition(partition, moment);
            }
            return;
        }
        if self.events().is_empty() {
            return;
        }
        for partition in self.changed_partitions(topic) {
            self.settle_partition(partition, moment);
        }
    }

    fn changed_partitions(&self, of: Uuid) -> Vec<i32> {
        let changed = self.events().iter().filter_map(|event| match *event {
            Event::Changed { topic, partition } if topic == of => Some(partition),
            _ => None,
        });
        changed.collect()
    }

    fn settle_partition(&mut self, partition: i32, moment: Moment) {
        let leader = self
            .partition(TOPIC.name(), partition)
            .and_then(|partition| partition.leader);
        let coordinators = &mut self.groups.coordinators.brokers;
        let before = coordinators.get(&partition).map(|known| known.broker);
        if leader == before {
            return;
        }
        let Some(broker) = leader else {
            coordinators.remove(&partition);
            self.alarms.set(Alarm::GroupsLoaded(partition), None);
            return self.unload(partition, moment);
        };
        let until = moment.now + self.groups.settings.load_time;
        let coordinator = Coordinator {
            broker,
            loading_until: Some(until),
        };
        coordinators.insert(partition, coordinator);
        self.unload(partition, moment);
        if until > moment.now {
            self.alarms.set(Alarm::GroupsLoaded(partition), Some(until));
        } else {
            self.ring_groups_loaded(partition, moment);
        }
    }

    /// Sends away whoever waits for the groups of a partition, and leaves of
    /// them what the log has.
    fn unload(&mut self, partition: i32, moment: Moment) {
        for id in self.groups_in(partition) {
            let Some(group) = self.groups.remove(&id) else {
                continue;
            };
            let (replies, group) = group.unload();
            for (ticket, response) in replies {
                self.resolve(ticket, response);
            }
            if let Some(group) = group {
                self.groups.insert(&id, group);
            } else if self.groups.offsets.has_any(&id) {
                // Offsets that are read make a group that only keeps them.
                let group = ClassicGroup::new(&id, self.groups.settings, moment.wall_ms);
                self.groups.insert(&id, Group::classic(group));
            }
            self.touch_group(&id);
        }
    }

    fn forget_groups(&mut self, partition: i32, moment: Moment) {
        self.unload(partition, moment);
        for id in self.groups_in(partition) {
            self.groups.remove(&id);
            self.groups.offsets.delete_group(&id);
            self.touch_group(&id);
        }
    }

    fn groups_in(&self, partition: i32) -> Vec<StrBytes> {
        let here = |id: &&StrBytes| TOPIC.partition_of(id) == partition;
        self.groups.groups.keys().filter(here).cloned().collect()
    }
}
