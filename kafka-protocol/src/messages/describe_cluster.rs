//! DescribeCluster: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeCluster Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 60, versions = "0-2", flexible = "0+", response = DescribeClusterResponse)]
#[non_exhaustive]
pub struct DescribeClusterRequest {
    /// ??? Whether to include cluster authorized operations.
    pub include_cluster_authorized_operations: bool,
    /// ??? The endpoint type to describe. 1=brokers, 2=controllers.
    #[kafka(versions = "1+", default = 1)]
    pub endpoint_type: i8,
    /// ??? Whether to include fenced brokers when listing brokers.
    #[kafka(versions = "2+")]
    pub include_fenced_brokers: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeCluster Response
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
    /// ??? The endpoint type that was described. 1=brokers, 2=controllers.
    #[kafka(versions = "1+", default = 1)]
    pub endpoint_type: i8,
    /// ??? The cluster ID that responding broker belongs to.
    pub cluster_id: StrBytes,
    /// ??? The ID of the controller. When handled by a controller, returns the
    /// current voter leader ID. When handled by a broker, returns a random
    /// alive broker ID as a fallback.
    #[kafka(default = -1)]
    pub controller_id: i32,
    /// ??? Each broker in the response.
    pub brokers: Vec<DescribeClusterBroker>,
    /// ??? 32-bit bitfield to represent authorized operations for this cluster.
    #[kafka(default = -2147483648)]
    pub cluster_authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each broker in the response.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribeClusterBroker {
    /// ??? The broker ID.
    pub broker_id: i32,
    /// ??? The broker hostname.
    pub host: StrBytes,
    /// ??? The broker port.
    pub port: i32,
    /// ??? The rack of the broker, or null if it has not been assigned to a
    /// rack.
    pub rack: Option<StrBytes>,
    /// ??? Whether the broker is fenced
    #[kafka(versions = "2+")]
    pub is_fenced: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
