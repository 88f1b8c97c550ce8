use kafka_protocol::{ErrorCode, StrBytes};

use super::coordination::STATE_TOPIC;
use super::table::WrittenMarker;
use super::{TopicPartition, TransactionState};
use crate::cluster::{Broker, Cluster, InternalTopic, Moment};
use crate::producer_state::Marker;

impl Cluster {
    /// Writes the markers that can be written, and completes the transactions
    /// that have all of theirs.
    ///
    /// A marker waits while nobody leads its partition, or too few replicas are
    /// in sync; all of a transaction wait while nobody coordinates it. It counts
    /// once all in sync have it: a new leader may have lost it, and gets another.
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
        let Some((coordinator, coordinator_epoch)) = self.working_coordinator(id) else {
            return;
        };
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
        for place in partitions {
            match self.settle_marker(id, coordinator, &place, &marker, moment) {
                // Where the topic is gone there is nothing to end.
                Ok(true) | Err(ErrorCode::UnknownTopicOrPartition) => {
                    left -= 1;
                    self.transactions.ended_in(id, &place);
                }
                Ok(false) => {}
                Err(ErrorCode::InvalidProducerEpoch | ErrorCode::TransactionCoordinatorFenced) => {
                    // Somebody else has ended it there.
                    return self.transactions.give_up(id);
                }
                Err(code) => {
                    let (topic, index) = place;
                    tracing::debug!(%id, %topic, index, %code, "marker waits");
                }
            }
        }
        if left == 0 && self.check_transaction_log(id).is_ok() {
            self.transactions.complete(id, moment.wall_ms);
        }
    }

    /// The broker that coordinates an id, and its epoch: `None` while it is
    /// frozen or cut off, and can decide nothing by itself.
    pub(super) fn working_coordinator(&self, id: &str) -> Option<(i32, i32)> {
        let partition = self.partition(STATE_TOPIC.name(), STATE_TOPIC.partition_of(id))?;
        let leader = partition.leader?;
        let works = self.broker(leader).is_some_and(Broker::is_heard);
        works.then_some((leader, partition.leader_epoch))
    }

    /// Writes a marker that is not in its partition, or not any more. Says
    /// whether it is there for good.
    fn settle_marker(
        &mut self,
        id: &str,
        coordinator: i32,
        place: &TopicPartition,
        marker: &Marker,
        moment: Moment,
    ) -> Result<bool, ErrorCode> {
        let (topic, index) = place;
        let partition = self.partition(topic, *index);
        let partition = partition.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let leader_epoch = partition.leader_epoch;
        let written = self.transactions.written_in(id, place);
        if let Some(written) = written.filter(|written| written.leader_epoch == leader_epoch) {
            return Ok(partition.high_watermark() >= written.end_offset);
        }
        let leader = partition.leader.ok_or(ErrorCode::NotLeaderOrFollower)?;
        let leader = self.broker(leader);
        let reached = leader
            .is_some_and(|leader| !leader.paused && (leader.id == coordinator || !leader.cut_off));
        if !reached {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        self.write_marker(topic, *index, marker, moment)?;
        let partition = self.partition(topic, *index);
        let partition = partition.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let written = WrittenMarker {
            leader_epoch,
            end_offset: partition.log.end_offset(),
        };
        let replicated = partition.high_watermark() >= written.end_offset;
        self.transactions.wrote_in(id, place, written);
        Ok(replicated)
    }
}
