//! DeleteTopics: deletes topics.
//!
//! Versions 0-6. 1 adds the throttle time; 3 may answer `TOPIC_DELETION_DISABLED`; 4
//! is flexible; 5 adds error messages and may answer `THROTTLING_QUOTA_EXCEEDED`
//! (KIP-599); 6 can name topics by id (KIP-516).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Deletes topics; the controller must receive it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 20, versions = "0-6", flexible = "4+", response = DeleteTopicsResponse)]
#[non_exhaustive]
pub struct DeleteTopicsRequest {
    /// The topics, from version 6 on.
    #[kafka(versions = "6+")]
    pub topics: Vec<DeleteTopicState>,
    /// The names of the topics, up to version 5.
    #[kafka(versions = "0-5", ignorable)]
    pub topic_names: Vec<StrBytes>,
    /// Milliseconds to wait for the topics to be gone.
    pub timeout_ms: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A topic to delete, by name or by id.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "6+", flexible = "6+")]
#[non_exhaustive]
pub struct DeleteTopicState {
    /// Its name; null when the id is given.
    pub name: Option<StrBytes>,
    /// Its id; zero when the name is given.
    pub topic_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 20, versions = "0-6", flexible = "4+")]
#[non_exhaustive]
pub struct DeleteTopicsResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    #[kafka(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    /// The topics.
    pub responses: Vec<DeletableTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "4+")]
#[non_exhaustive]
pub struct DeletableTopicResult {
    /// Its name; null when it was named by an id that is not known.
    #[kafka(nullable = "6+", default = "")]
    pub name: Option<StrBytes>,
    /// The topic's id, where the version names topics by id.
    #[kafka(versions = "6+", ignorable)]
    pub topic_id: Uuid,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(versions = "5+", ignorable)]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
