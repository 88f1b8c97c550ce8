//! WriteTxnMarkers: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? WriteTxnMarkers Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 27, versions = "0-2", flexible = "1+", response = WriteTxnMarkersResponse)]
#[non_exhaustive]
pub struct WriteTxnMarkersRequest {
    /// ??? The transaction markers to be written.
    pub markers: Vec<WritableTxnMarker>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The transaction markers to be written.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarker {
    /// ??? The current producer ID.
    pub producer_id: i64,
    /// ??? The current epoch associated with the producer ID.
    pub producer_epoch: i16,
    /// ??? The result of the transaction to write to the partitions (false =
    /// ABORT, true = COMMIT).
    pub transaction_result: bool,
    /// ??? Each topic that we want to write transaction marker(s) for.
    pub topics: Vec<WritableTxnMarkerTopic>,
    /// ??? Epoch associated with the transaction state partition hosted by this
    /// transaction coordinator.
    pub coordinator_epoch: i32,
    /// ??? Transaction version of the marker. Ex: 0/1 = legacy (TV0/TV1), 2 =
    /// TV2 etc.
    #[kafka(versions = "2+", ignorable)]
    pub transaction_version: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Each topic that we want to write transaction marker(s) for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerTopic {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The indexes of the partitions to write transaction markers for.
    pub partition_indexes: Vec<i32>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? WriteTxnMarkers Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 27, versions = "0-2", flexible = "1+")]
#[non_exhaustive]
pub struct WriteTxnMarkersResponse {
    /// ??? The results for writing makers.
    pub markers: Vec<WritableTxnMarkerResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results for writing makers.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerResult {
    /// ??? The current producer ID in use by the transactional ID.
    pub producer_id: i64,
    /// ??? The results by topic.
    pub topics: Vec<WritableTxnMarkerTopicResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results by topic.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerTopicResult {
    /// ??? The topic name.
    pub name: StrBytes,
    /// ??? The results by partition.
    pub partitions: Vec<WritableTxnMarkerPartitionResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The results by partition.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "1+")]
#[non_exhaustive]
pub struct WritableTxnMarkerPartitionResult {
    /// ??? The partition index.
    pub partition_index: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
