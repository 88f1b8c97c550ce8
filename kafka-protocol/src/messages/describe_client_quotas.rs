//! DescribeClientQuotas: the quotas of users, clients and addresses (KIP-546).
//!
//! An administrator's client asks any broker. Answered are quotas as they were
//! set, not those that follow from them.
//!
//! Versions 0-1. 1 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for quotas.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 48, versions = "0-1", flexible = "1+", response = DescribeClientQuotasResponse)]
#[non_exhaustive]
pub struct DescribeClientQuotasRequest {
    /// What the entities must have; all of it. None matches every entity.
    pub components: Vec<ComponentData>,
    /// Whether they may have no other parts besides.
    pub strict: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What one part of an entity must be.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ComponentData {
    /// `user`, `client-id` or `ip` (KIP-612).
    pub entity_type: StrBytes,
    /// How to match its name: 0 exactly, 1 only the default, 2 any that is
    /// named.
    pub match_type: i8,
    /// The name, where it is matched exactly; null otherwise. Its default is
    /// empty, as in Kafka.
    #[kafka(name = "match", default = "")]
    pub matches: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The quotas, entity by entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 48, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct DescribeClientQuotasResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The entities; null after an error. Its default is empty, as in Kafka.
    #[kafka(default = [])]
    pub entries: Option<Vec<EntryData>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The quotas of one entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct EntryData {
    /// What they are for: one part, or a user and a client id together.
    pub entity: Vec<EntityData>,
    /// The quotas.
    pub values: Vec<ValueData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A part of an entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct EntityData {
    /// `user`, `client-id` or `ip`.
    pub entity_type: StrBytes,
    /// Which one; null for the default of all that have no quota of their own.
    /// Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub entity_name: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One quota.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ValueData {
    /// Which one: see [`OpData::key`](super::alter_client_quotas::OpData::key).
    pub key: StrBytes,
    /// Its value.
    pub value: f64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
