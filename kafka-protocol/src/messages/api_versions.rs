//! ApiVersions: what a broker understands.
//!
//! The first request on a connection. A broker that does not know the version asked
//! for answers `UNSUPPORTED_VERSION` in a body of version 0 (KIP-511), and the
//! response's header never has tagged fields, so that both can always be read.
//!
//! Versions 0-5. 1 adds the throttle time; from 2 on the broker answers before it
//! throttles; 3 is flexible and adds the client's software and the features
//! (KIP-511, KIP-584); 4 lets a feature's lowest level be zero (KAFKA-17011); 5 lets
//! the client say which cluster and broker it means to reach (KIP-1242).

use crate::{Message, StrBytes, TaggedFields};

/// Asks for the versions of every API.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 18, versions = "0-5", flexible = "3+", response = ApiVersionsResponse)]
#[non_exhaustive]
pub struct ApiVersionsRequest {
    /// The name of the client library: letters, digits, `-` and `.`.
    #[kafka(versions = "3+", ignorable)]
    pub client_software_name: StrBytes,
    /// The version of the client library, in the same characters.
    #[kafka(versions = "3+", ignorable)]
    pub client_software_version: StrBytes,
    /// The cluster the client means to reach, if it knows.
    #[kafka(versions = "5+", ignorable)]
    pub cluster_id: Option<StrBytes>,
    /// The broker the client means to reach, or -1.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub node_id: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The versions of every API, and the features of the cluster.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 18, versions = "0-5", flexible = "3+")]
#[non_exhaustive]
pub struct ApiVersionsResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// One entry per API.
    pub api_keys: Vec<ApiVersion>,
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// The features this broker could run.
    #[kafka(versions = "3+", tag = 0, ignorable)]
    pub supported_features: Vec<SupportedFeatureKey>,
    /// Grows with every change to the finalized features; -1 when not known.
    #[kafka(versions = "3+", tag = 1, default = -1, ignorable)]
    pub finalized_features_epoch: i64,
    /// The features in force in the whole cluster, if their epoch is known.
    #[kafka(versions = "3+", tag = 2, ignorable)]
    pub finalized_features: Vec<FinalizedFeatureKey>,
    /// Whether a controller is set up to take over from ZooKeeper.
    #[kafka(versions = "3+", tag = 3, ignorable)]
    pub zk_migration_ready: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The versions of one API.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct ApiVersion {
    /// The number of the API.
    pub api_key: i16,
    /// The lowest version, which belongs to the range.
    pub min_version: i16,
    /// The highest version, which belongs to the range.
    pub max_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A feature a broker could run.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct SupportedFeatureKey {
    /// The name of the feature.
    pub name: StrBytes,
    /// The lowest level.
    pub min_version: i16,
    /// The highest level.
    pub max_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A feature in force.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "3+", flexible = "3+")]
#[non_exhaustive]
pub struct FinalizedFeatureKey {
    /// The name of the feature.
    pub name: StrBytes,
    /// The level in force.
    pub max_version_level: i16,
    /// The lowest level still accepted.
    pub min_version_level: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
