//! What members of the `consumer` protocol type tell each other through the group
//! coordinator, to whom it is just bytes.
//!
//! Each is preceded by its version, two bytes. A reader takes a version it does not
//! know for the newest it does: fields are only ever added, at the end.
//!
//! Versions 0-3. 1 adds the owned partitions (KIP-429); 2 the generation they are
//! of (KIP-792); 3 racks (KIP-881). The assignment is the same in all.

use bytes::Bytes;

use crate::{Message, StrBytes};

/// What a member wants: the metadata of a protocol in JoinGroup.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-3", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolSubscription {
    /// The topics it subscribes to.
    pub topics: Vec<StrBytes>,
    /// Anything its assignor wants to tell the leader's.
    pub user_data: Option<Bytes>,
    /// The partitions it has from the last generation, which a cooperative or
    /// sticky assignor tries to keep.
    #[kafka(versions = "1+", ignorable)]
    pub owned_partitions: Vec<ConsumerProtocolSubscriptionTopicPartition>,
    /// The generation it owns them of, or -1. Of two claims to a partition the
    /// newer wins.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub generation_id: i32,
    /// The rack of the member, if it has one.
    #[kafka(versions = "3+", ignorable)]
    pub rack_id: Option<StrBytes>,
}

/// Owned partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicPartition", versions = "1+", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolSubscriptionTopicPartition {
    /// Its name.
    pub topic: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
}

/// What a member gets: its assignment in SyncGroup.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-3", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolAssignment {
    /// The topics.
    pub assigned_partitions: Vec<ConsumerProtocolAssignmentTopicPartition>,
    /// Anything the leader's assignor wants to tell the member's.
    pub user_data: Option<Bytes>,
}

/// Assigned partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicPartition", versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolAssignmentTopicPartition {
    /// Its name.
    pub topic: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
}
