//! BrokerRegistration: ???
//!
//! Versions 0-4. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? BrokerRegistration Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 62, versions = "0-4", flexible = "0+", response = BrokerRegistrationResponse)]
#[non_exhaustive]
pub struct BrokerRegistrationRequest {
    /// ??? The broker ID.
    pub broker_id: i32,
    /// ??? The cluster id of the broker process.
    pub cluster_id: StrBytes,
    /// ??? The incarnation id of the broker process.
    pub incarnation_id: Uuid,
    /// ??? The listeners of this broker.
    pub listeners: Vec<Listener>,
    /// ??? The features on this broker. Note: in v0-v3, features with
    /// MinSupportedVersion = 0 are omitted.
    pub features: Vec<Feature>,
    /// ??? The rack which this broker is in.
    #[kafka(default = "")]
    pub rack: Option<StrBytes>,
    /// ??? If the required configurations for ZK migration are present, this
    /// value is set to true.
    #[kafka(versions = "1+")]
    pub is_migrating_zk_broker: bool,
    /// ??? Log directories configured in this broker which are available.
    #[kafka(versions = "2+", ignorable)]
    pub log_dirs: Vec<Uuid>,
    /// ??? The epoch before a clean shutdown.
    #[kafka(versions = "3+", default = -1, ignorable)]
    pub previous_broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The listeners of this broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Listener {
    /// ??? The name of the endpoint.
    pub name: StrBytes,
    /// ??? The hostname.
    pub host: StrBytes,
    /// ??? The port.
    pub port: u16,
    /// ??? The security protocol.
    pub security_protocol: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The features on this broker. Note: in v0-v3, features with
/// MinSupportedVersion = 0 are omitted.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Feature {
    /// ??? The feature name.
    pub name: StrBytes,
    /// ??? The minimum supported feature level.
    pub min_supported_version: i16,
    /// ??? The maximum supported feature level.
    pub max_supported_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? BrokerRegistration Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 62, versions = "0-4", flexible = "0+")]
#[non_exhaustive]
pub struct BrokerRegistrationResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The broker's assigned epoch, or -1 if none was assigned.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
