//! Who leads, who is in sync: what brokers do decides it, and the controller.

use std::collections::BTreeMap;

use super::{Alarm, Broker, Cluster, Event, Moment, Partition, Topic};

impl Cluster {
    /// Gives a partition another leader, in a new epoch. The present leader may
    /// be named too: then only the epoch changes. Returns whether it did: not
    /// when `to` has no in-sync replica or is down.
    pub(crate) fn move_leader(
        &mut self,
        topic: &str,
        partition: i32,
        to: i32,
        moment: Moment,
    ) -> bool {
        self.elect_if(topic, partition, to, moment, |partition| {
            partition.isr.contains(&to)
        })
    }

    /// Makes any replica that is up the leader, in sync or not, in a new epoch:
    /// what it does not have is lost. Returns whether it did.
    pub(crate) fn elect_unclean(
        &mut self,
        topic: &str,
        partition: i32,
        to: i32,
        moment: Moment,
    ) -> bool {
        self.elect_if(topic, partition, to, moment, |partition| {
            partition.replicas.contains(&to)
        })
    }

    /// Cuts the log at `offset`, and begins a new epoch there. Returns whether
    /// there is such a partition, with a leader.
    pub(crate) fn truncate(
        &mut self,
        topic: &str,
        partition: i32,
        offset: i64,
        moment: Moment,
    ) -> bool {
        let leader = self
            .partition(topic, partition)
            .and_then(|state| state.leader);
        let Some(leader) = leader else {
            return false;
        };
        if let Some(state) = self.partition_mut(topic, partition) {
            state.truncate(offset.max(state.log.start_offset()));
        }
        self.elect_if(topic, partition, leader, moment, |_| true)
    }

    /// Takes a broker down: what it led goes to the next in-sync replica that is
    /// up, or stays without a leader when there is none.
    pub(crate) fn stop_broker(&mut self, id: i32, moment: Moment) {
        self.fetch_sessions.forget(id);
        self.change_broker(id, moment, |broker| broker.up = false);
        self.hear(id, moment, |broker| {
            broker.paused = false;
            broker.cut_off = false;
            broker.metadata_view = None;
        });
    }

    /// Brings a broker back: it is in sync at once, and leads again what nobody
    /// else could lead.
    pub(crate) fn start_broker(&mut self, id: i32, moment: Moment) {
        self.change_broker(id, moment, |broker| broker.up = true);
    }

    /// Cuts a broker off from the others and from the controller, which fences
    /// it when its session has timed out.
    pub(crate) fn cut_off(&mut self, id: i32, moment: Moment) {
        if !self
            .broker(id)
            .is_some_and(|broker| broker.up && !broker.cut_off)
        {
            return;
        }
        self.change_broker(id, moment, |broker| broker.cut_off = true);
        self.watch_session(id, moment);
    }

    /// Joins a broker that was cut off to the others again: it follows, and is
    /// in sync.
    pub(crate) fn rejoin(&mut self, id: i32, moment: Moment) {
        self.hear(id, moment, |broker| broker.cut_off = false);
    }

    /// Freezes a broker, or lets it go on.
    pub(crate) fn pause(&mut self, id: i32, paused: bool, moment: Moment) {
        if paused {
            self.change_broker(id, moment, |broker| broker.paused = true);
            self.watch_session(id, moment);
        } else {
            self.hear(id, moment, |broker| broker.paused = false);
        }
    }

    /// The session of a broker that is heard of no longer has timed out: others
    /// lead.
    pub(super) fn fence(&mut self, id: i32, moment: Moment) {
        for topic in self.topics.values_mut() {
            for partition in &mut topic.partitions {
                if partition.leader == Some(id) {
                    partition.fork(id);
                }
            }
        }
        self.change_broker(id, moment, |broker| broker.fenced = true);
    }

    /// Ends why a broker is not heard of. If nothing else keeps it silent, it
    /// learns who leads.
    fn hear(&mut self, id: i32, moment: Moment, change: impl FnOnce(&mut Broker)) {
        let Some(broker) = self.brokers.get_mut(&id) else {
            return;
        };
        change(broker);
        if !(broker.cut_off || broker.paused) {
            for topic in self.topics.values_mut() {
                for partition in &mut topic.partitions {
                    partition.rejoin(id);
                }
            }
        }
        self.watch_session(id, moment);
        self.change_broker(id, moment, |_| {});
        self.check_all_acks();
    }

    /// Sets when a broker is fenced, if it is not heard of, or ends that.
    fn watch_session(&mut self, id: i32, moment: Moment) {
        let Some(broker) = self.brokers.get(&id) else {
            return;
        };
        let (silent, fenced) = (broker.up && !broker.is_heard(), broker.fenced);
        let ends = moment.now + self.config.broker_session_timeout;
        self.alarms
            .set(Alarm::Fence(id), (silent && !fenced).then_some(ends));
        if let Some(broker) = self.brokers.get_mut(&id).filter(|_| !silent) {
            broker.fenced = false;
        }
    }

    /// Stops, or lets go on, all that a broker follows.
    pub(crate) fn hold_back(&mut self, id: i32, hold: bool, moment: Moment) {
        self.change_broker(id, moment, |broker| broker.held_back = hold);
    }

    /// Fails, or mends, a broker's disk.
    pub(crate) fn fail_disk(&mut self, id: i32, failed: bool, moment: Moment) {
        self.change_broker(id, moment, |broker| broker.disk_failed = failed);
    }

    /// Takes those out of sync who have been behind for too long.
    pub(super) fn shrink_isr(&mut self, topic: &str, partition: i32, moment: Moment) {
        let lag_max = self.config.replica_lag_max;
        let linked = self.leader_is_linked(topic, partition);
        let Some(state) = self.partition_mut(topic, partition).filter(|_| linked) else {
            return;
        };
        let end = state.log.end_offset();
        let out = state
            .replication
            .out_of_sync(&state.isr, end, lag_max, moment.now);
        state.isr.retain(|replica| !out.contains(replica));
        self.watch_isr(topic, partition);
        self.advance(topic, partition);
    }

    /// Sets the alarm for the next replica to fall out of sync.
    pub(super) fn watch_isr(&mut self, topic: &str, partition: i32) {
        let lag_max = self.config.replica_lag_max;
        let linked = self.leader_is_linked(topic, partition);
        let Some(state) = self.topics.get(topic) else {
            return;
        };
        let alarm = Alarm::Isr(state.id, partition);
        let Some(state) = state.partition(partition) else {
            return;
        };
        let end = state.log.end_offset();
        let due = state
            .replication
            .next_out_of_sync(&state.isr, end, lag_max)
            .filter(|_| linked);
        self.alarms.set(alarm, due);
    }

    /// Only a leader that reaches the controller can change who is in sync.
    fn leader_is_linked(&self, topic: &str, partition: i32) -> bool {
        let leader = self
            .partition(topic, partition)
            .and_then(|state| self.brokers.get(&state.leader?));
        leader.is_some_and(Broker::is_linked)
    }

    fn elect_if(
        &mut self,
        topic: &str,
        partition: i32,
        to: i32,
        moment: Moment,
        fits: impl Fn(&Partition) -> bool,
    ) -> bool {
        let able = self.brokers.get(&to).is_some_and(Broker::can_lead);
        let Some(state) = self.topics.get_mut(topic) else {
            return false;
        };
        let id = state.id;
        let target = state.partition_mut(partition);
        let Some(target) = target.filter(|target| able && fits(target)) else {
            return false;
        };
        target.elect(Some(to));
        self.events.push(Event::Changed {
            topic: id,
            partition,
        });
        self.reconcile(topic, partition, moment);
        true
    }

    /// Changes a broker, and all partitions with it.
    fn change_broker(&mut self, id: i32, moment: Moment, change: impl FnOnce(&mut Broker)) {
        let Some(broker) = self.brokers.get_mut(&id) else {
            return;
        };
        change(broker);
        let held: Vec<_> = self
            .topics
            .iter()
            .flat_map(|(name, topic)| (0..).zip(&topic.partitions).map(move |it| (name, it)))
            .filter(|(_, (_, partition))| partition.replicas.contains(&id))
            .map(|(name, (index, _))| (name.clone(), index))
            .collect();
        for (topic, partition) in held {
            self.reconcile(&topic, partition, moment);
        }
    }

    /// Makes a partition what its brokers let it be: who is in sync, who leads,
    /// who follows.
    pub(super) fn reconcile(&mut self, topic: &str, partition: i32, moment: Moment) {
        let Some(state) = self.topics.get_mut(topic) else {
            return;
        };
        let moved = reconcile(state, partition, &self.brokers, moment);
        if moved {
            self.events.push(Event::Changed {
                topic: state.id,
                partition,
            });
        }
        self.watch_isr(topic, partition);
        self.advance(topic, partition);
    }
}

/// Returns whether another one leads now.
fn reconcile(
    topic: &mut Topic,
    partition: i32,
    brokers: &BTreeMap<i32, Broker>,
    moment: Moment,
) -> bool {
    let can_lead = |id: &i32| brokers.get(id).is_some_and(Broker::can_lead);
    let unclean = topic.config.unclean_leader_election;
    let Some(partition) = topic.partition_mut(partition) else {
        return false;
    };
    partition.offline = partition
        .replicas
        .iter()
        .copied()
        .filter(|id| brokers.get(id).is_some_and(|broker| broker.disk_failed))
        .collect();
    let leader = partition.leader;
    if partition.isr.iter().any(can_lead) {
        partition.isr.retain(can_lead);
    } else if let Some(leader) = leader {
        // The last in-sync replica stays listed: it alone has it all.
        partition.isr = vec![leader];
    }
    settle_leader(partition, unclean, brokers);
    follow(partition, brokers, moment);
    if partition.reassigning.is_some() {
        partition.maybe_reassigned(moment);
        if partition.reassigning.is_none() {
            settle_leader(partition, unclean, brokers);
            follow(partition, brokers, moment);
        }
    }
    partition.leader != leader
}

/// Elects another one if the leader may lead no longer.
fn settle_leader(partition: &mut Partition, unclean: bool, brokers: &BTreeMap<i32, Broker>) {
    let can_lead = |id: &i32| brokers.get(id).is_some_and(Broker::can_lead);
    let leader = partition.leader;
    if leader.is_some_and(|leader| partition.isr.contains(&leader) && can_lead(&leader)) {
        return;
    }
    let mut able = partition.replicas.iter().copied().filter(can_lead);
    let next = able
        .clone()
        .find(|id| partition.isr.contains(id))
        .or_else(|| able.next().filter(|_| unclean));
    if next != leader {
        partition.elect(next);
    }
}

/// Lets those follow who can: they have everything at once, and are in sync.
fn follow(partition: &mut Partition, brokers: &BTreeMap<i32, Broker>, moment: Moment) {
    let linked = |id: i32| brokers.get(&id).is_some_and(Broker::is_linked);
    let leader_linked = partition.leader.is_some_and(linked);
    let end = partition.log.end_offset();
    for replica in partition.replicas.clone() {
        if partition.leader == Some(replica) {
            continue;
        }
        let broker = brokers.get(&replica);
        let free = broker.is_some_and(|broker| broker.is_linked() && !broker.held_back);
        if !(leader_linked && free) {
            partition.replication.stops(replica, end, moment.now);
            continue;
        }
        partition.replication.catches_up(replica);
        if broker.is_some_and(Broker::can_lead) && !partition.isr.contains(&replica) {
            partition.isr.push(replica);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, cluster};
    use super::super::{NewTopic, Placement};
    use super::*;

    fn one_partition(brokers: i32, replicas: &[i32]) -> Cluster {
        let mut cluster = cluster(brokers);
        let topic = NewTopic::new("t", Placement::Assigned(vec![replicas.to_vec()]));
        cluster.create_topic(&topic, false).unwrap();
        cluster
    }

    fn check(cluster: &Cluster, leader: Option<i32>, epoch: i32, isr: &[i32]) {
        let partition = cluster.partition("t", 0).unwrap();
        assert_eq!((partition.leader, partition.leader_epoch), (leader, epoch));
        assert_eq!(partition.isr, isr);
    }

    #[test]
    fn leadership_goes_to_the_next_replica_and_stays_there() {
        let mut cluster = one_partition(3, &[2, 3, 1]);
        check(&cluster, Some(2), 0, &[2, 3, 1]);
        cluster.stop_broker(2, at(0));
        check(&cluster, Some(3), 1, &[3, 1]);
        cluster.stop_broker(3, at(0));
        check(&cluster, Some(1), 2, &[1]);
        cluster.start_broker(2, at(0));
        check(&cluster, Some(1), 2, &[1, 2]);
        cluster.stop_broker(1, at(0));
        check(&cluster, Some(2), 3, &[2]);
    }

    #[test]
    fn last_in_sync_replica_alone_can_lead_again() {
        let mut cluster = one_partition(2, &[1, 2]);
        cluster.stop_broker(1, at(0));
        check(&cluster, Some(2), 1, &[2]);
        cluster.stop_broker(2, at(0));
        check(&cluster, None, 2, &[2]);
        cluster.start_broker(1, at(0));
        check(&cluster, None, 2, &[2]);
        cluster.start_broker(2, at(0));
        check(&cluster, Some(2), 3, &[2, 1]);
    }

    #[test]
    fn single_replica_is_leaderless_while_its_broker_is_down() {
        let mut cluster = one_partition(3, &[2]);
        cluster.take_events();
        cluster.stop_broker(2, at(0));
        check(&cluster, None, 1, &[2]);
        cluster.stop_broker(2, at(0));
        cluster.start_broker(2, at(0));
        check(&cluster, Some(2), 2, &[2]);
        assert_eq!(cluster.take_events().len(), 2);
    }

    #[test]
    fn moving_needs_an_in_sync_replica_that_is_up() {
        let mut cluster = one_partition(3, &[1, 2]);
        assert!(cluster.move_leader("t", 0, 2, at(0)));
        check(&cluster, Some(2), 1, &[1, 2]);
        assert!(!cluster.move_leader("t", 0, 3, at(0)));
        cluster.stop_broker(1, at(0));
        assert!(!cluster.move_leader("t", 0, 1, at(0)));
        assert!(!cluster.move_leader("t", 1, 2, at(0)));
        assert!(!cluster.move_leader("u", 0, 2, at(0)));
    }
}
