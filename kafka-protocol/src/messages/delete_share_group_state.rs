//! DeleteShareGroupState: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? DeleteShareGroupState Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 86, versions = "0", flexible = "0+", response = DeleteShareGroupStateResponse)]
#[non_exhaustive]
pub struct DeleteShareGroupStateRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The data for the topics.
    pub topics: Vec<DeleteStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The data for the topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteStateData {
    /// ??? The topic identifier.
    pub topic_id: Uuid,
    /// ??? The data for the partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The data for the partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionData {
    /// ??? The partition index.
    pub partition: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DeleteShareGroupState Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 86, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteShareGroupStateResponse {
    /// ??? The delete results.
    pub results: Vec<DeleteStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The delete results.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DeleteStateResult {
    /// ??? The topic identifier.
    pub topic_id: Uuid,
    /// ??? The results for the partitions.
    pub partitions: Vec<PartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for the partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct PartitionResult {
    /// ??? The partition index.
    pub partition: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
