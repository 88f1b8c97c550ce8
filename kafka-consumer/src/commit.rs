//! What is committed for a group.

use kafka_protocol::{StrBytes, Uuid};

use crate::assignment::TopicPartition;
use crate::batch::Batch;
use crate::record::OwnedRecord;

/// A place in a partition up to which records were handled; made from a record or
/// a batch, for [`commit_through`](crate::Consumer::commit_through).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    partition: TopicPartition,
    offset: i64,
    leader_epoch: i32,
}

impl Position {
    pub(crate) fn new(partition: TopicPartition, offset: i64, leader_epoch: i32) -> Self {
        Self {
            partition,
            offset,
            leader_epoch,
        }
    }

    /// Which partition.
    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// The offset of the next record to read: one more than that of the last one
    /// handled.
    pub fn offset(&self) -> i64 {
        self.offset
    }
}

impl From<&OwnedRecord> for Position {
    fn from(record: &OwnedRecord) -> Self {
        record.position()
    }
}

impl From<&Batch> for Position {
    fn from(batch: &Batch) -> Self {
        batch.position()
    }
}

impl From<Position> for (TopicPartition, OffsetAndMetadata) {
    fn from(position: Position) -> Self {
        let mut offset = OffsetAndMetadata::new(position.offset);
        offset.leader_epoch = (position.leader_epoch >= 0).then_some(position.leader_epoch);
        (position.partition, offset)
    }
}

/// What a group keeps for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OffsetAndMetadata {
    /// The offset of the next record to read.
    pub offset: i64,
    /// The leader epoch of the last record read (KIP-320), if known.
    pub leader_epoch: Option<i32>,
    /// Text kept with the offset, for people. Brokers bound its length (4 KiB by
    /// default, `offset.metadata.max.bytes`).
    pub metadata: Option<StrBytes>,
}

impl OffsetAndMetadata {
    /// `offset` alone.
    pub fn new(offset: i64) -> Self {
        Self {
            offset,
            leader_epoch: None,
            metadata: None,
        }
    }

    /// Adds a text.
    #[must_use]
    pub fn with_metadata(mut self, text: impl Into<StrBytes>) -> Self {
        self.metadata = Some(text.into());
        self
    }

    /// Adds the leader epoch of the last record read.
    #[must_use]
    pub fn with_leader_epoch(mut self, epoch: i32) -> Self {
        self.leader_epoch = Some(epoch);
        self
    }
}

impl From<i64> for OffsetAndMetadata {
    fn from(offset: i64) -> Self {
        Self::new(offset)
    }
}

/// An offset on its way to the coordinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) partition: TopicPartition,
    /// The topic that the offset belongs to, where its id is known: a topic
    /// created anew under the same name must not get it.
    pub(crate) topic_id: Uuid,
    pub(crate) value: OffsetAndMetadata,
}
