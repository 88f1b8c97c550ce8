//! DescribeClientQuotas: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? DescribeClientQuotas Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 48, versions = "0-1", flexible = "1+", response = DescribeClientQuotasResponse)]
#[non_exhaustive]
pub struct DescribeClientQuotasRequest {
    /// ??? Filter components to apply to quota entities.
    pub components: Vec<ComponentData>,
    /// ??? Whether the match is strict, i.e. should exclude entities with
    /// unspecified entity types.
    pub strict: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Filter components to apply to quota entities.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ComponentData {
    /// ??? The entity type that the filter component applies to.
    pub entity_type: StrBytes,
    /// ??? How to match the entity {0 = exact name, 1 = default name, 2 = any
    /// specified name}.
    pub match_type: i8,
    /// ??? The string to match against, or null if unused for the match type.
    #[kafka(name = "match", default = "")]
    pub matches: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? DescribeClientQuotas Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 48, versions = "0-1", flexible = "1+")]
#[non_exhaustive]
pub struct DescribeClientQuotasResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? A result entry.
    #[kafka(default = [])]
    pub entries: Option<Vec<EntryData>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? A result entry.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct EntryData {
    /// ??? The quota entity description.
    pub entity: Vec<EntityData>,
    /// ??? The quota values for the entity.
    pub values: Vec<ValueData>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The quota entity description.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct EntityData {
    /// ??? The entity type.
    pub entity_type: StrBytes,
    /// ??? The entity name, or null if the default.
    #[kafka(default = "")]
    pub entity_name: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The quota values for the entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct ValueData {
    /// ??? The quota configuration key.
    pub key: StrBytes,
    /// ??? The quota configuration value.
    pub value: f64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
