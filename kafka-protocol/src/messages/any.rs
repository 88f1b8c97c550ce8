use crate::schema::MessageSchema;
use crate::wire::{Reader, Sink};
use crate::{ApiKey, DecodeError, EncodeError, Message, Request};

use super::consumer_protocol::{ConsumerProtocolAssignment, ConsumerProtocolSubscription};
use super::control_records::{
    ControlRecordTypeSchema, EndTxnMarker, KRaftVersionRecord, LeaderChangeMessage,
    SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
};
use super::*;

/// Declares the enums over all APIs from one list.
macro_rules! any {
    ($($api:ident $request:ident $response:ident;)*) => {
        /// A request of any API, for code that handles whatever comes: brokers,
        /// proxies, fuzzers.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyRequest {
            $(
                #[doc = concat!("A request of ", stringify!($api), ".")]
                $api($request),
            )*
        }

        impl AnyRequest {
            /// Reads the body of a request.
            ///
            /// # Errors
            ///
            /// See [`Message::decode`].
            pub fn decode(key: ApiKey, reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
                match key {
                    $(ApiKey::$api => $request::decode(reader, version).map(Self::$api),)*
                }
            }

            /// Writes the body.
            ///
            /// # Errors
            ///
            /// See [`Message::encode`].
            pub fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError> {
                match self {
                    $(Self::$api(request) => request.encode(sink, version),)*
                }
            }

            /// The message as data.
            pub fn schema(&self) -> &'static MessageSchema {
                match self {
                    $(Self::$api(_) => $request::SCHEMA,)*
                }
            }

            #[cfg(feature = "json")]
            pub(crate) fn values(&self) -> &dyn crate::json::Values {
                match self {
                    $(Self::$api(request) => request,)*
                }
            }

            /// The API.
            pub fn key(&self) -> ApiKey {
                match self {
                    $(Self::$api(_) => $request::KEY,)*
                }
            }
        }

        $(
            impl From<$request> for AnyRequest {
                fn from(request: $request) -> Self {
                    Self::$api(request)
                }
            }
        )*

        /// A response of any API.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyResponse {
            $(
                #[doc = concat!("A response of ", stringify!($api), ".")]
                $api($response),
            )*
        }

        impl AnyResponse {
            /// Reads the body of a response.
            ///
            /// # Errors
            ///
            /// See [`Message::decode`].
            pub fn decode(key: ApiKey, reader: &mut Reader, version: i16) -> Result<Self, DecodeError> {
                match key {
                    $(ApiKey::$api => $response::decode(reader, version).map(Self::$api),)*
                }
            }

            /// Writes the body.
            ///
            /// # Errors
            ///
            /// See [`Message::encode`].
            pub fn encode(&self, sink: &mut Sink, version: i16) -> Result<(), EncodeError> {
                match self {
                    $(Self::$api(response) => response.encode(sink, version),)*
                }
            }

            /// The message as data.
            pub fn schema(&self) -> &'static MessageSchema {
                match self {
                    $(Self::$api(_) => $response::SCHEMA,)*
                }
            }

            #[cfg(feature = "json")]
            pub(crate) fn values(&self) -> &dyn crate::json::Values {
                match self {
                    $(Self::$api(response) => response,)*
                }
            }

            /// The API.
            pub fn key(&self) -> ApiKey {
                match self {
                    $(Self::$api(_) => $request::KEY,)*
                }
            }
        }

        $(
            impl From<$response> for AnyResponse {
                fn from(response: $response) -> Self {
                    Self::$api(response)
                }
            }
        )*

        /// The request and the response of every API, in the order of the keys.
        pub const SCHEMAS: &[(&MessageSchema, &MessageSchema)] =
            &[$((<$request as Message>::SCHEMA, <$response as Message>::SCHEMA)),*];

        /// The request and the response of one API.
        pub const fn schemas(key: ApiKey) -> (&'static MessageSchema, &'static MessageSchema) {
            match key {
                $(ApiKey::$api => (<$request as Message>::SCHEMA, <$response as Message>::SCHEMA),)*
            }
        }
    };
}

any! {
    Produce ProduceRequest ProduceResponse;
    Fetch FetchRequest FetchResponse;
    ListOffsets ListOffsetsRequest ListOffsetsResponse;
    Metadata MetadataRequest MetadataResponse;
    LeaderAndIsr LeaderAndIsrRequest LeaderAndIsrResponse;
    StopReplica StopReplicaRequest StopReplicaResponse;
    UpdateMetadata UpdateMetadataRequest UpdateMetadataResponse;
    ControlledShutdown ControlledShutdownRequest ControlledShutdownResponse;
    OffsetCommit OffsetCommitRequest OffsetCommitResponse;
    OffsetFetch OffsetFetchRequest OffsetFetchResponse;
    FindCoordinator FindCoordinatorRequest FindCoordinatorResponse;
    JoinGroup JoinGroupRequest JoinGroupResponse;
    Heartbeat HeartbeatRequest HeartbeatResponse;
    LeaveGroup LeaveGroupRequest LeaveGroupResponse;
    SyncGroup SyncGroupRequest SyncGroupResponse;
    DescribeGroups DescribeGroupsRequest DescribeGroupsResponse;
    ListGroups ListGroupsRequest ListGroupsResponse;
    SaslHandshake SaslHandshakeRequest SaslHandshakeResponse;
    ApiVersions ApiVersionsRequest ApiVersionsResponse;
    CreateTopics CreateTopicsRequest CreateTopicsResponse;
    DeleteTopics DeleteTopicsRequest DeleteTopicsResponse;
    DeleteRecords DeleteRecordsRequest DeleteRecordsResponse;
    InitProducerId InitProducerIdRequest InitProducerIdResponse;
    OffsetForLeaderEpoch OffsetForLeaderEpochRequest OffsetForLeaderEpochResponse;
    AddPartitionsToTxn AddPartitionsToTxnRequest AddPartitionsToTxnResponse;
    AddOffsetsToTxn AddOffsetsToTxnRequest AddOffsetsToTxnResponse;
    EndTxn EndTxnRequest EndTxnResponse;
    WriteTxnMarkers WriteTxnMarkersRequest WriteTxnMarkersResponse;
    TxnOffsetCommit TxnOffsetCommitRequest TxnOffsetCommitResponse;
    DescribeAcls DescribeAclsRequest DescribeAclsResponse;
    CreateAcls CreateAclsRequest CreateAclsResponse;
    DeleteAcls DeleteAclsRequest DeleteAclsResponse;
    DescribeConfigs DescribeConfigsRequest DescribeConfigsResponse;
    AlterConfigs AlterConfigsRequest AlterConfigsResponse;
    AlterReplicaLogDirs AlterReplicaLogDirsRequest AlterReplicaLogDirsResponse;
    DescribeLogDirs DescribeLogDirsRequest DescribeLogDirsResponse;
    SaslAuthenticate SaslAuthenticateRequest SaslAuthenticateResponse;
    CreatePartitions CreatePartitionsRequest CreatePartitionsResponse;
    CreateDelegationToken CreateDelegationTokenRequest CreateDelegationTokenResponse;
    RenewDelegationToken RenewDelegationTokenRequest RenewDelegationTokenResponse;
    ExpireDelegationToken ExpireDelegationTokenRequest ExpireDelegationTokenResponse;
    DescribeDelegationToken DescribeDelegationTokenRequest DescribeDelegationTokenResponse;
    DeleteGroups DeleteGroupsRequest DeleteGroupsResponse;
    ElectLeaders ElectLeadersRequest ElectLeadersResponse;
    IncrementalAlterConfigs IncrementalAlterConfigsRequest IncrementalAlterConfigsResponse;
    AlterPartitionReassignments AlterPartitionReassignmentsRequest AlterPartitionReassignmentsResponse;
    ListPartitionReassignments ListPartitionReassignmentsRequest ListPartitionReassignmentsResponse;
    OffsetDelete OffsetDeleteRequest OffsetDeleteResponse;
    DescribeClientQuotas DescribeClientQuotasRequest DescribeClientQuotasResponse;
    AlterClientQuotas AlterClientQuotasRequest AlterClientQuotasResponse;
    DescribeUserScramCredentials DescribeUserScramCredentialsRequest DescribeUserScramCredentialsResponse;
    AlterUserScramCredentials AlterUserScramCredentialsRequest AlterUserScramCredentialsResponse;
    Vote VoteRequest VoteResponse;
    BeginQuorumEpoch BeginQuorumEpochRequest BeginQuorumEpochResponse;
    EndQuorumEpoch EndQuorumEpochRequest EndQuorumEpochResponse;
    DescribeQuorum DescribeQuorumRequest DescribeQuorumResponse;
    AlterPartition AlterPartitionRequest AlterPartitionResponse;
    UpdateFeatures UpdateFeaturesRequest UpdateFeaturesResponse;
    Envelope EnvelopeRequest EnvelopeResponse;
    FetchSnapshot FetchSnapshotRequest FetchSnapshotResponse;
    DescribeCluster DescribeClusterRequest DescribeClusterResponse;
    DescribeProducers DescribeProducersRequest DescribeProducersResponse;
    BrokerRegistration BrokerRegistrationRequest BrokerRegistrationResponse;
    BrokerHeartbeat BrokerHeartbeatRequest BrokerHeartbeatResponse;
    UnregisterBroker UnregisterBrokerRequest UnregisterBrokerResponse;
    DescribeTransactions DescribeTransactionsRequest DescribeTransactionsResponse;
    ListTransactions ListTransactionsRequest ListTransactionsResponse;
    AllocateProducerIds AllocateProducerIdsRequest AllocateProducerIdsResponse;
    ConsumerGroupHeartbeat ConsumerGroupHeartbeatRequest ConsumerGroupHeartbeatResponse;
    ConsumerGroupDescribe ConsumerGroupDescribeRequest ConsumerGroupDescribeResponse;
    ControllerRegistration ControllerRegistrationRequest ControllerRegistrationResponse;
    GetTelemetrySubscriptions GetTelemetrySubscriptionsRequest GetTelemetrySubscriptionsResponse;
    PushTelemetry PushTelemetryRequest PushTelemetryResponse;
    AssignReplicasToDirs AssignReplicasToDirsRequest AssignReplicasToDirsResponse;
    ListConfigResources ListConfigResourcesRequest ListConfigResourcesResponse;
    DescribeTopicPartitions DescribeTopicPartitionsRequest DescribeTopicPartitionsResponse;
    ShareGroupHeartbeat ShareGroupHeartbeatRequest ShareGroupHeartbeatResponse;
    ShareGroupDescribe ShareGroupDescribeRequest ShareGroupDescribeResponse;
    ShareFetch ShareFetchRequest ShareFetchResponse;
    ShareAcknowledge ShareAcknowledgeRequest ShareAcknowledgeResponse;
    AddRaftVoter AddRaftVoterRequest AddRaftVoterResponse;
    RemoveRaftVoter RemoveRaftVoterRequest RemoveRaftVoterResponse;
    UpdateRaftVoter UpdateRaftVoterRequest UpdateRaftVoterResponse;
    InitializeShareGroupState InitializeShareGroupStateRequest InitializeShareGroupStateResponse;
    ReadShareGroupState ReadShareGroupStateRequest ReadShareGroupStateResponse;
    WriteShareGroupState WriteShareGroupStateRequest WriteShareGroupStateResponse;
    DeleteShareGroupState DeleteShareGroupStateRequest DeleteShareGroupStateResponse;
    ReadShareGroupStateSummary ReadShareGroupStateSummaryRequest ReadShareGroupStateSummaryResponse;
    StreamsGroupHeartbeat StreamsGroupHeartbeatRequest StreamsGroupHeartbeatResponse;
    StreamsGroupDescribe StreamsGroupDescribeRequest StreamsGroupDescribeResponse;
    DescribeShareGroupOffsets DescribeShareGroupOffsetsRequest DescribeShareGroupOffsetsResponse;
    AlterShareGroupOffsets AlterShareGroupOffsetsRequest AlterShareGroupOffsetsResponse;
    DeleteShareGroupOffsets DeleteShareGroupOffsetsRequest DeleteShareGroupOffsetsResponse;
    StreamsGroupTopologyDescriptionUpdate StreamsGroupTopologyDescriptionUpdateRequest StreamsGroupTopologyDescriptionUpdateResponse;
    UnregisterController UnregisterControllerRequest UnregisterControllerResponse;
}

/// The messages that are neither request nor response: what consumers send each
/// other through the coordinator of their group, and the records of control
/// batches.
pub const DATA_SCHEMAS: &[&MessageSchema] = &[
    ConsumerProtocolSubscription::SCHEMA,
    ConsumerProtocolAssignment::SCHEMA,
    ControlRecordTypeSchema::SCHEMA,
    EndTxnMarker::SCHEMA,
    LeaderChangeMessage::SCHEMA,
    SnapshotHeaderRecord::SCHEMA,
    SnapshotFooterRecord::SCHEMA,
    KRaftVersionRecord::SCHEMA,
    VotersRecord::SCHEMA,
];

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn schemas_are_those_of_their_keys() {
        let mut previous = None;
        for (request, response) in SCHEMAS {
            assert_eq!(request.key, response.key);
            assert_eq!(
                (request.versions, request.flexible),
                (response.versions, response.flexible)
            );
            let key = request.key.unwrap();
            assert_eq!(request.name, format!("{key}Request"));
            assert_eq!(response.name, format!("{key}Response"));
            assert_eq!(
                request.flexible.map(|range| range.min),
                key.first_flexible()
                    .map(|first| first.max(request.versions.min)),
                "{key}"
            );
            assert!(previous < Some(key), "{key}");
            previous = Some(key);
        }
    }

    #[test]
    fn debug_hides_secrets() {
        const SECRET: &str = "hunter2";
        let altered = alter_configs::AlterableConfig::new().with_value(Some(SECRET.into()));
        let altered = alter_configs::AlterConfigsResource::new().with_configs([altered]);
        let changed =
            incremental_alter_configs::AlterableConfig::new().with_value(Some(SECRET.into()));
        let changed =
            incremental_alter_configs::AlterConfigsResource::new().with_configs([changed]);
        let credential = alter_user_scram_credentials::ScramCredentialUpsertion::new()
            .with_name("visible")
            .with_salted_password(SECRET);
        let requests: [AnyRequest; 6] = [
            SaslAuthenticateRequest::new()
                .with_auth_bytes(SECRET)
                .into(),
            RenewDelegationTokenRequest::new().with_hmac(SECRET).into(),
            ExpireDelegationTokenRequest::new().with_hmac(SECRET).into(),
            AlterConfigsRequest::new().with_resources([altered]).into(),
            IncrementalAlterConfigsRequest::new()
                .with_resources([changed])
                .into(),
            AlterUserScramCredentialsRequest::new()
                .with_upsertions([credential])
                .into(),
        ];
        let token = describe_delegation_token::DescribedDelegationToken::new().with_hmac(SECRET);
        let responses: [AnyResponse; 3] = [
            SaslAuthenticateResponse::new()
                .with_auth_bytes(SECRET)
                .into(),
            CreateDelegationTokenResponse::new()
                .with_hmac(SECRET)
                .into(),
            DescribeDelegationTokenResponse::new()
                .with_tokens([token])
                .into(),
        ];
        let requests = requests.iter().map(|request| format!("{request:?}"));
        let responses = responses.iter().map(|response| format!("{response:?}"));
        for shown in requests.chain(responses) {
            assert!(
                shown.contains("(hidden)") && !shown.contains(SECRET),
                "{shown}"
            );
        }
        assert_eq!(
            format!(
                "{:?}",
                SaslAuthenticateRequest::new().with_auth_bytes(SECRET)
            ),
            "SaslAuthenticateRequest { auth_bytes: (hidden), unknown_tagged_fields: TaggedFields(None) }"
        );
    }

    #[test]
    fn dispatched_by_key() {
        let mut reader = Reader::new(Bytes::from_static(b"\0\x01g"));
        let request = AnyRequest::decode(ApiKey::FindCoordinator, &mut reader, 0).unwrap();
        assert_eq!(request, FindCoordinatorRequest::new().with_key("g").into());
        assert_eq!(request.key(), ApiKey::FindCoordinator);
        let mut sink = Sink::new();
        request.encode(&mut sink, 0).unwrap();
        assert_eq!(sink.finish().into_bytes(), "\0\x01g");
    }
}
