//! AlterPartitionReassignments: moves partitions to other brokers, or stops such
//! moves (KIP-455).
//!
//! An administrator's client sends it to the controller; KRaft's brokers forward
//! it. The answer comes when the moves have begun, not when they are over:
//! ListPartitionReassignments tells how they go.
//!
//! Versions 0-1. 1 can forbid a change of the replication factor (KIP-860).

use crate::{Message, StrBytes, TaggedFields};

/// Starts or stops moving partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 45, versions = "0-1", flexible = "0+", response = AlterPartitionReassignmentsResponse)]
#[non_exhaustive]
pub struct AlterPartitionReassignmentsRequest {
    /// Milliseconds to wait for the moves to begin.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// Whether a partition may end up with another number of replicas. Where it
    /// must not and would, the answer is `INVALID_REPLICATION_FACTOR`.
    #[kafka(versions = "1+", default = true)]
    pub allow_replication_factor_change: bool,
    /// The topics.
    pub topics: Vec<ReassignableTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The moves in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignableTopic {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<ReassignablePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The move of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignablePartition {
    /// The partition.
    pub partition_index: i32,
    /// The brokers to hold it, the preferred leader first; null to stop its
    /// move.
    pub replicas: Option<Vec<i32>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Which moves have begun or stopped.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 45, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct AlterPartitionReassignmentsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// What the request said about changes of the replication factor.
    #[kafka(versions = "1+", default = true, ignorable)]
    pub allow_replication_factor_change: bool,
    /// An error of the whole request.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The topics.
    pub responses: Vec<ReassignableTopicResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the moves in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignableTopicResponse {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<ReassignablePartitionResponse>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the move of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct ReassignablePartitionResponse {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode);
    /// `NO_REASSIGNMENT_IN_PROGRESS` when there was no move to stop.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
