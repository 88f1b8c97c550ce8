//! ControllerRegistration: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ControllerRegistration Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 70, versions = "0", flexible = "0+", response = ControllerRegistrationResponse)]
#[non_exhaustive]
pub struct ControllerRegistrationRequest {
    /// ??? The ID of the controller to register.
    pub controller_id: i32,
    /// ??? The controller incarnation ID, which is unique to each process run.
    pub incarnation_id: Uuid,
    /// ??? Set if the required configurations for ZK migration are present.
    pub zk_migration_ready: bool,
    /// ??? The listeners of this controller.
    pub listeners: Vec<Listener>,
    /// ??? The features on this controller.
    pub features: Vec<Feature>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The listeners of this controller.
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

/// ??? The features on this controller.
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

/// ??? ControllerRegistration Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 70, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ControllerRegistrationResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
