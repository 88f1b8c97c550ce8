//! BrokerRegistration: makes a broker part of a KRaft cluster (KIP-631).
//!
//! A broker sends it to the active controller when it starts, and gets the epoch
//! that it shows from then on. It stays fenced until BrokerHeartbeat says
//! otherwise.
//!
//! Versions 0-4. 1 adds brokers on their way from ZooKeeper to KRaft (KIP-866); 2
//! the log directories (KIP-858); 3 the epoch before a clean shutdown (KIP-966); 4
//! lets a feature's lowest level be zero (KAFKA-17011).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Registers a broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 62, versions = "0-4", flexible = "0+", response = BrokerRegistrationResponse)]
#[non_exhaustive]
pub struct BrokerRegistrationRequest {
    /// The broker that asks.
    pub broker_id: i32,
    /// The cluster the broker belongs to. The controller answers
    /// `INCONSISTENT_CLUSTER_ID` to any but its own.
    pub cluster_id: StrBytes,
    /// A random id of the broker's process, new at every start. While another
    /// process with the same broker id is alive, the answer is
    /// `DUPLICATE_BROKER_REGISTRATION`.
    pub incarnation_id: Uuid,
    /// Where clients and brokers reach the broker.
    pub listeners: Vec<Listener>,
    /// The features the broker could run. Up to version 3, those whose lowest
    /// level is zero are left out.
    pub features: Vec<Feature>,
    /// The rack of the broker, if it has one. Its default is empty, as in
    /// Kafka.
    #[kafka(default = "")]
    pub rack: Option<StrBytes>,
    /// Whether the broker still runs on ZooKeeper and is about to migrate.
    /// Kafka 4.0 and later refuse it.
    #[kafka(versions = "1+")]
    pub is_migrating_zk_broker: bool,
    /// The ids of the log directories that work.
    #[kafka(versions = "2+", ignorable)]
    pub log_dirs: Vec<Uuid>,
    /// The epoch of the broker's last registration if it was then shut down
    /// cleanly, otherwise -1.
    #[kafka(versions = "3+", default = -1, ignorable)]
    pub previous_broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An address of a broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Listener {
    /// The listener's name.
    pub name: StrBytes,
    /// The broker's host name or address.
    pub host: StrBytes,
    /// The broker's port.
    pub port: u16,
    /// What the listener speaks: 0 plaintext, 1 TLS, 2 SASL over plaintext, 3
    /// SASL over TLS.
    pub security_protocol: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A feature of a broker.
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

/// Whether the broker is registered.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 62, versions = "0-4", flexible = "0+")]
#[non_exhaustive]
pub struct BrokerRegistrationResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// The broker's epoch from now on, or -1 after an error.
    #[kafka(default = -1)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
