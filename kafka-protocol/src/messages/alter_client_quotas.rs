//! AlterClientQuotas: sets and removes the quotas of users, clients and
//! addresses (KIP-546).
//!
//! An administrator's client sends it to any broker, which forwards it to the
//! controller.
//!
//! Versions 0-1. 1 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Sets and removes quotas.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 49, versions = "0-1", flexible = "1+", response = AlterClientQuotasResponse)]
#[non_exhaustive]
pub struct AlterClientQuotasRequest {
    /// The changes, one entry for each entity.
    pub entries: Vec<RequestEntryData>,
    /// Whether to check only, and change nothing.
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The changes for one entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "EntryData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct RequestEntryData {
    /// What the quotas are for: one part, or a user and a client id together.
    pub entity: Vec<EntityData>,
    /// The quotas to set and remove.
    pub ops: Vec<OpData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A part of an entity: a user, a client id or an address.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct EntityData {
    /// `user`, `client-id` or `ip` (KIP-612).
    pub entity_type: StrBytes,
    /// Which one; null for the default of all that have no quota of their own.
    /// Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub entity_name: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The change of one quota.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct OpData {
    /// Which one: `producer_byte_rate` and `consumer_byte_rate` in bytes a
    /// second, `request_percentage` of a thread's time,
    /// `controller_mutation_rate` in partitions a second (KIP-599),
    /// `connection_creation_rate` in connections a second (KIP-612).
    pub key: StrBytes,
    /// The new value; of no meaning when it is removed.
    pub value: f64,
    /// Whether to remove the quota instead of setting it.
    pub remove: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 49, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct AlterClientQuotasResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The results, one for each entity.
    pub entries: Vec<ResponseEntryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result for one entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "EntryData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ResponseEntryData {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The entity.
    pub entity: Vec<EntityData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
