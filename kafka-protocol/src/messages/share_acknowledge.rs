//! ShareAcknowledge: ???
//!
//! Versions 1-2. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ShareAcknowledge Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 79, versions = "1-2", flexible = "1+", response = ShareAcknowledgeResponse)]
#[non_exhaustive]
pub struct ShareAcknowledgeRequest {
    /// ??? The group identifier.
    pub group_id: Option<StrBytes>,
    /// ??? The member ID.
    #[kafka(default = "")]
    pub member_id: Option<StrBytes>,
    /// ??? The current share session epoch: 0 to open a share session; -1 to
    /// close it; otherwise increments for consecutive requests.
    pub share_session_epoch: i32,
    /// ??? Whether Renew type acknowledgements present in
    /// AcknowledgementBatches.
    #[kafka(versions = "2+")]
    pub is_renew_ack: bool,
    /// ??? The topics containing records to acknowledge.
    pub topics: Vec<AcknowledgeTopic>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topics containing records to acknowledge.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AcknowledgeTopic {
    /// ??? The unique topic ID.
    pub topic_id: Uuid,
    /// ??? The partitions containing records to acknowledge.
    pub partitions: Vec<AcknowledgePartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions containing records to acknowledge.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AcknowledgePartition {
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? Record batches to acknowledge.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Record batches to acknowledge.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct AcknowledgementBatch {
    /// ??? First offset of batch of records to acknowledge.
    pub first_offset: i64,
    /// ??? Last offset (inclusive) of batch of records to acknowledge.
    pub last_offset: i64,
    /// ??? Array of acknowledge types -
    /// 0:Gap,1:Accept,2:Release,3:Reject,4:Renew.
    pub acknowledge_types: Vec<i8>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ShareAcknowledge Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 79, versions = "1-2", flexible = "1+")]
#[non_exhaustive]
pub struct ShareAcknowledgeResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The time in milliseconds for which the acquired records are locked.
    #[kafka(versions = "2+", ignorable)]
    pub acquisition_lock_timeout_ms: i32,
    /// ??? The response topics.
    pub responses: Vec<ShareAcknowledgeTopicResponse>,
    /// ??? Endpoints for all current leaders enumerated in PartitionData with
    /// error NOT_LEADER_OR_FOLLOWER.
    pub node_endpoints: Vec<NodeEndpoint>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The response topics.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ShareAcknowledgeTopicResponse {
    /// ??? The unique topic ID.
    pub topic_id: Uuid,
    /// ??? The topic partitions.
    pub partitions: Vec<PartitionData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The topic partitions.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct PartitionData {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The current leader of the partition.
    pub current_leader: LeaderIdAndEpoch,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The current leader of the partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct LeaderIdAndEpoch {
    /// ??? The ID of the current leader or -1 if the leader is unknown.
    pub leader_id: i32,
    /// ??? The latest known leader epoch.
    pub leader_epoch: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Endpoints for all current leaders enumerated in PartitionData with error
/// NOT_LEADER_OR_FOLLOWER.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct NodeEndpoint {
    /// ??? The ID of the associated node.
    pub node_id: i32,
    /// ??? The node's hostname.
    pub host: StrBytes,
    /// ??? The node's port.
    pub port: i32,
    /// ??? The rack of the node, or null if it has not been assigned to a rack.
    pub rack: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
