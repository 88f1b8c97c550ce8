//! DescribeShareGroupOffsets: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? DescribeShareGroupOffsets Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 90, versions = "0-1", flexible = "0+", response = DescribeShareGroupOffsetsResponse)]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsRequest {
    /// ??? The groups to describe offsets for.
    pub groups: Vec<DescribeShareGroupOffsetsRequestGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The groups to describe offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsRequestGroup {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The topics to describe offsets for, or null for all
    /// topic-partitions.
    #[kafka(default = [])]
    pub topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to describe offsets for, or null for all topic-partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsRequestTopic {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeShareGroupOffsets Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 90, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The results for each group.
    pub groups: Vec<DescribeShareGroupOffsetsResponseGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponseGroup {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The results for each topic.
    pub topics: Vec<DescribeShareGroupOffsetsResponseTopic>,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponseTopic {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The unique topic ID.
    pub topic_id: Uuid,
    /// ???
    pub partitions: Vec<DescribeShareGroupOffsetsResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ???
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeShareGroupOffsetsResponsePartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The share-partition start offset.
    pub start_offset: i64,
    /// ??? The leader epoch of the partition.
    pub leader_epoch: i32,
    /// ??? The share-partition lag.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub lag: i64,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
