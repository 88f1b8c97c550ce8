//! ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ShareSnapshotKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareSnapshotKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The topic id.
    #[kafka(versions = "0")]
    pub topic_id: Uuid,
    /// ??? The partition index.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// ??? ShareSnapshotValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareSnapshotValue {
    /// ??? The snapshot epoch.
    pub snapshot_epoch: i32,
    /// ??? The state epoch for this share-partition.
    pub state_epoch: i32,
    /// ??? The leader epoch of the share-partition.
    pub leader_epoch: i32,
    /// ??? The share-partition start offset.
    pub start_offset: i64,
    /// ??? The number of offsets greater than or equal to share-partition start
    /// offset for which delivery has been completed.
    #[kafka(tag = 0, default = -1)]
    pub delivery_complete_count: i32,
    /// ??? The time at which the state was created.
    pub create_timestamp: i64,
    /// ??? The time at which the state was written or rewritten.
    pub write_timestamp: i64,
    /// ??? The state batches.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The state batches.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StateBatch {
    /// ??? The first offset of this state batch.
    pub first_offset: i64,
    /// ??? The last offset of this state batch.
    pub last_offset: i64,
    /// ??? The delivery state - 0:Available,2:Acked,4:Archived.
    pub delivery_state: i8,
    /// ??? The delivery count.
    pub delivery_count: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ShareUpdateKey
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareUpdateKey {
    /// ??? The group id.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// ??? The topic id.
    #[kafka(versions = "0")]
    pub topic_id: Uuid,
    /// ??? The partition index.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// ??? ShareUpdateValue
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareUpdateValue {
    /// ??? The snapshot epoch.
    pub snapshot_epoch: i32,
    /// ??? The leader epoch of the share-partition.
    pub leader_epoch: i32,
    /// ??? The share-partition start offset, or -1 if the start offset is not
    /// being updated.
    pub start_offset: i64,
    /// ??? The number of offsets greater than or equal to share-partition start
    /// offset for which delivery has been completed.
    #[kafka(tag = 0, default = -1)]
    pub delivery_complete_count: i32,
    /// ??? The state batches that have been updated.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
