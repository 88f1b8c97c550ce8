//! ControlledShutdown: ???
//!
//! Versions 0-3. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? ControlledShutdown Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 7, versions = "0-3", flexible = "3+", response = ControlledShutdownResponse)]
#[non_exhaustive]
pub struct ControlledShutdownRequest {
    /// ??? The id of the broker for which controlled shutdown has been
    /// requested.
    pub broker_id: i32,
    /// ??? The broker epoch.
    #[kafka(versions = "2+", default = -1, ignorable)]
    pub broker_epoch: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? ControlledShutdown Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 7, versions = "0-3", flexible = "3+")]
#[non_exhaustive]
pub struct ControlledShutdownResponse {
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// ??? The partitions that the broker still leads.
    pub remaining_partitions: Vec<RemainingPartition>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The partitions that the broker still leads.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "3+")]
#[non_exhaustive]
pub struct RemainingPartition {
    /// ??? The name of the topic.
    pub topic_name: StrBytes,
    /// ??? The index of the partition.
    pub partition_index: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
