//! ListPartitionReassignments: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? ListPartitionReassignments Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 46, versions = "0", flexible = "0+", response = ListPartitionReassignmentsResponse)]
#[non_exhaustive]
pub struct ListPartitionReassignmentsRequest {
    /// ??? The time in ms to wait for the request to complete.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// ??? The topics to list partition reassignments for, or null to list
    /// everything.
    pub topics: Option<Vec<ListPartitionReassignmentsTopics>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to list partition reassignments for, or null to list
/// everything.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ListPartitionReassignmentsTopics {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The partitions to list partition reassignments for.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ListPartitionReassignments Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 46, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ListPartitionReassignmentsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The ongoing reassignments for each topic.
    pub topics: Vec<OngoingTopicReassignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The ongoing reassignments for each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct OngoingTopicReassignment {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The ongoing reassignments for each partition.
    pub partitions: Vec<OngoingPartitionReassignment>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The ongoing reassignments for each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct OngoingPartitionReassignment {
    /// ??? The index of the partition.
    pub partition_index: i32,
    /// ??? The current replica set.
    pub replicas: Vec<i32>,
    /// ??? The set of replicas we are currently adding.
    pub adding_replicas: Vec<i32>,
    /// ??? The set of replicas we are currently removing.
    pub removing_replicas: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
