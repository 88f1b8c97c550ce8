//! OffsetDelete: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes};

/// ??? OffsetDelete Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 47, versions = "0", flexible = "none", response = OffsetDeleteResponse)]
#[non_exhaustive]
pub struct OffsetDeleteRequest {
    /// ??? The unique group identifier.
    pub group_id: StrBytes,
    /// ??? The topics to delete offsets for.
    pub topics: Vec<OffsetDeleteRequestTopic>,
}

/// ??? The topics to delete offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteRequestTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? Each partition to delete offsets for.
    pub partitions: Vec<OffsetDeleteRequestPartition>,
}

/// ??? Each partition to delete offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteRequestPartition {
    /// ??? The partition index.
    pub partition_index: i32,
}

/// ??? OffsetDelete Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 47, versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(ignorable)]
    pub throttle_time_ms: i32,
    /// ??? The responses for each topic.
    pub topics: Vec<OffsetDeleteResponseTopic>,
}

/// ??? The responses for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteResponseTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The responses for each partition in the topic.
    pub partitions: Vec<OffsetDeleteResponsePartition>,
}

/// ??? The responses for each partition in the topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct OffsetDeleteResponsePartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
}
