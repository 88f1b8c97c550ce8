//! CreateTopics: creates topics, or checks whether they could be.
//!
//! Versions 0-7. 1 adds `validate_only` and error messages; 2 the throttle time; 4
//! lets the broker choose the partitions and replicas (KIP-464); 5 is flexible and
//! tells the configuration (KIP-525); 6 may answer `THROTTLING_QUOTA_EXCEEDED`
//! (KIP-599); 7 tells the topic id (KIP-516).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Creates topics; the controller must receive it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 19, versions = "0-7", flexible = "5+", response = CreateTopicsResponse)]
#[non_exhaustive]
pub struct CreateTopicsRequest {
    /// The topics.
    pub topics: Vec<CreatableTopic>,
    /// Milliseconds to wait for the topics to be there.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// Whether to check only, and create nothing.
    #[kafka(versions = "1+")]
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topic to create.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct CreatableTopic {
    /// Its name.
    pub name: StrBytes,
    /// How many partitions; -1 for the broker's default or with `assignments`.
    pub num_partitions: i32,
    /// How many replicas of each; -1 for the broker's default or with
    /// `assignments`.
    pub replication_factor: i16,
    /// The replicas of each partition; empty to let the controller place them.
    pub assignments: Vec<CreatableReplicaAssignment>,
    /// Settings other than the defaults.
    pub configs: Vec<CreatableTopicConfig>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The replicas of a partition to create.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct CreatableReplicaAssignment {
    /// The partition.
    pub partition_index: i32,
    /// The brokers; the first is the preferred leader.
    pub broker_ids: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A setting of a topic to create.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct CreatableTopicConfig {
    /// Its name.
    pub name: StrBytes,
    /// Its value. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub value: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 19, versions = "0-7", flexible = "5+")]
#[non_exhaustive]
pub struct CreateTopicsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    /// The topics.
    pub topics: Vec<CreatableTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "5+")]
#[non_exhaustive]
pub struct CreatableTopicResult {
    /// Its name.
    pub name: StrBytes,
    /// Its id.
    #[kafka(versions = "7+", ignorable)]
    pub topic_id: Uuid,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(versions = "1+", default = "", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Why `configs` is null, if it is.
    #[kafka(versions = "5+", tag = 0, ignorable)]
    pub topic_config_error_code: i16,
    /// How many partitions it has.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub num_partitions: i32,
    /// How many replicas each has.
    #[kafka(versions = "5+", default = -1, ignorable)]
    pub replication_factor: i16,
    /// Its configuration; null when this client may not see it. Its default is
    /// empty, as in Kafka.
    #[kafka(versions = "5+", default = [], ignorable)]
    pub configs: Option<Vec<CreatableTopicConfigs>>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A setting of a created topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "5+", flexible = "5+")]
#[non_exhaustive]
pub struct CreatableTopicConfigs {
    /// Its name.
    pub name: StrBytes,
    /// Its value. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub value: Option<StrBytes>,
    /// Whether it cannot be changed.
    pub read_only: bool,
    /// Where the value comes from; -1 when not known.
    #[kafka(default = -1, ignorable)]
    pub config_source: i8,
    /// Whether the value is a secret, and left out.
    pub is_sensitive: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
