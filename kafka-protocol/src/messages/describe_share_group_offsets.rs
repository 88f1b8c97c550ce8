//! DescribeShareGroupOffsets: how far share groups have read; an admin asks the
//! group coordinator.
//!
//! Versions 0-1 (KIP-932). 1 adds the lag (KIP-1226).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks how far groups have read.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 90, versions = "0-1", flexible = "0+", response = DescribeShareGroupOffsetsResponse)]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsRequest {
    /// The groups.
    pub groups: Vec<DescribeShareGroupOffsetsRequestGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to ask about one group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsRequestGroup {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics, or null for all that the group has read. Its default is
    /// empty, as in Kafka.
    #[kafka(default = [])]
    pub topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsRequestTopic {
    /// Its name.
    pub topic_name: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// How far the groups have read.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 90, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// One per group asked for.
    pub groups: Vec<DescribeShareGroupOffsetsResponseGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// How far one group has read.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponseGroup {
    /// The share group.
    pub group_id: StrBytes,
    /// The topics.
    pub topics: Vec<DescribeShareGroupOffsetsResponseTopic>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// How far the group has read one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponseTopic {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its id; zero when not known.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<DescribeShareGroupOffsetsResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// How far the group has read one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponsePartition {
    /// The partition.
    pub partition_index: i32,
    /// The first offset that may still be delivered; -1 when nothing is stored.
    pub start_offset: i64,
    /// The leader epoch stored with it; 0 when nothing is.
    pub leader_epoch: i32,
    /// How many offsets, up to the end of the partition, still need delivery; -1
    /// when not known.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub lag: i64,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
