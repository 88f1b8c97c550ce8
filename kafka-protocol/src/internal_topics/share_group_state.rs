//! The records of `__share_group_state`: what share groups have been given of
//! each partition, and what became of it (KIP-932).
//!
//! A coordinator writes a snapshot of a partition now and then, and updates
//! after it.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// The key of a snapshot (record type 0).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareSnapshotKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The topic's id.
    #[kafka(versions = "0")]
    pub topic_id: Uuid,
    /// The partition.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// All that is known of a group's deliveries from one partition. Version 0,
/// flexible.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareSnapshotValue {
    /// The number of the snapshot; every one has the next.
    pub snapshot_epoch: i32,
    /// The epoch of the state, a new one whenever the group's coordinator
    /// initializes it.
    pub state_epoch: i32,
    /// The epoch of the partition's leader that wrote last; older ones are
    /// fenced.
    pub leader_epoch: i32,
    /// The first offset not done with; -1 when it is not decided yet.
    pub start_offset: i64,
    /// How many records from `start_offset` on are done with (KIP-1226); -1
    /// when not known.
    #[kafka(tag = 0, default = -1)]
    pub delivery_complete_count: i32,
    /// When the state came into being, in milliseconds since the Unix epoch.
    pub create_timestamp: i64,
    /// When this snapshot was written, in milliseconds since the Unix epoch.
    pub write_timestamp: i64,
    /// The deliveries from `start_offset` on, in order.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Consecutive records with the same delivery.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct StateBatch {
    /// The first of them.
    pub first_offset: i64,
    /// The last of them.
    pub last_offset: i64,
    /// 0 available, 2 acknowledged, 4 archived: given up or rejected.
    pub delivery_state: i8,
    /// How often they have been delivered.
    pub delivery_count: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The key of an update (record type 1).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ShareUpdateKey {
    /// The group.
    #[kafka(versions = "0")]
    pub group_id: StrBytes,
    /// The topic's id.
    #[kafka(versions = "0")]
    pub topic_id: Uuid,
    /// The partition.
    #[kafka(versions = "0")]
    pub partition: i32,
}

/// What changed since the snapshot. Version 0, flexible.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ShareUpdateValue {
    /// The number of the snapshot that it goes with.
    pub snapshot_epoch: i32,
    /// The epoch of the partition's leader that wrote it; -1 when it stays as
    /// it is.
    pub leader_epoch: i32,
    /// The new first offset not done with; -1 when it stays as it is.
    pub start_offset: i64,
    /// How many records from the start offset on are done with (KIP-1226); -1
    /// when not known.
    #[kafka(tag = 0, default = -1)]
    pub delivery_complete_count: i32,
    /// The deliveries that changed.
    pub state_batches: Vec<StateBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
