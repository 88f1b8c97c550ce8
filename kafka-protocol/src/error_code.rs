use std::fmt;

/// Declares the enum and its look-ups from one table: number, variant, Kafka's
/// name, whether it is retriable, and what it means.
macro_rules! error_codes {
    ($($code:literal $variant:ident $name:literal $class:ident $description:literal;)*) => {
        /// The codes with which brokers answer.
        ///
        /// Every code of Kafka 4.4; a number this crate does not know is kept as
        /// [`ErrorCode::Unknown`]. Message fields hold the raw `i16`:
        /// `ErrorCode::from(response.error_code)`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(
                #[doc = concat!("`", $name, "` (", stringify!($code), "): ", $description, ".")]
                $variant,
            )*
            /// A code that Kafka 4.4 does not have.
            Unknown(i16),
        }

        impl ErrorCode {
            /// Every known code, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire.
            pub const fn code(self) -> i16 {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Unknown(code) => code,
                }
            }

            /// Kafka's name, for example `NOT_LEADER_OR_FOLLOWER`; `UNKNOWN` for
            /// a code this crate does not know.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Unknown(_) => "UNKNOWN",
                }
            }

            /// What it means, in half a sentence.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $description,)*
                    Self::Unknown(_) => "a code this client does not know",
                }
            }

            /// Whether the same request may succeed later, as Kafka classifies
            /// it. Says nothing about where to send it: see
            /// [`ErrorCode::refreshes_metadata`].
            pub const fn is_retriable(self) -> bool {
                match self {
                    $(Self::$variant => error_codes!(@ $class),)*
                    Self::Unknown(_) => false,
                }
            }
        }

        impl From<i16> for ErrorCode {
            fn from(code: i16) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    code => Self::Unknown(code),
                }
            }
        }
    };
    (@ retriable) => { true };
    (@ final) => { false };
}

impl ErrorCode {
    /// Whether there was no error.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::None)
    }

    /// `Ok` for [`ErrorCode::None`], the code as an error otherwise.
    pub const fn ok(self) -> Result<(), Self> {
        match self {
            Self::None => Ok(()),
            code => Err(code),
        }
    }

    /// Whether the client's picture of the cluster is out of date: fetch new
    /// metadata before trying again. The same codes as in Kafka's own client.
    pub const fn refreshes_metadata(self) -> bool {
        matches!(
            self,
            Self::UnknownTopicOrPartition
                | Self::LeaderNotAvailable
                | Self::NotLeaderOrFollower
                | Self::ReplicaNotAvailable
                | Self::NetworkException
                | Self::KafkaStorageError
                | Self::ListenerNotFound
                | Self::FencedLeaderEpoch
                | Self::PreferredLeaderNotAvailable
                | Self::EligibleLeadersNotAvailable
                | Self::ElectionNotNeeded
                | Self::UnknownTopicId
                | Self::InconsistentTopicId
        )
    }

    /// Whether a client that gets this cannot go on at all: it is fenced by a
    /// newer instance, refused by the cluster, or misses a feature it needs. A
    /// new client with other settings or credentials may.
    pub const fn is_fatal(self) -> bool {
        matches!(
            self,
            Self::ClusterAuthorizationFailed
                | Self::TransactionalIdAuthorizationFailed
                | Self::SaslAuthenticationFailed
                | Self::UnsupportedSaslMechanism
                | Self::IllegalSaslState
                | Self::SecurityDisabled
                | Self::UnsupportedVersion
                | Self::UnsupportedForMessageFormat
                | Self::InvalidProducerIdMapping
                | Self::ProducerFenced
                | Self::TransactionCoordinatorFenced
                | Self::FencedInstanceId
                | Self::InconsistentClusterId
        )
    }
}

/// As in `NOT_LEADER_OR_FOLLOWER (6): this broker is not the leader, …`.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): {}",
            self.name(),
            self.code(),
            self.description()
        )
    }
}

impl std::error::Error for ErrorCode {}

error_codes! {
    -1 UnknownServerError "UNKNOWN_SERVER_ERROR" final "the broker hit an error it has no code for";
    0 None "NONE" final "no error";
    1 OffsetOutOfRange "OFFSET_OUT_OF_RANGE" final "the offset is outside what the partition holds";
    2 CorruptMessage "CORRUPT_MESSAGE" retriable "the message failed its checks: bad CRC, size, or a missing key in a compacted topic";
    3 UnknownTopicOrPartition "UNKNOWN_TOPIC_OR_PARTITION" retriable "the broker does not host this topic or partition";
    4 InvalidFetchSize "INVALID_FETCH_SIZE" final "the fetch size is not valid";
    5 LeaderNotAvailable "LEADER_NOT_AVAILABLE" retriable "the partition has no leader while one is being elected";
    6 NotLeaderOrFollower "NOT_LEADER_OR_FOLLOWER" retriable "this broker is not the leader, or not a replica, of the partition";
    7 RequestTimedOut "REQUEST_TIMED_OUT" retriable "the request did not finish within its timeout";
    8 BrokerNotAvailable "BROKER_NOT_AVAILABLE" final "the broker is not available";
    9 ReplicaNotAvailable "REPLICA_NOT_AVAILABLE" retriable "the replica is not available on this broker";
    10 MessageTooLarge "MESSAGE_TOO_LARGE" final "the record batch is larger than the broker allows";
    11 StaleControllerEpoch "STALE_CONTROLLER_EPOCH" final "the controller moved to another broker";
    12 OffsetMetadataTooLarge "OFFSET_METADATA_TOO_LARGE" final "the metadata string of the committed offset is too long";
    13 NetworkException "NETWORK_EXCEPTION" retriable "the broker lost a connection it needed for the answer";
    14 CoordinatorLoadInProgress "COORDINATOR_LOAD_IN_PROGRESS" retriable "the coordinator is still loading its state";
    15 CoordinatorNotAvailable "COORDINATOR_NOT_AVAILABLE" retriable "the coordinator is not available";
    16 NotCoordinator "NOT_COORDINATOR" retriable "this broker is not the coordinator";
    17 InvalidTopicException "INVALID_TOPIC_EXCEPTION" final "the topic name is not allowed";
    18 RecordListTooLarge "RECORD_LIST_TOO_LARGE" final "the record list is larger than a log segment";
    19 NotEnoughReplicas "NOT_ENOUGH_REPLICAS" retriable "fewer replicas are in sync than the topic demands; nothing was written";
    20 NotEnoughReplicasAfterAppend "NOT_ENOUGH_REPLICAS_AFTER_APPEND" retriable "written, but to fewer in-sync replicas than the topic demands";
    21 InvalidRequiredAcks "INVALID_REQUIRED_ACKS" final "the number of acknowledgements asked for is not one of -1, 0, 1";
    22 IllegalGeneration "ILLEGAL_GENERATION" final "the generation is not the group's current one";
    23 InconsistentGroupProtocol "INCONSISTENT_GROUP_PROTOCOL" final "the member's protocols share none with the group";
    24 InvalidGroupId "INVALID_GROUP_ID" final "the group id is not valid";
    25 UnknownMemberId "UNKNOWN_MEMBER_ID" final "the coordinator does not know this member";
    26 InvalidSessionTimeout "INVALID_SESSION_TIMEOUT" final "the session timeout is outside what the broker allows";
    27 RebalanceInProgress "REBALANCE_IN_PROGRESS" final "the group is rebalancing; the member must rejoin";
    28 InvalidCommitOffsetSize "INVALID_COMMIT_OFFSET_SIZE" final "the committed offset data is too large";
    29 TopicAuthorizationFailed "TOPIC_AUTHORIZATION_FAILED" final "not authorized for the topic";
    30 GroupAuthorizationFailed "GROUP_AUTHORIZATION_FAILED" final "not authorized for the group";
    31 ClusterAuthorizationFailed "CLUSTER_AUTHORIZATION_FAILED" final "not authorized for the cluster";
    32 InvalidTimestamp "INVALID_TIMESTAMP" final "the record timestamp is out of the allowed range";
    33 UnsupportedSaslMechanism "UNSUPPORTED_SASL_MECHANISM" final "the broker does not offer this SASL mechanism";
    34 IllegalSaslState "ILLEGAL_SASL_STATE" final "the request does not fit the state of the SASL exchange";
    35 UnsupportedVersion "UNSUPPORTED_VERSION" final "the broker does not support this version of the request";
    36 TopicAlreadyExists "TOPIC_ALREADY_EXISTS" final "a topic of this name exists already";
    37 InvalidPartitions "INVALID_PARTITIONS" final "the number of partitions is not valid";
    38 InvalidReplicationFactor "INVALID_REPLICATION_FACTOR" final "the replication factor is below one or above the number of brokers";
    39 InvalidReplicaAssignment "INVALID_REPLICA_ASSIGNMENT" final "the replica assignment is not valid";
    40 InvalidConfig "INVALID_CONFIG" final "the configuration is not valid";
    41 NotController "NOT_CONTROLLER" retriable "this broker is not the active controller";
    42 InvalidRequest "INVALID_REQUEST" final "the request contradicts itself or the protocol";
    43 UnsupportedForMessageFormat "UNSUPPORTED_FOR_MESSAGE_FORMAT" final "the topic's message format cannot hold this";
    44 PolicyViolation "POLICY_VIOLATION" final "a policy of the broker refused the request";
    45 OutOfOrderSequenceNumber "OUT_OF_ORDER_SEQUENCE_NUMBER" final "the batch's sequence number leaves a gap";
    46 DuplicateSequenceNumber "DUPLICATE_SEQUENCE_NUMBER" final "a batch with this sequence number was written already";
    47 InvalidProducerEpoch "INVALID_PRODUCER_EPOCH" final "the producer's epoch is old: a newer instance took over, or the transaction timed out";
    48 InvalidTxnState "INVALID_TXN_STATE" final "the transaction is in a state that does not allow this";
    49 InvalidProducerIdMapping "INVALID_PRODUCER_ID_MAPPING" final "the producer id does not belong to this transactional id";
    50 InvalidTransactionTimeout "INVALID_TRANSACTION_TIMEOUT" final "the transaction timeout is above what the broker allows";
    51 ConcurrentTransactions "CONCURRENT_TRANSACTIONS" retriable "another operation on the same transaction is still running";
    52 TransactionCoordinatorFenced "TRANSACTION_COORDINATOR_FENCED" final "the coordinator that sent the marker is no longer in charge";
    53 TransactionalIdAuthorizationFailed "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" final "not authorized for the transactional id";
    54 SecurityDisabled "SECURITY_DISABLED" final "security features are disabled";
    55 OperationNotAttempted "OPERATION_NOT_ATTEMPTED" final "not attempted, because another part of the request failed";
    56 KafkaStorageError "KAFKA_STORAGE_ERROR" retriable "the broker failed to read or write its disk";
    57 LogDirNotFound "LOG_DIR_NOT_FOUND" final "the log directory does not exist on this broker";
    58 SaslAuthenticationFailed "SASL_AUTHENTICATION_FAILED" final "the credentials were refused";
    59 UnknownProducerId "UNKNOWN_PRODUCER_ID" final "the broker has no state for this producer id";
    60 ReassignmentInProgress "REASSIGNMENT_IN_PROGRESS" final "the partition is being reassigned";
    61 DelegationTokenAuthDisabled "DELEGATION_TOKEN_AUTH_DISABLED" final "delegation tokens are disabled";
    62 DelegationTokenNotFound "DELEGATION_TOKEN_NOT_FOUND" final "the delegation token does not exist";
    63 DelegationTokenOwnerMismatch "DELEGATION_TOKEN_OWNER_MISMATCH" final "the delegation token belongs to someone else";
    64 DelegationTokenRequestNotAllowed "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED" final "this connection may not use delegation token requests";
    65 DelegationTokenAuthorizationFailed "DELEGATION_TOKEN_AUTHORIZATION_FAILED" final "not authorized for the delegation token";
    66 DelegationTokenExpired "DELEGATION_TOKEN_EXPIRED" final "the delegation token has expired";
    67 InvalidPrincipalType "INVALID_PRINCIPAL_TYPE" final "the principal type is not supported";
    68 NonEmptyGroup "NON_EMPTY_GROUP" final "the group has members";
    69 GroupIdNotFound "GROUP_ID_NOT_FOUND" final "the group does not exist";
    70 FetchSessionIdNotFound "FETCH_SESSION_ID_NOT_FOUND" retriable "the fetch session does not exist";
    71 InvalidFetchSessionEpoch "INVALID_FETCH_SESSION_EPOCH" retriable "the fetch session epoch is not the next one";
    72 ListenerNotFound "LISTENER_NOT_FOUND" retriable "the leader has no listener of the name this request came in on";
    73 TopicDeletionDisabled "TOPIC_DELETION_DISABLED" final "topic deletion is disabled";
    74 FencedLeaderEpoch "FENCED_LEADER_EPOCH" retriable "the leader epoch is older than the broker's";
    75 UnknownLeaderEpoch "UNKNOWN_LEADER_EPOCH" retriable "the leader epoch is newer than the broker's";
    76 UnsupportedCompressionType "UNSUPPORTED_COMPRESSION_TYPE" final "the compression codec cannot be used with this request version";
    77 StaleBrokerEpoch "STALE_BROKER_EPOCH" final "the broker's registration epoch has changed";
    78 OffsetNotAvailable "OFFSET_NOT_AVAILABLE" retriable "the leader's high watermark has not caught up after its election";
    79 MemberIdRequired "MEMBER_ID_REQUIRED" final "the member must join again with the id it was given";
    80 PreferredLeaderNotAvailable "PREFERRED_LEADER_NOT_AVAILABLE" retriable "the preferred leader is not available";
    81 GroupMaxSizeReached "GROUP_MAX_SIZE_REACHED" final "the group is full";
    82 FencedInstanceId "FENCED_INSTANCE_ID" final "another member with the same instance id took over";
    83 EligibleLeadersNotAvailable "ELIGIBLE_LEADERS_NOT_AVAILABLE" retriable "no replica is eligible to lead";
    84 ElectionNotNeeded "ELECTION_NOT_NEEDED" retriable "the wanted leader leads already";
    85 NoReassignmentInProgress "NO_REASSIGNMENT_IN_PROGRESS" final "no reassignment is under way";
    86 GroupSubscribedToTopic "GROUP_SUBSCRIBED_TO_TOPIC" final "the group still subscribes to the topic";
    87 InvalidRecord "INVALID_RECORD" final "a record failed the broker's validation";
    88 UnstableOffsetCommit "UNSTABLE_OFFSET_COMMIT" retriable "offsets of open transactions stand before the one asked for";
    89 ThrottlingQuotaExceeded "THROTTLING_QUOTA_EXCEEDED" retriable "a quota is used up; wait and retry";
    90 ProducerFenced "PRODUCER_FENCED" final "a newer producer with the same transactional id took over";
    91 ResourceNotFound "RESOURCE_NOT_FOUND" final "the resource does not exist";
    92 DuplicateResource "DUPLICATE_RESOURCE" final "the request names a resource twice";
    93 UnacceptableCredential "UNACCEPTABLE_CREDENTIAL" final "the credential does not meet the requirements";
    94 InconsistentVoterSet "INCONSISTENT_VOTER_SET" final "the two sides disagree on the set of voters";
    95 InvalidUpdateVersion "INVALID_UPDATE_VERSION" final "the feature level is not valid";
    96 FeatureUpdateFailed "FEATURE_UPDATE_FAILED" final "the finalized features could not be updated";
    97 PrincipalDeserializationFailure "PRINCIPAL_DESERIALIZATION_FAILURE" final "the forwarded principal could not be read";
    98 SnapshotNotFound "SNAPSHOT_NOT_FOUND" final "the snapshot does not exist";
    99 PositionOutOfRange "POSITION_OUT_OF_RANGE" final "the position is beyond the snapshot";
    100 UnknownTopicId "UNKNOWN_TOPIC_ID" retriable "the broker does not know this topic id";
    101 DuplicateBrokerRegistration "DUPLICATE_BROKER_REGISTRATION" final "a broker with this id is registered already";
    102 BrokerIdNotRegistered "BROKER_ID_NOT_REGISTERED" final "the broker id is not registered";
    103 InconsistentTopicId "INCONSISTENT_TOPIC_ID" retriable "the topic id in the log and the one asked for differ";
    104 InconsistentClusterId "INCONSISTENT_CLUSTER_ID" final "the cluster id differs from the broker's";
    105 TransactionalIdNotFound "TRANSACTIONAL_ID_NOT_FOUND" final "the transactional id does not exist";
    106 FetchSessionTopicIdError "FETCH_SESSION_TOPIC_ID_ERROR" retriable "topic ids do not fit the fetch session";
    107 IneligibleReplica "INELIGIBLE_REPLICA" final "the replica may not join the in-sync set";
    108 NewLeaderElected "NEW_LEADER_ELECTED" final "a new leader was elected while the in-sync set changed";
    109 OffsetMovedToTieredStorage "OFFSET_MOVED_TO_TIERED_STORAGE" final "the offset has moved to tiered storage";
    110 FencedMemberEpoch "FENCED_MEMBER_EPOCH" final "the member epoch is older than the coordinator's";
    111 UnreleasedInstanceId "UNRELEASED_INSTANCE_ID" final "the instance id is still held by another member";
    112 UnsupportedAssignor "UNSUPPORTED_ASSIGNOR" final "the coordinator supports none of the assignors";
    113 StaleMemberEpoch "STALE_MEMBER_EPOCH" final "the member epoch is not the current one; retry after the next heartbeat";
    114 MismatchedEndpointType "MISMATCHED_ENDPOINT_TYPE" final "the request reached the wrong kind of listener: broker or controller";
    115 UnsupportedEndpointType "UNSUPPORTED_ENDPOINT_TYPE" final "this kind of endpoint is not supported here";
    116 UnknownControllerId "UNKNOWN_CONTROLLER_ID" final "the controller id is not known";
    117 UnknownSubscriptionId "UNKNOWN_SUBSCRIPTION_ID" final "the telemetry subscription changed";
    118 TelemetryTooLarge "TELEMETRY_TOO_LARGE" final "the telemetry payload is too large";
    119 InvalidRegistration "INVALID_REGISTRATION" final "the broker registration is not valid";
    120 TransactionAbortable "TRANSACTION_ABORTABLE" final "the transaction must be aborted; the producer can go on";
    121 InvalidRecordState "INVALID_RECORD_STATE" final "the record is in a state that does not allow this";
    122 ShareSessionNotFound "SHARE_SESSION_NOT_FOUND" retriable "the share session does not exist";
    123 InvalidShareSessionEpoch "INVALID_SHARE_SESSION_EPOCH" retriable "the share session epoch is not the next one";
    124 FencedStateEpoch "FENCED_STATE_EPOCH" final "the share coordinator has a newer state epoch";
    125 InvalidVoterKey "INVALID_VOTER_KEY" final "the voter key differs from the receiver's";
    126 DuplicateVoter "DUPLICATE_VOTER" final "the voter is in the set already";
    127 VoterNotFound "VOTER_NOT_FOUND" final "the voter is not in the set";
    128 InvalidRegularExpression "INVALID_REGULAR_EXPRESSION" final "the regular expression is not valid";
    129 RebootstrapRequired "REBOOTSTRAP_REQUIRED" final "the client should start over from its bootstrap servers";
    130 StreamsInvalidTopology "STREAMS_INVALID_TOPOLOGY" final "the streams topology is not valid";
    131 StreamsInvalidTopologyEpoch "STREAMS_INVALID_TOPOLOGY_EPOCH" final "the streams topology epoch is not valid";
    132 StreamsTopologyFenced "STREAMS_TOPOLOGY_FENCED" final "the streams topology epoch is older than the group's";
    133 ShareSessionLimitReached "SHARE_SESSION_LIMIT_REACHED" retriable "the broker holds as many share sessions as it allows";
    134 GroupDeletionFailed "GROUP_DELETION_FAILED" final "the group could not be deleted";
    135 StreamsTopologyDescriptionUpdateFailed "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED" final "the streams topology description could not be stored";
    136 ControllerIdNotRegistered "CONTROLLER_ID_NOT_REGISTERED" final "the controller id is not registered";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_themselves() {
        assert_eq!(ErrorCode::ALL.len(), 138);
        for (code, known) in (-1..).zip(ErrorCode::ALL) {
            assert_eq!(known.code(), code);
            assert_eq!(ErrorCode::from(code), *known);
        }
        for code in [-2, 137, i16::MIN, i16::MAX] {
            assert_eq!(ErrorCode::from(code), ErrorCode::Unknown(code));
            assert_eq!(ErrorCode::Unknown(code).code(), code);
        }
    }

    #[test]
    fn names_and_classes() {
        let code = ErrorCode::from(6);
        assert_eq!(code.name(), "NOT_LEADER_OR_FOLLOWER");
        assert!(code.is_retriable() && code.refreshes_metadata() && !code.is_fatal());
        assert!(!ErrorCode::ProducerFenced.is_retriable() && ErrorCode::ProducerFenced.is_fatal());
        assert!(ErrorCode::None.is_ok() && !ErrorCode::Unknown(500).is_ok());
        assert_eq!(ErrorCode::from(0).ok(), Ok(()));
        assert_eq!(
            ErrorCode::from(3).ok(),
            Err(ErrorCode::UnknownTopicOrPartition)
        );
    }

    #[test]
    fn no_code_is_both_fatal_and_retriable() {
        for code in ErrorCode::ALL {
            assert!(!(code.is_fatal() && code.is_retriable()), "{code}");
            assert!(!code.refreshes_metadata() || code.is_retriable(), "{code}");
        }
    }
}
