//! ShareGroupDescribe: share groups, their members and assignments; an admin asks
//! the group coordinator.
//!
//! Version 1; 0 was of the early access in Kafka 4.0 (KIP-932) and is gone.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks about groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 77, versions = "1", flexible = "1+", response = ShareGroupDescribeResponse)]
#[non_exhaustive]
pub struct ShareGroupDescribeRequest {
    /// The share groups.
    pub group_ids: Vec<StrBytes>,
    /// Whether to say what this client may do to each group.
    pub include_authorized_operations: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 77, versions = "1", flexible = "1+")]
#[non_exhaustive]
pub struct ShareGroupDescribeResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// One per group asked for.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct DescribedGroup {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The share group.
    pub group_id: StrBytes,
    /// `Empty`, `Stable` or `Dead`; empty with an error.
    pub group_state: StrBytes,
    /// The group's epoch, which grows when members, subscriptions or the
    /// topics' partitions change.
    pub group_epoch: i32,
    /// The group's epoch that the assignment was made for.
    pub assignment_epoch: i32,
    /// The assignor that the group uses, on the broker's side.
    pub assignor_name: StrBytes,
    /// The members.
    pub members: Vec<Member>,
    /// What this client may do to the group, a bit per operation; `i32::MIN`
    /// when not asked.
    #[kafka(default = -2147483648)]
    pub authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct Member {
    /// The member.
    pub member_id: StrBytes,
    /// The rack of the member, if it told one.
    pub rack_id: Option<StrBytes>,
    /// The member's epoch: that of the group it has caught up with.
    pub member_epoch: i32,
    /// The client id of its requests.
    pub client_id: StrBytes,
    /// The address it connects from.
    pub client_host: StrBytes,
    /// The names of the topics it subscribes to.
    pub subscribed_topic_names: Vec<StrBytes>,
    /// The partitions it reads, maybe along with others.
    pub assignment: Assignment,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The partitions of one member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct Assignment {
    /// The topics.
    pub topic_partitions: Vec<TopicPartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The topic's name.
    pub topic_name: StrBytes,
    /// The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
