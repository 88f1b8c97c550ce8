//! ListOffsets: the offset at a time, or at either end of a partition.
//!
//! Versions 0-11. 0 lists several offsets, the others one; 2 adds the isolation
//! level and the throttle time; 4 leader epochs (KIP-320); 6 is flexible. The later
//! ones add times with a meaning of their own: 7 the largest timestamp (KIP-734), 8
//! the first offset on local disks (KIP-405), 9 the last tiered one (KIP-1005), 10 a
//! timeout for reading remote storage (KIP-1075), 11 the first offset not yet
//! uploaded (KIP-1023).

use crate::{Message, StrBytes, TaggedFields};

/// Asks leaders for offsets.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 2, versions = "0-11", flexible = "6+", response = ListOffsetsResponse)]
#[non_exhaustive]
pub struct ListOffsetsRequest {
    /// The follower that asks, or -1 for a client. Its default is 0, as in
    /// Kafka.
    pub replica_id: i32,
    /// 0 for the end of the log, 1 for the last stable offset.
    #[kafka(versions = "2+")]
    pub isolation_level: i8,
    /// The topics.
    pub topics: Vec<ListOffsetsTopic>,
    /// Milliseconds the broker may take to read remote storage.
    #[kafka(versions = "10+", ignorable)]
    pub timeout_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to ask about one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct ListOffsetsTopic {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<ListOffsetsPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to ask about one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct ListOffsetsPartition {
    /// The partition.
    pub partition_index: i32,
    /// The leader epoch the client knows, or -1.
    #[kafka(versions = "4+", default = -1, ignorable)]
    pub current_leader_epoch: i32,
    /// The time in milliseconds to find the first record at or after; -1 the
    /// end, -2 the start, -3 the record with the largest timestamp, -4 the
    /// start on local disks, -5 the last tiered offset, -6 the first offset not
    /// yet uploaded.
    pub timestamp: i64,
    /// How many offsets to list.
    #[kafka(versions = "0", default = 1)]
    pub max_num_offsets: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The offsets, partition by partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 2, versions = "0-11", flexible = "6+")]
#[non_exhaustive]
pub struct ListOffsetsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<ListOffsetsTopicResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The offsets of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct ListOffsetsTopicResponse {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<ListOffsetsPartitionResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The offset found in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct ListOffsetsPartitionResponse {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The offsets found, newest first, in version 0.
    #[kafka(versions = "0")]
    pub old_style_offsets: Vec<i64>,
    /// The timestamp of the record found, or -1.
    #[kafka(versions = "1+", default = -1)]
    pub timestamp: i64,
    /// The offset found, or -1 for none.
    #[kafka(versions = "1+", default = -1)]
    pub offset: i64,
    /// The epoch of the record found, or -1.
    #[kafka(versions = "4+", default = -1)]
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
