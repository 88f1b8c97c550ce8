//! ConsumerGroupDescribe: consumer groups of the new protocol (KIP-848), their
//! members and assignments; an admin asks the group coordinator.
//!
//! DescribeGroups is for those of the classic protocol. A group of another kind, or
//! none, is answered with `GROUP_ID_NOT_FOUND`.
//!
//! Versions 0-1. 1 adds the type of each member (KIP-1099).

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// Asks about groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 69, versions = "0-1", flexible = "0+", response = ConsumerGroupDescribeResponse)]
#[non_exhaustive]
pub struct ConsumerGroupDescribeRequest {
    /// The consumer groups.
    pub group_ids: Vec<StrBytes>,
    /// Whether to say what this client may do to each group.
    pub include_authorized_operations: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 69, versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct ConsumerGroupDescribeResponse {
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
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct DescribedGroup {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    pub error_message: Option<StrBytes>,
    /// The consumer group.
    pub group_id: StrBytes,
    /// `Empty`, `Assigning`, `Reconciling`, `Stable` or `Dead`; empty with an
    /// error.
    pub group_state: StrBytes,
    /// The group's epoch, which grows when members, subscriptions or the
    /// topics' partitions change.
    pub group_epoch: i32,
    /// The group's epoch that the target assignment was made for.
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
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Member {
    /// The member.
    pub member_id: StrBytes,
    /// The static member, if it is one.
    pub instance_id: Option<StrBytes>,
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
    /// The regular expression it subscribes with, if it does.
    pub subscribed_topic_regex: Option<StrBytes>,
    /// The partitions it has.
    pub assignment: Assignment,
    /// The partitions it will have once every member has given up what is not
    /// its own.
    pub target_assignment: Assignment,
    /// 0 for a member of the classic protocol, 1 for one of the new protocol,
    /// -1 when not known.
    #[kafka(versions = "1+", default = -1, ignorable)]
    pub member_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The partitions of one member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Assignment {
    /// The topics.
    pub topic_partitions: Vec<TopicPartitions>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
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
