//! ListPartitionReassignments: the partitions being moved to other brokers
//! (KIP-455).
//!
//! An administrator's client sends it to the controller; KRaft's brokers forward
//! it.
//!
//! Version 0 only.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for partitions being moved.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 46, versions = "0", flexible = "0+", response = ListPartitionReassignmentsResponse)]
#[non_exhaustive]
pub struct ListPartitionReassignmentsRequest {
    /// Milliseconds to wait for the answer.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// The topics to look at, or null for all.
    pub topics: Option<Vec<ListPartitionReassignmentsTopics>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The partitions of one topic to look at.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ListPartitionReassignmentsTopics {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The partitions being moved.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 46, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ListPartitionReassignmentsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// An error of the whole request.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The topics. Partitions that are not being moved are left out.
    pub topics: Vec<OngoingTopicReassignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The moves in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct OngoingTopicReassignment {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<OngoingPartitionReassignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The move of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct OngoingPartitionReassignment {
    /// The partition.
    pub partition_index: i32,
    /// The brokers that hold it, those coming and going included.
    pub replicas: Vec<i32>,
    /// The brokers it moves to.
    pub adding_replicas: Vec<i32>,
    /// The brokers it moves away from.
    pub removing_replicas: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
