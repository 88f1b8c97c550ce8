use kafka_protocol::{ErrorCode, StrBytes};

use super::coordination::STATE_TOPIC;
use super::{TopicPartition, TransactionState};
use crate::cluster::{Cluster, InternalTopic, Moment};
use crate::producer_state::Marker;

impl Cluster {
    /// Writes the markers that can be written, and completes the transactions
    /// that have all of theirs.
    ///
    /// A marker waits while nobody leads its partition, or too few replicas are
    /// in sync; all of a transaction wait while nobody coordinates it.
    pub(crate) fn settle_transactions(&mut self, moment: Moment) {
        if !self.transactions.is_any_completing() || self.transactions.markers_held {
            return;
        }
        for id in self.transactions.completing() {
            self.write_markers(&id, moment);
        }
    }

    /// Holds markers back, or lets them go at the next opportunity.
    pub(crate) fn hold_markers(&mut self, hold: bool) {
        self.transactions.markers_held = hold;
    }

    /// Writes the end of a transaction to one of its partitions, at the leader's.
    pub(crate) fn write_marker(
        &mut self,
        topic: &str,
        partition: i32,
        marker: &Marker,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        self.check_in_sync(topic, partition)?;
        self.append_marker(topic, partition, marker, moment)?;
        if topic == InternalTopic::ConsumerOffsets.name() {
            let groups = &mut self.groups.offsets;
            let ended = groups.complete(marker.producer_id, partition, marker.committed);
            for group in ended {
                self.touch_group(&group);
            }
        }
        Ok(())
    }

    fn write_markers(&mut self, id: &StrBytes, moment: Moment) {
        let place = STATE_TOPIC.partition_of(id);
        let coordinator = self.partition(STATE_TOPIC.name(), place);
        let Some(coordinator) = coordinator.filter(|partition| partition.leader.is_some()) else {
            return;
        };
        let coordinator_epoch = coordinator.leader_epoch;
        let Some(transaction) = self.transactions.resume(id, coordinator_epoch) else {
            return;
        };
        let marker = Marker {
            producer_id: transaction.producer_id,
            producer_epoch: transaction.producer_epoch,
            committed: transaction.state == TransactionState::PrepareCommit,
            coordinator_epoch,
            transaction_version: transaction.client_version.level(),
        };
        let partitions: Vec<TopicPartition> = transaction.partitions.iter().cloned().collect();
        let mut left = partitions.len();
        for (topic, index) in partitions {
            match self.write_marker(&topic, index, &marker, moment) {
                // Where the topic is gone there is nothing to end.
                Ok(()) | Err(ErrorCode::UnknownTopicOrPartition) => {
                    left -= 1;
                    if let Some(transaction) = self.transactions.resume(id, coordinator_epoch) {
                        transaction.partitions.remove(&(topic, index));
                    }
                }
                Err(ErrorCode::InvalidProducerEpoch | ErrorCode::TransactionCoordinatorFenced) => {
                    // Somebody else has ended it there.
                    return self.transactions.give_up(id);
                }
                Err(code) => tracing::debug!(%id, %topic, index, %code, "marker waits"),
            }
        }
        if left == 0 && self.check_transaction_log(id).is_ok() {
            self.transactions.complete(id, moment.wall_ms);
        }
    }
}
