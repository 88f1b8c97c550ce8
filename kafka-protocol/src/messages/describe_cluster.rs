//! DescribeCluster: the nodes of a cluster (KIP-700).
//!
//! A client sends it to any broker or, to learn of the controllers, to any
//! controller.
//!
//! Versions 0-2. 1 chooses between brokers and controllers and may answer
//! `MISMATCHED_ENDPOINT_TYPE` and `UNSUPPORTED_ENDPOINT_TYPE` (KIP-919); 2 tells of
//! fenced brokers (KIP-1073).

use crate::{Message, StrBytes, TaggedFields};

/// Asks about the cluster.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 60, versions = "0-2", flexible = "0+", response = DescribeClusterResponse)]
#[non_exhaustive]
pub struct DescribeClusterRequest {
    /// Whether to say what this client may do to the cluster.
    pub include_cluster_authorized_operations: bool,
    /// The nodes to tell of: 1 brokers, 2 controllers. A node of the other kind
    /// answers `MISMATCHED_ENDPOINT_TYPE`.
    #[kafka(versions = "1+", default = 1)]
    pub endpoint_type: i8,
    /// Whether to tell of fenced brokers too.
    #[kafka(versions = "2+")]
    pub include_fenced_brokers: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The cluster as the answering node sees it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 60, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeClusterResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The nodes it tells of: 1 brokers, 2 controllers.
    #[kafka(versions = "1+", default = 1)]
    pub endpoint_type: i8,
    /// The id of the cluster.
    pub cluster_id: StrBytes,
    /// The node to send controller requests to, or -1 when there is none. A
    /// controller names the leader of the quorum, a KRaft broker any live
    /// broker, since brokers forward them.
    #[kafka(default = -1)]
    pub controller_id: i32,
    /// The nodes.
    pub brokers: Vec<DescribeClusterBroker>,
    /// What this client may do to the cluster, a bit per operation; `i32::MIN`
    /// when not asked.
    #[kafka(default = -2147483648)]
    pub cluster_authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A broker, or a controller where those were asked for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeClusterBroker {
    /// The node's id.
    pub broker_id: i32,
    /// The node's host name or address.
    pub host: StrBytes,
    /// The node's port.
    pub port: i32,
    /// The node's rack, if it has one.
    pub rack: Option<StrBytes>,
    /// Whether it is a broker that is fenced.
    #[kafka(versions = "2+")]
    pub is_fenced: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
