//! AlterShareGroupOffsets: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? AlterShareGroupOffsets Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 91, versions = "0", flexible = "0+", response = AlterShareGroupOffsetsResponse)]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The topics to alter offsets for.
    pub topics: Vec<AlterShareGroupOffsetsRequestTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to alter offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsRequestTopic {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? Each partition to alter offsets for.
    pub partitions: Vec<AlterShareGroupOffsetsRequestPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each partition to alter offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsRequestPartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The share-partition start offset.
    pub start_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AlterShareGroupOffsets Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 91, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The results for each topic.
    pub responses: Vec<AlterShareGroupOffsetsResponseTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsResponseTopic {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The unique topic ID.
    pub topic_id: Uuid,
    /// ???
    pub partitions: Vec<AlterShareGroupOffsetsResponsePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ???
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct AlterShareGroupOffsetsResponsePartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
