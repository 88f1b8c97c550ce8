//! UpdateMetadata: tells a broker what to answer to Metadata requests.
//!
//! The controller of a ZooKeeper cluster sends it to all brokers. Gone in Kafka
//! 4.0; KRaft's brokers read the metadata log.
//!
//! Versions 0-8. 1 gives brokers more than one address; 2 adds racks (KIP-36); 3
//! names of listeners (KIP-103); 4 offline replicas (KIP-112); 5 adds the broker's
//! epoch (KIP-380) and groups partitions by topic; 6 is flexible; 7 adds topic ids
//! (KIP-516); 8 the controllers of KRaft and the kind of request (KIP-866).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Gives a broker the state of the cluster.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 6, versions = "0-8", flexible = "6+", response = UpdateMetadataResponse)]
#[non_exhaustive]
pub struct UpdateMetadataRequest {
    /// The controller that sends it.
    pub controller_id: i32,
    /// Whether that controller is one of KRaft, taking over from ZooKeeper
    /// (KIP-866).
    #[kafka(versions = "8+")]
    pub is_k_raft_controller: bool,
    /// Whether every partition of the cluster is here: 0 not known, 1 only
    /// those that changed, 2 all.
    #[kafka(name = "type", versions = "8+", tag = 0)]
    pub kind: i8,
    /// The controller's epoch. A broker that knows a newer one answers
    /// `STALE_CONTROLLER_EPOCH`.
    pub controller_epoch: i32,
    /// The epoch of the receiving broker, or -1. The broker refuses an older
    /// one (KIP-380).
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// The partitions, up to version 4.
    #[kafka(versions = "0-4")]
    pub ungrouped_partition_states: Vec<UpdateMetadataPartitionState>,
    /// The topics, from version 5 on.
    #[kafka(versions = "5+")]
    pub topic_states: Vec<UpdateMetadataTopicState>,
    /// The brokers that are alive: all of them, always.
    pub live_brokers: Vec<UpdateMetadataBroker>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataPartitionState {
    /// The name of its topic, up to version 4.
    #[kafka(versions = "0-4", ignorable)]
    pub topic_name: StrBytes,
    /// The partition.
    pub partition_index: i32,
    /// The epoch of the controller that last changed the leader.
    pub controller_epoch: i32,
    /// The broker that leads it; -1 when none does, -2 while the topic is
    /// deleted.
    pub leader: i32,
    /// The epoch of the leader.
    pub leader_epoch: i32,
    /// The brokers that are in sync with the leader.
    pub isr: Vec<i32>,
    /// The version of the partition's node in ZooKeeper, which grows with every
    /// change.
    pub zk_version: i32,
    /// The brokers that hold it.
    pub replicas: Vec<i32>,
    /// The replicas on dead brokers or disks.
    #[kafka(versions = "4+", ignorable)]
    pub offline_replicas: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The state of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "5+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataTopicState {
    /// Its name.
    pub topic_name: StrBytes,
    /// Its id; zero when it has none.
    #[kafka(versions = "7+", ignorable)]
    pub topic_id: Uuid,
    /// Its partitions.
    pub partition_states: Vec<UpdateMetadataPartitionState>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataBroker {
    /// The broker's id.
    pub id: i32,
    /// The broker's host name or address, in version 0.
    #[kafka(versions = "0", ignorable)]
    pub v0_host: StrBytes,
    /// The broker's port, in version 0.
    #[kafka(versions = "0", ignorable)]
    pub v0_port: i32,
    /// The broker's addresses, from version 1 on.
    #[kafka(versions = "1+", ignorable)]
    pub endpoints: Vec<UpdateMetadataEndpoint>,
    /// The broker's rack, if it has one. Its default is empty, as in Kafka.
    #[kafka(versions = "2+", default = "", ignorable)]
    pub rack: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An address of a broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataEndpoint {
    /// The broker's port.
    pub port: i32,
    /// The broker's host name or address.
    pub host: StrBytes,
    /// The listener's name.
    #[kafka(versions = "3+", ignorable)]
    pub listener: StrBytes,
    /// What the listener speaks: 0 plaintext, 1 TLS, 2 SASL over plaintext, 3
    /// SASL over TLS.
    pub security_protocol: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the broker has taken it over.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 6, versions = "0-8", flexible = "6+")]
#[non_exhaustive]
pub struct UpdateMetadataResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
