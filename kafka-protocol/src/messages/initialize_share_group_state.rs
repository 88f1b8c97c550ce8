//! InitializeShareGroupState: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? InitializeShareGroupState Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 83, versions = "0", flexible = "0+", response = InitializeShareGroupStateResponse)]
#[non_exhaustive]
pub struct InitializeShareGroupStateRequest {
    /// ??? The group identifier.
    pub group_id: StrBytes,
    /// ??? The data for the topics.
    pub topics: Vec<InitializeStateData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The data for the topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct InitializeStateData {
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
    /// ??? The state epoch for this share-partition.
    pub state_epoch: i32,
    /// ??? The share-partition start offset, or -1 if the start offset is not
    /// being initialized.
    pub start_offset: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? InitializeShareGroupState Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 83, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct InitializeShareGroupStateResponse {
    /// ??? The initialization results.
    pub results: Vec<InitializeStateResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The initialization results.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct InitializeStateResult {
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
