//! CreatePartitions: ???
//!
//! Versions 0-3. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? CreatePartitions Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 37, versions = "0-3", flexible = "2+", response = CreatePartitionsResponse)]
#[non_exhaustive]
pub struct CreatePartitionsRequest {
    /// ??? Each topic that we want to create new partitions inside.
    pub topics: Vec<CreatePartitionsTopic>,
    /// ??? The time in ms to wait for the partitions to be created.
    pub timeout_ms: i32,
    /// ??? If true, then validate the request, but don't actually increase the
    /// number of partitions.
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic that we want to create new partitions inside.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The new partition count.
    pub count: i32,
    /// ??? The new partition assignments.
    #[kafka(default = [])]
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The new partition assignments.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsAssignment {
    /// ??? The assigned broker IDs.
    pub broker_ids: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? CreatePartitions Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 37, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The partition creation results for each topic.
    pub results: Vec<CreatePartitionsTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partition creation results for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsTopicResult {
    /// ??? The topic name.
    pub name: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
