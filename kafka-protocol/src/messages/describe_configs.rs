//! DescribeConfigs: the configuration of topics, brokers and other resources
//! (KIP-133).
//!
//! An administrator's client asks, for brokers and loggers the broker in
//! question and otherwise any.
//!
//! Versions 0-4. 1 tells where values come from and which ones they hide
//! (KIP-226); 2 is answered before it is throttled (KIP-219); 3 adds types and
//! documentation (KIP-569); 4 is flexible.

use crate::{Message, StrBytes, TaggedFields};

/// Asks for configurations.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 32, versions = "0-4", flexible = "4+", response = DescribeConfigsResponse)]
#[non_exhaustive]
pub struct DescribeConfigsRequest {
    /// The resources.
    pub resources: Vec<DescribeConfigsResource>,
    /// Whether to tell what each value would fall back to.
    #[kafka(versions = "1+")]
    pub include_synonyms: bool,
    /// Whether to tell what each setting is for.
    #[kafka(versions = "3+")]
    pub include_documentation: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What to tell of one resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResource {
    /// What it is: 2 a topic, 4 a broker, 8 the loggers of a broker (KIP-412),
    /// 16 a client metrics subscription (KIP-714), 32 a group (KIP-848).
    pub resource_type: i8,
    /// Its name; of brokers the id, or empty for the default of all.
    pub resource_name: StrBytes,
    /// The names of the settings wanted; null for all of them. Its default is
    /// empty, as in Kafka.
    #[kafka(default = [])]
    pub configuration_keys: Option<Vec<StrBytes>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The configurations, resource by resource.
///
/// Debug shows every value. Those that Kafka knows to be secret are left out,
/// but others may be too: it does not belong in logs.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 32, versions = "0-4", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// The resources.
    pub results: Vec<DescribeConfigsResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The configuration of one resource.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResult {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// What it is, as in the request.
    pub resource_type: i8,
    /// Its name.
    pub resource_name: StrBytes,
    /// Its settings.
    pub configs: Vec<DescribeConfigsResourceResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsResourceResult {
    /// Its name.
    pub name: StrBytes,
    /// Its value; null for secrets and for what is not set. Its default is
    /// empty, as in Kafka.
    #[kafka(default = "")]
    pub value: Option<StrBytes>,
    /// Whether it cannot be changed while the broker runs.
    pub read_only: bool,
    /// Whether it was never set; later versions tell the source instead.
    #[kafka(versions = "0")]
    pub is_default: bool,
    /// Where the value comes from: 1 the topic, 2 the broker, 3 the default of
    /// all brokers, 4 the broker's properties file, 5 Kafka's own default, 6 a
    /// broker's logger, 7 a client metrics subscription, 8 the group; 0 or -1
    /// when not known.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub config_source: i8,
    /// Whether the value is a secret, and left out.
    pub is_sensitive: bool,
    /// Where the value could come from, what is in force first; empty unless
    /// asked for.
    #[kafka(versions = "1+", ignorable)]
    pub synonyms: Vec<DescribeConfigsSynonym>,
    /// Its type: 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list,
    /// 8 class, 9 password; 0 when not known.
    #[kafka(versions = "3+", ignorable)]
    pub config_type: i8,
    /// What it is for; null unless asked for. Its default is empty, as in
    /// Kafka.
    #[kafka(versions = "3+", default = "", ignorable)]
    pub documentation: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A source of a setting's value.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "1+", flexible = "4+")]
#[non_exhaustive]
pub struct DescribeConfigsSynonym {
    /// The name that the setting has there.
    pub name: StrBytes,
    /// The value there; null for secrets and for what is not set. Its default
    /// is empty, as in Kafka.
    #[kafka(default = "")]
    pub value: Option<StrBytes>,
    /// What it is: the numbers of
    /// [`DescribeConfigsResourceResult::config_source`].
    pub source: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
