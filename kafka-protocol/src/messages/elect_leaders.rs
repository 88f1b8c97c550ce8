//! ElectLeaders: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? ElectLeaders Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 43, versions = "0-2", flexible = "2+", response = ElectLeadersResponse)]
#[non_exhaustive]
pub struct ElectLeadersRequest {
    /// ??? Type of elections to conduct for the partition. A value of '0'
    /// elects the preferred replica. A value of '1' elects the first live
    /// replica if there are no in-sync replica.
    #[kafka(versions = "1+")]
    pub election_type: i8,
    /// ??? The topic partitions to elect leaders.
    #[kafka(default = [])]
    pub topic_partitions: Option<Vec<TopicPartitions>>,
    /// ??? The time in ms to wait for the election to complete.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topic partitions to elect leaders.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// ??? The name of a topic.
    pub topic: StrBytes,
    /// ??? The partitions of this topic whose leader should be elected.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ElectLeaders Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 43, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct ElectLeadersResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    #[kafka(versions = "1+")]
    pub error_code: i16,
    /// ??? The election results, or an empty array if the requester did not
    /// have permission and the request asks for all partitions.
    pub replica_election_results: Vec<ReplicaElectionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The election results, or an empty array if the requester did not have
/// permission and the request asks for all partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct ReplicaElectionResult {
    /// ??? The topic name.
    pub topic: StrBytes,
    /// ??? The results for each partition.
    pub partition_result: Vec<PartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for each partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct PartitionResult {
    /// ??? The partition id.
    pub partition_id: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
