//! DeleteShareGroupOffsets: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? DeleteShareGroupOffsets Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 92, versions = "0", flexible = "0+", response = DeleteShareGroupOffsetsResponse)]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The topics to delete offsets for.
    pub topics: Vec<DeleteShareGroupOffsetsRequestTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to delete offsets for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsRequestTopic {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DeleteShareGroupOffsets Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 92, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The results for each topic.
    pub responses: Vec<DeleteShareGroupOffsetsResponseTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupOffsetsResponseTopic {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The unique topic ID.
    pub topic_id: Uuid,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
