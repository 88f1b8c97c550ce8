//! The records of control batches: what brokers and controllers tell one another in
//! a log.
//!
//! Applications never see them. Bit 5 of a batch's attributes marks it as a control
//! batch. The key of each of its records, [`ControlRecordTypeSchema`], says which
//! of the other structures its value is;
//! [`ControlRecordKind`](crate::records::ControlRecordKind) reads and writes that
//! key.
//!
//! The key and [`EndTxnMarker`] come after a 16-bit version: a reader takes those
//! two bytes first and decodes the rest in that version. The version may be newer
//! than the reader, which then reads what it knows and ignores what follows. The
//! structures of KRaft (KIP-595, KIP-630, KIP-853) have nothing in front. Their
//! first two bytes are their field `version` and stay in the buffer: a reader looks
//! at them to know the version to decode in, and a writer sets the field to the
//! version it encodes in. Kafka up to 4.4 writes and reads version 0 of each.

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// The key of a control record: its kind. A 16-bit version, 0, comes first.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ControlRecordTypeSchema {
    /// 0 abort, 1 commit, 2 leader change, 3 snapshot header, 4 snapshot
    /// footer, 5 KRaft version, 6 KRaft voters. A reader skips kinds it does
    /// not know.
    #[kafka(name = "type")]
    pub kind: i16,
}

/// The end of a transaction (KIP-98); the key says whether it was committed or
/// aborted, the batch whose it was. A 16-bit version, 0, comes first.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct EndTxnMarker {
    /// The epoch of the transaction coordinator that ended it.
    pub coordinator_epoch: i32,
}

/// The first record of a leader's epoch in the metadata log (KIP-595). Version
/// 1 adds the directories of the voters (KIP-853).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct LeaderChangeMessage {
    /// The version that the record is encoded in.
    pub version: i16,
    /// The leader.
    pub leader_id: i32,
    /// The voters of the quorum in this epoch.
    pub voters: Vec<LeaderChangeVoter>,
    /// The voters that elected the leader, itself among them.
    pub granting_voters: Vec<LeaderChangeVoter>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A voter as a leader change names it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "Voter", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct LeaderChangeVoter {
    /// The voter's node id.
    pub voter_id: i32,
    /// The id of the directory that the voter keeps the metadata log in; zero
    /// when not known.
    #[kafka(versions = "1+")]
    pub voter_directory_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The first record of a snapshot (KIP-630).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct SnapshotHeaderRecord {
    /// The version that the record is encoded in.
    pub version: i16,
    /// When the last record that the snapshot covers was appended to the log,
    /// in milliseconds since 1970.
    pub last_contained_log_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The last record of a snapshot (KIP-630). A snapshot without it is cut short.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct SnapshotFooterRecord {
    /// The version that the record is encoded in.
    pub version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The version of the KRaft protocol that the quorum runs from here on
/// (KIP-853).
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct KRaftVersionRecord {
    /// The version that the record is encoded in.
    pub version: i16,
    /// The level of the feature `kraft.version`: 0 for voters fixed by
    /// configuration, 1 for voters named in the log.
    pub k_raft_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The voters of the quorum from here on (KIP-853). Each such record replaces
/// the one before it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct VotersRecord {
    /// The version that the record is encoded in.
    pub version: i16,
    /// The voters.
    pub voters: Vec<VotersRecordVoter>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A voter as the log keeps it.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "Voter", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct VotersRecordVoter {
    /// The voter's node id.
    pub voter_id: i32,
    /// The id of the directory that the voter keeps the metadata log in. With
    /// the node id it makes up the voter's identity.
    pub voter_directory_id: Uuid,
    /// Where other nodes reach the voter.
    pub endpoints: Vec<Endpoint>,
    /// The levels of `kraft.version` that the voter could run.
    pub k_raft_version_feature: KRaftVersionFeature,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// An address of a voter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Endpoint {
    /// The listener's name.
    pub name: StrBytes,
    /// The voter's host name or address.
    pub host: StrBytes,
    /// The voter's port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// A range of levels of `kraft.version`.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct KRaftVersionFeature {
    /// The lowest level.
    pub min_supported_version: i16,
    /// The highest level.
    pub max_supported_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
