//! ElectLeaders: makes partitions choose a leader anew (KIP-183).
//!
//! An administrator's client sends it to the controller; KRaft's brokers forward
//! it. Called ElectPreferredLeaders before Kafka 2.4.
//!
//! Versions 0-2. 1 adds unclean elections (KIP-460) and a top-level error; 2 is
//! flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Starts elections.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 43, versions = "0-2", flexible = "2+", response = ElectLeadersResponse)]
#[non_exhaustive]
pub struct ElectLeadersRequest {
    /// 0 for the preferred leader, 1 for an unclean election: where no replica
    /// in sync is alive, any live one leads, and records may be lost.
    #[kafka(versions = "1+")]
    pub election_type: i8,
    /// The partitions by topic, or null for all. Its default is empty, as in
    /// Kafka.
    #[kafka(default = [])]
    pub topic_partitions: Option<Vec<TopicPartitions>>,
    /// Milliseconds to wait for the elections.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Elections in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// Its name.
    pub topic: StrBytes,
    /// Its partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What came of the elections.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 43, versions = "0-2", flexible = "2+")]
#[non_exhaustive]
pub struct ElectLeadersResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// An error of the whole request.
    #[kafka(versions = "1+")]
    pub error_code: i16,
    /// The topics. Of a request for all partitions, those that needed no
    /// election are left out; none at all when the client may not ask.
    pub replica_election_results: Vec<ReplicaElectionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What came of the elections in one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct ReplicaElectionResult {
    /// Its name.
    pub topic: StrBytes,
    /// Its partitions.
    pub partition_result: Vec<PartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What came of the election in one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "2+")]
#[non_exhaustive]
pub struct PartitionResult {
    /// The partition.
    pub partition_id: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode);
    /// `ELECTION_NOT_NEEDED` when the right leader was there already.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
