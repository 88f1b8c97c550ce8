//! Partitions that move to other brokers (KIP-455).

use kafka_protocol::ErrorCode;

use super::{Cluster, Moment, Partition};

/// Where a partition is going.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reassignment {
    /// The replicas that it had, and that it will have.
    before: Vec<i32>,
    target: Vec<i32>,
}

impl Reassignment {
    /// Those that are to get it.
    pub(crate) fn adding(&self) -> Vec<i32> {
        without(&self.target, &self.before)
    }

    /// Those that are to give it up.
    pub(crate) fn removing(&self) -> Vec<i32> {
        without(&self.before, &self.target)
    }
}

impl Cluster {
    /// Moves a partition to the brokers of `target`, the preferred leader first;
    /// `None` takes a move back that goes on. It ends when all that are new have
    /// everything: at once, if all are up.
    pub(crate) fn reassign(
        &mut self,
        topic: &str,
        partition: i32,
        target: Option<&[i32]>,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        let brokers = &self.brokers;
        let topic_state = self.topics.get_mut(topic);
        let state = topic_state.and_then(|topic| topic.partition_mut(partition));
        let state = state.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        match target {
            None => {
                let reassigning = state.reassigning.take();
                let before = reassigning
                    .ok_or(ErrorCode::NoReassignmentInProgress)?
                    .before;
                state.hold_by(before, moment);
            }
            Some(target) => {
                let known = target.iter().all(|id| brokers.contains_key(id));
                let twice = (1..target.len()).any(|at| target[..at].contains(&target[at]));
                if target.is_empty() || !known || twice {
                    return Err(ErrorCode::InvalidReplicaAssignment);
                }
                let before = match state.reassigning.take() {
                    Some(going_on) => going_on.before,
                    None => state.replicas.clone(),
                };
                let mut replicas = target.to_vec();
                replicas.extend(without(&before, target));
                state.hold_by(replicas, moment);
                state.reassigning = Some(Reassignment {
                    before,
                    target: target.to_vec(),
                });
            }
        }
        self.reconcile(topic, partition, moment);
        Ok(())
    }
}

impl Partition {
    /// Ends a move once all that are new are in sync.
    pub(super) fn maybe_reassigned(&mut self, moment: Moment) {
        let Some(reassigning) = &self.reassigning else {
            return;
        };
        let mut adding = reassigning.adding().into_iter();
        if adding.all(|id| self.isr.contains(&id)) {
            let target = reassigning.target.clone();
            self.reassigning = None;
            self.hold_by(target, moment);
        }
    }

    /// Gives the partition these replicas. Those that are new have nothing;
    /// another one leads if the leader is not one of them.
    fn hold_by(&mut self, replicas: Vec<i32>, moment: Moment) {
        for id in without(&replicas, &self.replicas) {
            self.replication.starts_empty(id, moment.now);
        }
        for id in without(&self.replicas, &replicas) {
            self.replication.catches_up(id);
        }
        self.replicas = replicas;
        if self.isr.iter().any(|id| self.replicas.contains(id)) {
            self.isr.retain(|id| self.replicas.contains(id));
        }
    }
}

fn without(all: &[i32], some: &[i32]) -> Vec<i32> {
    let left = all.iter().filter(|id| !some.contains(id));
    left.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, cluster};
    use super::super::{NewTopic, Placement};
    use super::*;

    fn one_partition(replicas: &[i32]) -> Cluster {
        let mut cluster = cluster(4);
        let topic = NewTopic::new("t", Placement::Assigned(vec![replicas.to_vec()]));
        cluster.create_topic(&topic, false).unwrap();
        cluster
    }

    fn state(cluster: &Cluster) -> (Vec<i32>, Vec<i32>, Option<i32>) {
        let partition = cluster.partition("t", 0).unwrap();
        let isr = partition.isr.clone();
        (partition.replicas.clone(), isr, partition.leader)
    }

    #[test]
    fn it_moves_at_once_where_all_are_up() {
        let mut cluster = one_partition(&[1, 2]);
        assert_eq!(cluster.reassign("t", 0, Some(&[3, 2]), at(0)), Ok(()));
        assert_eq!(state(&cluster), (vec![3, 2], vec![2, 3], Some(3)));
        let partition = cluster.partition("t", 0).unwrap();
        assert_eq!((partition.leader_epoch, &partition.reassigning), (1, &None));
    }

    #[test]
    fn it_waits_for_who_is_down_and_can_be_taken_back() {
        let mut cluster = one_partition(&[1, 2]);
        cluster.stop_broker(3, at(0));
        cluster.reassign("t", 0, Some(&[3, 4]), at(0)).unwrap();
        let (replicas, isr, leader) = state(&cluster);
        assert_eq!((replicas, leader), (vec![3, 4, 1, 2], Some(1)));
        assert_eq!(isr, [1, 2, 4]);
        let going_on = cluster
            .partition("t", 0)
            .unwrap()
            .reassigning
            .clone()
            .unwrap();
        assert_eq!(
            (going_on.adding(), going_on.removing()),
            (vec![3, 4], vec![1, 2])
        );
        cluster.reassign("t", 0, None, at(0)).unwrap();
        assert_eq!(state(&cluster), (vec![1, 2], vec![1, 2], Some(1)));
        cluster.reassign("t", 0, Some(&[3, 4]), at(0)).unwrap();
        cluster.start_broker(3, at(0));
        let (replicas, isr, leader) = state(&cluster);
        assert_eq!((replicas, isr, leader), (vec![3, 4], vec![4, 3], Some(3)));
    }

    #[test]
    fn refusals() {
        let mut cluster = one_partition(&[1, 2]);
        let mut refused = |partition, target: Option<&[i32]>| {
            cluster.reassign("t", partition, target, at(0)).unwrap_err()
        };
        assert_eq!(refused(1, None), ErrorCode::UnknownTopicOrPartition);
        assert_eq!(refused(0, None), ErrorCode::NoReassignmentInProgress);
        for wrong in [&[][..], &[9], &[1, 1]] {
            assert_eq!(refused(0, Some(wrong)), ErrorCode::InvalidReplicaAssignment);
        }
    }
}
