use super::{Cluster, Event};

impl Cluster {
    /// Gives a partition another leader, in a new epoch. The present leader may
    /// be named too: then only the epoch changes. Returns whether it did: not
    /// when `to` has no in-sync replica or is down.
    pub(crate) fn move_leader(&mut self, topic: &str, partition: i32, to: i32) -> bool {
        let up = self.is_up(to);
        let Some(state) = self.topics.get_mut(topic) else {
            return false;
        };
        let id = state.id;
        let target = state.partition_mut(partition);
        let Some(target) = target.filter(|target| up && target.isr.contains(&to)) else {
            return false;
        };
        target.elect(Some(to));
        self.events.push(Event::Changed {
            topic: id,
            partition,
        });
        true
    }

    /// Takes a broker down: what it led goes to the next in-sync replica that is
    /// up, or stays without a leader when there is none.
    pub(crate) fn stop_broker(&mut self, id: i32) {
        let Some(broker) = self.brokers.get_mut(&id).filter(|broker| broker.up) else {
            return;
        };
        broker.up = false;
        for topic in self.topics.values_mut() {
            for (partition, index) in topic.partitions.iter_mut().zip(0..) {
                if partition.isr.len() > 1 {
                    partition.isr.retain(|replica| *replica != id);
                }
                if partition.leader == Some(id) {
                    // The last in-sync replica stays listed: it alone has it all.
                    let next = partition.isr.iter().copied().find(|replica| *replica != id);
                    partition.elect(next);
                    self.events.push(Event::Changed {
                        topic: topic.id,
                        partition: index,
                    });
                }
            }
        }
    }

    /// Brings a broker back: it is in sync at once, and leads again what nobody
    /// else could lead.
    pub(crate) fn start_broker(&mut self, id: i32) {
        let Some(broker) = self.brokers.get_mut(&id).filter(|broker| !broker.up) else {
            return;
        };
        broker.up = true;
        for topic in self.topics.values_mut() {
            for (partition, index) in topic.partitions.iter_mut().zip(0..) {
                if !partition.replicas.contains(&id) {
                    continue;
                }
                let was_in_sync = partition.isr.contains(&id);
                if partition.leader.is_some() && !was_in_sync {
                    partition.isr.push(id);
                } else if partition.leader.is_none() && was_in_sync {
                    partition.elect(Some(id));
                    // Whoever came back before could not lead, but is in sync
                    // with the one that can.
                    let brokers = &self.brokers;
                    let up = |id: &i32| brokers.get(id).is_some_and(|broker| broker.up);
                    let joining = partition.replicas.iter().filter(|id| up(id));
                    for replica in joining {
                        if !partition.isr.contains(replica) {
                            partition.isr.push(*replica);
                        }
                    }
                    self.events.push(Event::Changed {
                        topic: topic.id,
                        partition: index,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::cluster;
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
        cluster.stop_broker(2);
        check(&cluster, Some(3), 1, &[3, 1]);
        cluster.stop_broker(3);
        check(&cluster, Some(1), 2, &[1]);
        cluster.start_broker(2);
        check(&cluster, Some(1), 2, &[1, 2]);
        cluster.stop_broker(1);
        check(&cluster, Some(2), 3, &[2]);
    }

    #[test]
    fn last_in_sync_replica_alone_can_lead_again() {
        let mut cluster = one_partition(2, &[1, 2]);
        cluster.stop_broker(1);
        check(&cluster, Some(2), 1, &[2]);
        cluster.stop_broker(2);
        check(&cluster, None, 2, &[2]);
        cluster.start_broker(1);
        check(&cluster, None, 2, &[2]);
        cluster.start_broker(2);
        check(&cluster, Some(2), 3, &[2, 1]);
    }

    #[test]
    fn single_replica_is_leaderless_while_its_broker_is_down() {
        let mut cluster = one_partition(3, &[2]);
        cluster.take_events();
        cluster.stop_broker(2);
        check(&cluster, None, 1, &[2]);
        cluster.stop_broker(2);
        cluster.start_broker(2);
        check(&cluster, Some(2), 2, &[2]);
        assert_eq!(cluster.take_events().len(), 2);
    }

    #[test]
    fn moving_needs_an_in_sync_replica_that_is_up() {
        let mut cluster = one_partition(3, &[1, 2]);
        assert!(cluster.move_leader("t", 0, 2));
        check(&cluster, Some(2), 1, &[1, 2]);
        assert!(!cluster.move_leader("t", 0, 3));
        cluster.stop_broker(1);
        assert!(!cluster.move_leader("t", 0, 1));
        assert!(!cluster.move_leader("t", 1, 2));
        assert!(!cluster.move_leader("u", 0, 2));
    }
}
