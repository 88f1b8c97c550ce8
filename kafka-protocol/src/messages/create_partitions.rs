//! CreatePartitions: gives topics more partitions (KIP-195).
//!
//! An administrator's client sends it to any broker, which forwards it to the
//! controller. Keys may then fall on other partitions than before.
//!
//! Versions 0-3. 1 is answered before it is throttled (KIP-219); 2 is flexible;
//! 3 may answer `THROTTLING_QUOTA_EXCEEDED` (KIP-599).

use crate::{Message, StrBytes, TaggedFields};

/// Adds partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 37, versions = "0-3", flexible = "2+", response = CreatePartitionsResponse)]
#[non_exhaustive]
pub struct CreatePartitionsRequest {
    /// The topics.
    pub topics: Vec<CreatePartitionsTopic>,
    /// Milliseconds to wait for the partitions to be there.
    pub timeout_ms: i32,
    /// Whether to check only, and add nothing.
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What one topic is to get.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsTopic {
    /// Its name.
    pub name: StrBytes,
    /// How many partitions it is to have, those of today included.
    pub count: i32,
    /// Which brokers hold each new partition, in order; null lets Kafka choose.
    /// Its default is empty, as in Kafka.
    #[kafka(default = [])]
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The replicas of one new partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsAssignment {
    /// The brokers, the preferred leader first.
    pub broker_ids: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 37, versions = "0-3", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The results, one for each topic.
    pub results: Vec<CreatePartitionsTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result for one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct CreatePartitionsTopicResult {
    /// Its name.
    pub name: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
