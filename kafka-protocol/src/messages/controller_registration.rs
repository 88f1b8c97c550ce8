//! ControllerRegistration: makes a controller known to a KRaft cluster (KIP-919).
//!
//! A controller sends it to the active controller when it starts, and again when it
//! finds itself not registered, so that its addresses and features are part of the
//! metadata.
//!
//! Version 0 only.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Registers a controller.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 70, versions = "0", flexible = "0+", response = ControllerRegistrationResponse)]
#[non_exhaustive]
pub struct ControllerRegistrationRequest {
    /// The controller that asks.
    pub controller_id: i32,
    /// A random id of the controller's process, new at every start.
    pub incarnation_id: Uuid,
    /// Whether the controller is set up to take over from ZooKeeper (KIP-866).
    pub zk_migration_ready: bool,
    /// Where the controller is reached.
    pub listeners: Vec<Listener>,
    /// The features the controller could run.
    pub features: Vec<Feature>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An address of a controller.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Listener {
    /// The listener's name.
    pub name: StrBytes,
    /// The controller's host name or address.
    pub host: StrBytes,
    /// The controller's port.
    pub port: u16,
    /// What the listener speaks: 0 plaintext, 1 TLS, 2 SASL over plaintext, 3
    /// SASL over TLS.
    pub security_protocol: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A feature of a controller.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Feature {
    /// Its name.
    pub name: StrBytes,
    /// Its lowest level.
    pub min_supported_version: i16,
    /// Its highest level.
    pub max_supported_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the controller is registered.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 70, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct ControllerRegistrationResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
