//! ConsumerGroupDescribe: ???
//!
//! Versions 0-1. ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ConsumerGroupDescribe Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 69, versions = "0-1", flexible = "0+", response = ConsumerGroupDescribeResponse)]
#[non_exhaustive]
pub struct ConsumerGroupDescribeRequest {
    /// ??? The ids of the groups to describe.
    pub group_ids: Vec<StrBytes>,
    /// ??? Whether to include authorized operations.
    pub include_authorized_operations: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ConsumerGroupDescribe Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 69, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupDescribeResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// ??? Each described group.
    pub groups: Vec<DescribedGroup>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each described group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribedGroup {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// ??? The group ID string.
    pub group_id: StrBytes,
    /// ??? The group state string, or the empty string.
    pub group_state: StrBytes,
    /// ??? The group epoch.
    pub group_epoch: i32,
    /// ??? The assignment epoch.
    pub assignment_epoch: i32,
    /// ??? The selected assignor.
    pub assignor_name: StrBytes,
    /// ??? The members.
    pub members: Vec<Member>,
    /// ??? 32-bit bitfield to represent authorized operations for this group.
    #[kafka(default = -2147483648)]
    pub authorized_operations: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The members.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Member {
    /// ??? The member ID.
    pub member_id: StrBytes,
    /// ??? The member instance ID.
    pub instance_id: Option<StrBytes>,
    /// ??? The member rack ID.
    pub rack_id: Option<StrBytes>,
    /// ??? The current member epoch.
    pub member_epoch: i32,
    /// ??? The client ID.
    pub client_id: StrBytes,
    /// ??? The client host.
    pub client_host: StrBytes,
    /// ??? The subscribed topic names.
    pub subscribed_topic_names: Vec<StrBytes>,
    /// ??? the subscribed topic regex otherwise or null of not provided.
    pub subscribed_topic_regex: Option<StrBytes>,
    /// ??? The current assignment.
    pub assignment: Assignment,
    /// ??? The target assignment.
    pub target_assignment: Assignment,
    /// ??? -1 for unknown. 0 for classic member. +1 for consumer member.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub member_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The current assignment.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Assignment {
    /// ??? The assigned topic-partitions to the member.
    pub topic_partitions: Vec<TopicPartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The assigned topic-partitions to the member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct TopicPartitions {
    /// ??? The topic ID.
    pub topic_id: Uuid,
    /// ??? The topic name.
    pub topic_name: StrBytes,
    /// ??? The partitions.
    pub partitions: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
