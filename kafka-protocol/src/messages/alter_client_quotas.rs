//! AlterClientQuotas: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? AlterClientQuotas Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 49, versions = "0-1", flexible = "1+", response = AlterClientQuotasResponse)]
#[non_exhaustive]
pub struct AlterClientQuotasRequest {
    /// ??? The quota configuration entries to alter.
    pub entries: Vec<RequestEntryData>,
    /// ??? Whether the alteration should be validated, but not performed.
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The quota configuration entries to alter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "EntryData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct RequestEntryData {
    /// ??? The quota entity to alter.
    pub entity: Vec<EntityData>,
    /// ??? An individual quota configuration entry to alter.
    pub ops: Vec<OpData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The quota entity to alter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct EntityData {
    /// ??? The entity type.
    pub entity_type: StrBytes,
    /// ??? The name of the entity, or null if the default.
    #[kafka(default = "")]
    pub entity_name: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? An individual quota configuration entry to alter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct OpData {
    /// ??? The quota configuration key.
    pub key: StrBytes,
    /// ??? The value to set, otherwise ignored if the value is to be removed.
    pub value: f64,
    /// ??? Whether the quota configuration value should be removed, otherwise
    /// set.
    pub remove: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? AlterClientQuotas Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 49, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct AlterClientQuotasResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? The quota configuration entries to alter.
    pub entries: Vec<ResponseEntryData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The quota configuration entries to alter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "EntryData", versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ResponseEntryData {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? The quota entity to alter.
    pub entity: Vec<EntityData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
