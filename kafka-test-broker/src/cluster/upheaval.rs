//! What befalls a cluster from outside: for faults, and for tests that cause
//! it by hand.

use kafka_protocol::StrBytes;

use super::{Cluster, Event, InternalTopic, Moment, Partition, random_uuid};

impl Cluster {
    /// Makes the next in-sync replica that is up the leader of a partition, in a
    /// new epoch; with no other, the present one again. Returns whether it did.
    pub(crate) fn move_leader_on(&mut self, topic: &str, partition: i32, moment: Moment) -> bool {
        let next = self.partition(topic, partition).and_then(|state| {
            let at = state
                .isr
                .iter()
                .position(|id| Some(*id) == state.leader)
                .map_or(0, |at| at + 1);
            let mut turn = state.isr.iter().cycle().skip(at).take(state.isr.len());
            turn.find(|id| self.is_up(**id)).copied()
        });
        next.is_some_and(|next| self.move_leader(topic, partition, next, moment))
    }

    /// Gives every group and transactional id the next broker as coordinator.
    pub(crate) fn move_coordinators(&mut self, moment: Moment) {
        for topic in [
            InternalTopic::ConsumerOffsets,
            InternalTopic::TransactionState,
        ] {
            for partition in 0..topic.partitions() {
                self.move_leader_on(topic.name(), partition, moment);
            }
        }
    }

    /// Deletes a topic and makes one of the same name, number of partitions and
    /// settings, held by the same brokers. Returns whether there was one.
    pub(crate) fn recreate_topic(&mut self, name: &str) -> bool {
        let Some(mut topic) = self.topics.remove(name) else {
            return false;
        };
        self.names.remove(&topic.id);
        self.groups.offsets.forget_topic(name);
        for (_, partition) in topic.partitions.iter().zip(0..) {
            self.events.push(Event::Changed {
                topic: topic.id,
                partition,
            });
        }
        topic.id = random_uuid(&mut self.random);
        let replicas = topic.partitions.iter().map(|old| old.replicas.clone());
        topic.partitions = replicas
            .map(|replicas| Partition::new(replicas, |id| self.is_up(id)))
            .collect();
        self.names.insert(topic.id, topic.name.clone());
        self.topics.insert(topic.name.clone(), topic);
        true
    }

    /// Adds partitions to a topic until it has `count`, each held by as many
    /// brokers as its first. Returns whether there is such a topic and it had fewer.
    pub(crate) fn grow_topic(&mut self, name: &str, count: i32) -> bool {
        let brokers = self.broker_ids();
        let Some(topic) = self.topics.get(name) else {
            return false;
        };
        let copies = topic.partitions.first().map_or(1, |p| p.replicas.len());
        let present = topic.partitions.len();
        let wanted = usize::try_from(count).unwrap_or(0);
        if wanted <= present {
            return false;
        }
        let added: Vec<Partition> = (present..wanted)
            .map(|index| {
                let replicas = brokers.iter().cycle().skip(index % brokers.len().max(1));
                let replicas = replicas.take(copies.min(brokers.len())).copied();
                Partition::new(replicas.collect(), |id| self.is_up(id))
            })
            .collect();
        if let Some(topic) = self.topics.get_mut(name) {
            topic.partitions.extend(added);
        }
        true
    }

    /// Tells clients from now on that a broker is reached elsewhere. Returns
    /// whether there is such a broker, and no other at that address.
    pub(crate) fn move_broker(&mut self, id: i32, host: &str, port: u16) -> bool {
        let taken = |other: &super::Broker| {
            other.id != id && other.port == port && other.host.as_str() == host
        };
        if self.brokers.values().any(taken) {
            return false;
        }
        match self.brokers.get_mut(&id) {
            Some(broker) => {
                broker.host = StrBytes::from(host.to_owned());
                broker.port = port;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, cluster};
    use super::super::{NewTopic, Placement};
    use super::*;

    fn with_topic(replicas: &[&[i32]]) -> Cluster {
        let mut cluster = cluster(3);
        let assigned = replicas.iter().map(|replicas| replicas.to_vec()).collect();
        let topic = NewTopic::new("t", Placement::Assigned(assigned));
        cluster.create_topic(&topic, false).unwrap();
        cluster
    }

    #[test]
    fn leadership_goes_round_those_that_are_up() {
        let mut cluster = with_topic(&[&[1, 2, 3]]);
        let leader = |cluster: &Cluster| cluster.partition("t", 0).unwrap().leader;
        assert!(cluster.move_leader_on("t", 0, at(0)));
        assert_eq!(leader(&cluster), Some(2));
        cluster.stop_broker(3, at(0));
        assert!(cluster.move_leader_on("t", 0, at(0)));
        assert_eq!(leader(&cluster), Some(1));
        cluster.stop_broker(2, at(0));
        assert!(
            cluster.move_leader_on("t", 0, at(0)),
            "a new epoch of the only one"
        );
        assert_eq!(leader(&cluster), Some(1));
        assert!(!cluster.move_leader_on("t", 1, at(0)));
    }

    #[test]
    fn a_topic_made_anew_is_empty_and_another() {
        let mut cluster = with_topic(&[&[2, 1], &[3, 2]]);
        let before = cluster.topic("t").unwrap().id;
        assert!(cluster.recreate_topic("t"));
        let topic = cluster.topic("t").unwrap();
        assert_ne!(topic.id, before);
        assert_eq!(topic.partitions[1].replicas, [3, 2]);
        assert_eq!(topic.partitions[1].leader_epoch, 0);
        assert_eq!(cluster.name_of(before), None);
        assert!(!cluster.recreate_topic("u"));
    }

    #[test]
    fn a_topic_grows_and_never_shrinks() {
        let mut cluster = with_topic(&[&[1, 2]]);
        assert!(cluster.grow_topic("t", 3));
        assert!(!cluster.grow_topic("t", 2));
        let topic = cluster.topic("t").unwrap();
        let replicas: Vec<_> = topic.partitions.iter().map(|p| &p.replicas[..]).collect();
        assert_eq!(replicas, [&[1, 2][..], &[2, 3], &[3, 1]]);
    }

    #[test]
    fn groups_move_to_the_next_broker() {
        let mut cluster = cluster(3);
        for topic in [
            InternalTopic::ConsumerOffsets,
            InternalTopic::TransactionState,
        ] {
            let first = cluster.find_coordinator(topic, "g").unwrap().id;
            cluster.move_coordinators(at(0));
            assert_eq!(cluster.coordinator(topic, "g").unwrap().id, first % 3 + 1);
        }
    }

    #[test]
    fn a_broker_moves_to_a_free_address() {
        let mut cluster = cluster(2);
        assert!(!cluster.move_broker(1, "127.0.0.1", 9093), "taken");
        assert!(!cluster.move_broker(5, "elsewhere", 9093));
        assert!(cluster.move_broker(1, "elsewhere", 9093));
        assert_eq!(cluster.broker(1).unwrap().host.as_str(), "elsewhere");
    }
}
