//! ???

use crate::{Message, StrBytes, TaggedFields, Uuid};

/// ??? ControlRecordTypeSchema
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct ControlRecordTypeSchema {
    /// ??? The type of the control record, such as commit or abort
    #[kafka(name = "type")]
    pub kind: i16,
}

/// ??? EndTxnMarker
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "none")]
#[non_exhaustive]
pub struct EndTxnMarker {
    /// ??? The coordinator epoch when appending the record
    pub coordinator_epoch: i32,
}

/// ??? LeaderChangeMessage
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct LeaderChangeMessage {
    /// ??? The version of the leader change message.
    pub version: i16,
    /// ??? The ID of the newly elected leader.
    pub leader_id: i32,
    /// ??? The set of voters in the quorum for this epoch.
    pub voters: Vec<LeaderChangeMessageVoter>,
    /// ??? The voters who voted for the leader at the time of election.
    pub granting_voters: Vec<LeaderChangeMessageVoter>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The set of voters in the quorum for this epoch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "Voter", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct LeaderChangeMessageVoter {
    /// ??? The ID of the voter.
    pub voter_id: i32,
    /// ??? The directory id of the voter.
    #[kafka(versions = "1+")]
    pub voter_directory_id: Uuid,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? SnapshotHeaderRecord
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct SnapshotHeaderRecord {
    /// ??? The version of the snapshot header record.
    pub version: i16,
    /// ??? The append time of the last record from the log contained in this
    /// snapshot.
    pub last_contained_log_timestamp: i64,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? SnapshotFooterRecord
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct SnapshotFooterRecord {
    /// ??? The version of the snapshot footer record.
    pub version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? KRaftVersionRecord
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct KRaftVersionRecord {
    /// ??? The version of the kraft version record.
    pub version: i16,
    /// ??? The kraft protocol version.
    pub k_raft_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? VotersRecord
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct VotersRecord {
    /// ??? The version of the voters record.
    pub version: i16,
    /// ??? The set of voters in the quorum for this epoch.
    pub voters: Vec<VotersRecordVoter>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The set of voters in the quorum for this epoch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(name = "Voter", versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct VotersRecordVoter {
    /// ??? The replica id of the voter in the topic partition.
    pub voter_id: i32,
    /// ??? The directory id of the voter in the topic partition.
    pub voter_directory_id: Uuid,
    /// ??? The endpoint that can be used to communicate with the voter.
    pub endpoints: Vec<Endpoint>,
    /// ??? The range of versions of the protocol that the replica supports.
    pub k_raft_version_feature: KRaftVersionFeature,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The endpoint that can be used to communicate with the voter.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct Endpoint {
    /// ??? The name of the endpoint.
    pub name: StrBytes,
    /// ??? The hostname.
    pub host: StrBytes,
    /// ??? The port.
    pub port: u16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The range of versions of the protocol that the replica supports.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct KRaftVersionFeature {
    /// ??? The minimum supported KRaft protocol version.
    pub min_supported_version: i16,
    /// ??? The maximum supported KRaft protocol version.
    pub max_supported_version: i16,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
