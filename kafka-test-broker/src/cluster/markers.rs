use kafka_protocol::ErrorCode;
use kafka_protocol::records::{BatchStamp, RecordBatch};

use super::{Cluster, Moment, Partition};
use crate::log::CheckedBatch;
use crate::producer_state::{Marker, ProducerError, SequencedBatch};

impl Cluster {
    /// Whether a partition has a leader, and as many replicas in sync as its
    /// topic demands.
    pub(crate) fn check_in_sync(&self, topic: &str, partition: i32) -> Result<(), ErrorCode> {
        let known = self
            .topic(topic)
            .and_then(|known| Some((known, known.partition(partition)?)));
        let (topic, partition) = known.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if partition.leader.is_none() {
            Err(ErrorCode::NotLeaderOrFollower)
        } else if partition.isr.len() < topic.least_in_sync(partition) {
            Err(ErrorCode::NotEnoughReplicas)
        } else {
            Ok(())
        }
    }

    /// Notes that the coordinator is asked about the transaction of a batch that
    /// `broker` is to append. Returns whether it has to be.
    pub(crate) fn begin_verification(
        &mut self,
        broker: i32,
        topic: &str,
        partition: i32,
        batch: &SequencedBatch,
        epoch_bump: bool,
    ) -> Result<bool, ErrorCode> {
        let state = self.partition_mut(topic, partition);
        let state = state.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let own = state.seen_by_mut(broker);
        own.check_leader(broker, -1)?;
        let begun = own.producers.begin_verification(batch, epoch_bump);
        begun.map_err(|error| error.code())
    }

    /// Makes every partition forget the producers without an open transaction.
    pub(crate) fn expire_producers(&mut self) {
        let topics = self.topics.values_mut();
        for partition in topics.flat_map(|topic| &mut topic.partitions) {
            partition.producers.expire();
        }
    }

    /// Appends the end of a transaction to a partition.
    pub(crate) fn append_marker(
        &mut self,
        topic: &str,
        partition: i32,
        marker: &Marker,
        moment: Moment,
    ) -> Result<(), ErrorCode> {
        let name = topic;
        let topic = self.topics.get_mut(topic);
        let topic = topic.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let state = topic.partition_mut(partition);
        let state = state.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        state
            .append_marker(marker, moment.wall_ms)
            .map_err(|error| error.code())?;
        let behind = state.replication.is_anyone_behind();
        self.advance(name, partition);
        if behind {
            self.watch_isr(name, partition);
        }
        Ok(())
    }
}

impl Partition {
    /// Appends the end of a transaction, unless its producer's state forbids it.
    fn append_marker(&mut self, marker: &Marker, wall_ms: i64) -> Result<(), ProducerError> {
        self.producers.check_marker(marker)?;
        if let Some(batch) = control_batch(marker, wall_ms) {
            let offset = self.log.append(&batch, self.leader_epoch, wall_ms);
            self.producers.ended(marker, offset, wall_ms);
        }
        Ok(())
    }
}

/// The marker as it lies in the log. There is always one: it has nothing that
/// could be too large.
fn control_batch(marker: &Marker, wall_ms: i64) -> Option<CheckedBatch> {
    let stamp = BatchStamp {
        producer_id: marker.producer_id,
        producer_epoch: marker.producer_epoch,
        ..BatchStamp::default()
    };
    let (committed, epoch) = (marker.committed, marker.coordinator_epoch);
    let batch = RecordBatch::of_transaction_end(committed, epoch, wall_ms, &stamp).ok()?;
    Some(CheckedBatch {
        raw: batch.raw().clone(),
        record_count: 1,
        max_timestamp: wall_ms,
        sequenced: None,
    })
}
