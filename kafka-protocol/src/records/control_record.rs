use bytes::Bytes;

use crate::messages::control_records::{
    EndTxnMarker, KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord,
    SnapshotHeaderRecord, VotersRecord,
};
use crate::versioned::decode_leniently;
use crate::wire::Reader;
use crate::{DecodeError, Message};

use super::batch::RecordBatch;
use super::builder::BatchBuilder;
use super::compression::{Compression, Compressor};
use super::control::ControlRecordKind;
use super::error::RecordError;
use super::record::{NewRecord, RecordView};
use super::sealed::BatchStamp;

/// A record of a control batch, its value decoded.
///
/// ```
/// use kafka_protocol::records::{BatchLimits, BatchStamp, ControlRecord, RecordBatch};
///
/// let stamp = BatchStamp { producer_id: 9, producer_epoch: 0, ..BatchStamp::default() };
/// let batch = RecordBatch::of_transaction_end(true, 3, 1_700_000_000_000, &stamp)?;
/// assert!(batch.is_control() && batch.is_transactional());
///
/// let records = batch.decompress(&BatchLimits::default())?;
/// let record = records.get(0).expect("one marker");
/// let ControlRecord::Commit(marker) = ControlRecord::read(&record)? else {
///     panic!("another kind")
/// };
/// assert_eq!(marker.coordinator_epoch, 3);
/// # Ok::<(), kafka_protocol::records::RecordError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ControlRecord {
    /// The producer's transaction was aborted (KIP-98).
    Abort(EndTxnMarker),
    /// The producer's transaction was committed (KIP-98).
    Commit(EndTxnMarker),
    /// A new leader of a KRaft partition (KIP-595).
    LeaderChange(LeaderChangeMessage),
    /// The first record of a KRaft snapshot (KIP-630).
    SnapshotHeader(SnapshotHeaderRecord),
    /// The last record of a KRaft snapshot (KIP-630).
    SnapshotFooter(SnapshotFooterRecord),
    /// The version of the KRaft protocol (KIP-853).
    KRaftVersion(KRaftVersionRecord),
    /// The set of KRaft voters (KIP-853).
    KRaftVoters(VotersRecord),
    /// A kind that this version does not know.
    Unknown(i16),
}

impl ControlRecord {
    /// Reads a record of a batch that [is one of control
    /// records](RecordBatch::is_control); of others, the result means nothing.
    ///
    /// A value newer than what is known here is read as far as it is. Refused
    /// ([`InvalidControlRecord`](RecordError::InvalidControlRecord)) if key or value
    /// are not what they have to be.
    pub fn read(record: &RecordView<'_>) -> Result<Self, RecordError> {
        let offset = record.offset();
        let invalid = |error| RecordError::InvalidControlRecord { offset, error };
        let Some(kind) = record.key().and_then(ControlRecordKind::from_key) else {
            return Err(invalid(None));
        };
        let value = Bytes::copy_from_slice(record.value().unwrap_or_default());
        Self::decode(kind, value).map_err(|error| invalid(Some(error)))
    }

    /// What the record's key says.
    pub fn kind(&self) -> ControlRecordKind {
        match self {
            Self::Abort(_) => ControlRecordKind::Abort,
            Self::Commit(_) => ControlRecordKind::Commit,
            Self::LeaderChange(_) => ControlRecordKind::LeaderChange,
            Self::SnapshotHeader(_) => ControlRecordKind::SnapshotHeader,
            Self::SnapshotFooter(_) => ControlRecordKind::SnapshotFooter,
            Self::KRaftVersion(_) => ControlRecordKind::KRaftVersion,
            Self::KRaftVoters(_) => ControlRecordKind::KRaftVoters,
            Self::Unknown(code) => ControlRecordKind::Unknown(*code),
        }
    }

    fn decode(kind: ControlRecordKind, value: Bytes) -> Result<Self, DecodeError> {
        Ok(match kind {
            ControlRecordKind::Abort => Self::Abort(versioned(value)?),
            ControlRecordKind::Commit => Self::Commit(versioned(value)?),
            ControlRecordKind::LeaderChange => Self::LeaderChange(self_versioned(value)?),
            ControlRecordKind::SnapshotHeader => Self::SnapshotHeader(self_versioned(value)?),
            ControlRecordKind::SnapshotFooter => Self::SnapshotFooter(self_versioned(value)?),
            ControlRecordKind::KRaftVersion => Self::KRaftVersion(self_versioned(value)?),
            ControlRecordKind::KRaftVoters => Self::KRaftVoters(self_versioned(value)?),
            ControlRecordKind::Unknown(code) => Self::Unknown(code),
        })
    }
}

impl RecordBatch {
    /// The batch that ends a transaction in a partition, as the leader appends it
    /// when the coordinator says so (`WriteTxnMarkers`, KIP-98).
    ///
    /// `timestamp_ms` is the leader's time. Of `stamp`, which names the producer
    /// and where the batch goes, the sequence and the flags are not used.
    pub fn of_transaction_end(
        committed: bool,
        coordinator_epoch: i32,
        timestamp_ms: i64,
        stamp: &BatchStamp,
    ) -> Result<Self, RecordError> {
        let kind = if committed {
            ControlRecordKind::Commit
        } else {
            ControlRecordKind::Abort
        };
        let mut builder = BatchBuilder::new();
        builder.append(&NewRecord {
            timestamp: timestamp_ms,
            key: Some(&kind.to_key()),
            value: Some(&ControlRecordKind::end_transaction_value(coordinator_epoch)),
            headers: &[],
        })?;
        let sealed = builder.seal(&mut Compressor::new(Compression::None)?)?;
        Ok(sealed.stamped(&BatchStamp {
            base_sequence: -1,
            transactional: true,
            control: true,
            timestamp_type_log_append: false,
            ..*stamp
        }))
    }
}

/// A value that comes after its version.
fn versioned<M: Message>(value: Bytes) -> Result<M, DecodeError> {
    decode_leniently(value).map(|(message, _)| message)
}

/// A value whose first field is its version.
fn self_versioned<M: Message>(value: Bytes) -> Result<M, DecodeError> {
    let version = Reader::new(value.clone()).read_i16()?;
    M::decode(&mut Reader::new(value), version.min(M::VERSIONS.max))
}
