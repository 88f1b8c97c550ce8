//! WriteTxnMarkers: ends transactions in the partitions they wrote to (KIP-98).
//!
//! A transaction coordinator sends it to the leaders of the partitions, as do
//! administrators' clients to abort a transaction that hangs (KIP-664).
//!
//! Versions 0-2. 1 is flexible; 2 tells the version of the transaction
//! (KIP-1228).

use crate::{Message, StrBytes, TaggedFields};

/// Writes markers.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 27, versions = "0-2", flexible = "1+", response = WriteTxnMarkersResponse)]
#[non_exhaustive]
pub struct WriteTxnMarkersRequest {
    /// The markers.
    pub markers: Vec<WritableTxnMarker>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The end of one transaction.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarker {
    /// The producer's id.
    pub producer_id: i64,
    /// The producer's epoch; the partition refuses an older one than it has
    /// seen.
    pub producer_epoch: i16,
    /// Whether it is committed; if not, it is aborted.
    pub transaction_result: bool,
    /// The topics.
    pub topics: Vec<WritableTxnMarkerTopic>,
    /// The epoch of the coordinator, which fences the ones before it.
    pub coordinator_epoch: i32,
    /// The version of the transaction (KIP-890): 2 when every transaction has
    /// an epoch of its own, which must then be newer; 0 or 1 before.
    #[kafka(versions = "2+", ignorable)]
    pub transaction_version: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerTopic {
    /// Its name.
    pub name: StrBytes,
    /// The partitions.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of each marker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 27, versions = "0-2", flexible = "1+")]
#[non_exhaustive]
pub struct WriteTxnMarkersResponse {
    /// The results, one for each marker.
    pub markers: Vec<WritableTxnMarkerResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The results of one marker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerResult {
    /// The producer's id.
    pub producer_id: i64,
    /// Its topics.
    pub topics: Vec<WritableTxnMarkerTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The results of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerTopicResult {
    /// Its name.
    pub name: StrBytes,
    /// Its partitions.
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The result of one partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerPartitionResult {
    /// The partition.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
