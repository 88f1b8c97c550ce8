//! What the metadata means for the partitions: who leads them, and whether their
//! topic still is the one it was. Part of the pure state machine.

use std::collections::BTreeSet;

use kafka_net::Error;
use kafka_protocol::{ErrorCode, Uuid};

use super::{Subscription, slot_mut};
use crate::assignment::TopicPartition;
use crate::error;
use crate::partition::Partition;
use crate::position::{LookUp, Phase};

/// What the metadata says of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leadership {
    /// The topic is not in the snapshot.
    NoTopic,
    /// The topic has no such partition.
    NoPartition,
    Known {
        topic_id: Uuid,
        leader: Option<i32>,
        leader_epoch: i32,
    },
}

/// The part of the metadata that matters here.
pub(crate) trait ClusterView {
    fn leadership(&self, partition: &TopicPartition) -> Leadership;
    fn broker_ids(&self) -> BTreeSet<i32>;
}

impl Subscription {
    /// Whether [`Self::on_cluster`] is wanted for partitions that were added.
    pub(crate) fn is_unplaced(&self) -> bool {
        self.unplaced
    }

    /// The metadata changed.
    pub(crate) fn on_cluster(&mut self, cluster: &impl ClusterView) {
        self.unplaced = false;
        self.live_brokers = cluster.broker_ids();
        let mut recreated = Vec::new();
        for (slot, partition) in self.partitions.iter_mut().enumerate() {
            let Some(partition) = partition else { continue };
            let seen = cluster.leadership(&partition.name);
            if let Some(topic) = self.topics.get_mut(&partition.name.topic) {
                topic.known = seen != Leadership::NoTopic;
            }
            if lead(partition, seen) {
                recreated.push(slot);
            }
            if let Some((replica, _)) = partition.read_replica
                && !self.live_brokers.contains(&replica)
            {
                partition.read_replica = None;
            }
        }
        for slot in recreated {
            self.on_recreated(slot);
        }
        let leaders: BTreeSet<i32> = self.iter().filter_map(|p| p.leader).collect();
        self.budget.set_sharers(leaders.len());
        self.brokers
            .retain(|id, broker| broker.flight.is_some() || leaders.contains(id));
    }

    /// The topic was deleted and created anew: old offsets mean nothing in it.
    fn on_recreated(&mut self, slot: usize) {
        let generation = self.number();
        let Some(partition) = slot_mut(&mut self.partitions, slot) else {
            return;
        };
        let position = partition.cursor.position();
        partition.committed = None;
        if partition.phase == Phase::Stopped {
            // It stays stopped, and the caller still learns why. But the position
            // must not be committed under the new id, nor old records be handed out.
            let failure = partition.buffer.take_failure(&mut self.budget);
            partition.restart(Phase::Stopped, generation, &mut self.budget);
            if let Some(failure) = failure {
                partition.fail(failure, &mut self.budget);
            }
            return self.offer(slot);
        }
        tracing::warn!(
            partition = %partition.name,
            ?position,
            policy = ?self.config.offset_reset,
            "the topic was deleted and created anew; the position is reset"
        );
        match LookUp::by_policy(self.config.offset_reset) {
            Some(look_up) => {
                partition.restart(Phase::Needed(look_up), generation, &mut self.budget);
            }
            None => {
                let failure = error::topic_recreated(&partition.name, position.unwrap_or(-1));
                partition.restart(Phase::Stopped, generation, &mut self.budget);
                partition.fail(failure, &mut self.budget);
            }
        }
        self.offer(slot);
    }
}

/// Applies what the metadata says. Returns whether the topic is another one than
/// before.
fn lead(partition: &mut Partition, seen: Leadership) -> bool {
    let Leadership::Known {
        topic_id,
        leader,
        leader_epoch,
    } = seen
    else {
        if seen == Leadership::NoPartition {
            partition.leader = None;
            partition.missing = true;
        }
        return false;
    };
    partition.missing = false;
    let unknown = Uuid::default();
    let recreated =
        topic_id != unknown && partition.topic_id != unknown && topic_id != partition.topic_id;
    if topic_id != unknown {
        partition.topic_id = topic_id;
    }
    if leader != partition.leader {
        // Whoever was asked may never answer.
        partition.ticket = 0;
        if let Phase::LookingUp(look_up) = partition.phase
            && look_up != LookUp::Committed
        {
            partition.phase = Phase::Needed(look_up);
        }
        partition.read_replica = None;
    }
    if leader != partition.leader || leader_epoch != partition.leader_epoch {
        partition.leader = leader;
        partition.leader_epoch = leader_epoch;
        partition.retry.try_now();
    }
    recreated
}

/// Why nobody can be asked about a partition.
pub(super) fn no_leader(partition: &Partition) -> Error {
    let code = if partition.missing {
        ErrorCode::UnknownTopicOrPartition
    } else {
        ErrorCode::LeaderNotAvailable
    };
    error::at(&partition.name, Error::broker(code))
}
