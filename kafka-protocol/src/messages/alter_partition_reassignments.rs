//! AlterPartitionReassignments: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? AlterPartitionReassignments Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 45, versions = "0-1", flexible = "0+", response = AlterPartitionReassignmentsResponse)]
#[non_exhaustive]
pub struct AlterPartitionReassignmentsRequest {
    /// ??? The time in ms to wait for the request to complete.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// ??? The option indicating whether changing the replication factor of any
    /// given partition as part of this request is a valid move.
    #[kafka(versions = "1+", default = true)]
    pub allow_replication_factor_change: bool,
    /// ??? The topics to reassign.
    pub topics: Vec<ReassignableTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics to reassign.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignableTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The partitions to reassign.
    pub partitions: Vec<ReassignablePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions to reassign.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignablePartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The replicas to place the partitions on, or null to cancel a pending
    /// reassignment for this partition.
    pub replicas: Option<Vec<i32>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AlterPartitionReassignments Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 45, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct AlterPartitionReassignmentsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The option indicating whether changing the replication factor of any
    /// given partition as part of the request was allowed.
    #[kafka(versions = "1+", default = true, ignorable)]
    pub allow_replication_factor_change: bool,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The responses to topics to reassign.
    pub responses: Vec<ReassignableTopicResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses to topics to reassign.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignableTopicResponse {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The responses to partitions to reassign.
    pub partitions: Vec<ReassignablePartitionResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The responses to partitions to reassign.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignablePartitionResponse {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
