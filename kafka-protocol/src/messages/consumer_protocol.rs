//! ???

use bytes::Bytes;

use crate::{Message, StrBytes};

/// ??? ConsumerProtocolSubscription
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-3", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolSubscription {
    /// ??? The topics that the member wants to consume.
    pub topics: Vec<StrBytes>,
    /// ??? User data that will be passed back to the consumer.
    pub user_data: Option<Bytes>,
    /// ??? The partitions that the member owns.
    #[kafka(versions = "1+", ignorable)]
    pub owned_partitions: Vec<ConsumerProtocolSubscriptionTopicPartition>,
    /// ??? The generation id of the member.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub generation_id: i32,
    /// ??? The rack id of the member.
    #[kafka(versions = "3+", ignorable)]
    pub rack_id: Option<StrBytes>,
}

/// ??? The partitions that the member owns.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicPartition", versions = "1+", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolSubscriptionTopicPartition {
    /// ??? The topic name.
    pub topic: StrBytes,
    /// ??? The partition ids.
    pub partitions: Vec<i32>,
}

/// ??? ConsumerProtocolAssignment
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-3", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolAssignment {
    /// ??? The list of topics and partitions assigned to this consumer.
    pub assigned_partitions: Vec<ConsumerProtocolAssignmentTopicPartition>,
    /// ??? User data.
    pub user_data: Option<Bytes>,
}

/// ??? The list of topics and partitions assigned to this consumer.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "TopicPartition", versions = "0+", flexible = "none")]
#[non_exhaustive]
pub struct ConsumerProtocolAssignmentTopicPartition {
    /// ??? The topic name.
    pub topic: StrBytes,
    /// ??? The list of partitions assigned to this consumer.
    pub partitions: Vec<i32>,
}
