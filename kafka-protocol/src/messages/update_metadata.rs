//! UpdateMetadata: ???
//!
//! Versions 0-8. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? UpdateMetadata Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 6, versions = "0-8", flexible = "6+", response = UpdateMetadataResponse)]
#[non_exhaustive]
pub struct UpdateMetadataRequest {
    /// ??? The controller id.
    pub controller_id: i32,
    /// ??? If KRaft controller id is used during migration. See KIP-866
    #[kafka(versions = "8+")]
    pub is_k_raft_controller: bool,
    /// ??? Indicates if this request is a Full metadata snapshot (2),
    /// Incremental (1), or Unknown (0). Using during ZK migration, see KIP-866
    #[kafka(name = "type", versions = "8+", tag = 0)]
    pub kind: i8,
    /// ??? The controller epoch.
    pub controller_epoch: i32,
    /// ??? The broker epoch.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// ??? In older versions of this RPC, each partition that we would like to
    /// update.
    #[kafka(versions = "0-4")]
    pub ungrouped_partition_states: Vec<UpdateMetadataPartitionState>,
    /// ??? In newer versions of this RPC, each topic that we would like to
    /// update.
    #[kafka(versions = "5+")]
    pub topic_states: Vec<UpdateMetadataTopicState>,
    /// ???
    pub live_brokers: Vec<UpdateMetadataBroker>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? In older versions of this RPC, each partition that we would like to
/// update.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataPartitionState {
    /// ??? In older versions of this RPC, the topic name.
    #[kafka(versions = "0-4", ignorable)]
    pub topic_name: StrBytes,
    /// ??? The partition index.
    pub partition_index: i32,
    /// ??? The controller epoch.
    pub controller_epoch: i32,
    /// ??? The ID of the broker which is the current partition leader.
    pub leader: i32,
    /// ??? The leader epoch of this partition.
    pub leader_epoch: i32,
    /// ??? The brokers which are in the ISR for this partition.
    pub isr: Vec<i32>,
    /// ??? The Zookeeper version.
    pub zk_version: i32,
    /// ??? All the replicas of this partition.
    pub replicas: Vec<i32>,
    /// ??? The replicas of this partition which are offline.
    #[kafka(versions = "4+", ignorable)]
    pub offline_replicas: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? In newer versions of this RPC, each topic that we would like to update.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "5+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataTopicState {
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The topic id.
    #[kafka(versions = "7+", ignorable)]
    pub topic_id: Uuid,
    /// ??? The partition that we would like to update.
    pub partition_states: Vec<UpdateMetadataPartitionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ???
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataBroker {
    /// ??? The broker id.
    pub id: i32,
    /// ??? The broker hostname.
    #[kafka(versions = "0", ignorable)]
    pub v0_host: StrBytes,
    /// ??? The broker port.
    #[kafka(versions = "0", ignorable)]
    pub v0_port: i32,
    /// ??? The broker endpoints.
    #[kafka(versions = "1+", ignorable)]
    pub endpoints: Vec<UpdateMetadataEndpoint>,
    /// ??? The rack which this broker belongs to.
    #[kafka(versions = "2+", default = "", ignorable)]
    pub rack: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The broker endpoints.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataEndpoint {
    /// ??? The port of this endpoint
    pub port: i32,
    /// ??? The hostname of this endpoint
    pub host: StrBytes,
    /// ??? The listener name.
    #[kafka(versions = "3+", ignorable)]
    pub listener: StrBytes,
    /// ??? The security protocol type.
    pub security_protocol: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? UpdateMetadata Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 6, versions = "0-8", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
