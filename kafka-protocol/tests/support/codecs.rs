//! Every message there is, told apart by data instead of by type: what tests and
//! fuzz targets over all of them go through.

use std::any::Any;
use std::fmt::Debug;

use bytes::Bytes;
use kafka_protocol::schema::MessageSchema;
use kafka_protocol::wire::{Reader, Sink};
use kafka_protocol::{DecodeError, EncodeError, Message};

use super::headers::{RequestHead, ResponseHead};

/// One message type.
#[derive(Clone, Copy)]
pub(crate) struct Codec {
    pub(crate) schema: &'static MessageSchema,
    decode: Decode,
    default: fn() -> Box<dyn Value>,
}

type Decode = fn(&mut Reader, i16) -> Result<Box<dyn Value>, DecodeError>;

impl Codec {
    fn of<M: Message + 'static>() -> Self {
        Self {
            schema: M::SCHEMA,
            decode: |reader, version| {
                M::decode(reader, version).map(|message| Box::new(message) as _)
            },
            default: || Box::new(M::default()),
        }
    }

    /// Stable and unstable versions.
    pub(crate) fn versions(&self) -> impl Iterator<Item = i16> {
        let unstable = self
            .schema
            .unstable
            .into_iter()
            .flat_map(|range| range.iter());
        self.schema.versions.iter().chain(unstable)
    }

    /// Reads a message that ends where the bytes do.
    pub(crate) fn read(&self, bytes: Bytes, version: i16) -> Result<Box<dyn Value>, DecodeError> {
        let mut reader = Reader::new(bytes);
        let message = (self.decode)(&mut reader, version)?;
        reader.expect_end()?;
        Ok(message)
    }

    pub(crate) fn default(&self) -> Box<dyn Value> {
        (self.default)()
    }
}

/// A message of a type that the caller need not know.
pub(crate) trait Value: Debug {
    fn encode(&self, version: i16) -> Result<Bytes, EncodeError>;
    fn encoded_len(&self, version: i16) -> Result<usize, EncodeError>;
    fn equals(&self, other: &dyn Value) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<M: Message + 'static> Value for M {
    fn encode(&self, version: i16) -> Result<Bytes, EncodeError> {
        let mut sink = Sink::new();
        Message::encode(self, &mut sink, version)?;
        Ok(sink.finish().into_bytes())
    }

    fn encoded_len(&self, version: i16) -> Result<usize, EncodeError> {
        Message::encoded_len(self, version)
    }

    fn equals(&self, other: &dyn Value) -> bool {
        other.as_any().downcast_ref::<M>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

macro_rules! codecs {
    ($($message:ident)*) => {
        vec![$(Codec::of::<$message>()),*]
    };
}

/// Requests, responses, stand-alone data, the records of internal topics, headers.
/// `tests/properties.rs` compares the lists with the schemas.
pub(crate) fn all() -> Vec<Codec> {
    [
        requests_and_responses(),
        data(),
        internal_topics(),
        headers(),
    ]
    .concat()
}

pub(crate) fn headers() -> Vec<Codec> {
    codecs![RequestHead ResponseHead]
}

pub(crate) fn data() -> Vec<Codec> {
    use kafka_protocol::messages::consumer_protocol::*;
    use kafka_protocol::messages::control_records::*;
    codecs! {
        ConsumerProtocolSubscription ConsumerProtocolAssignment
        ControlRecordTypeSchema EndTxnMarker
        LeaderChangeMessage SnapshotHeaderRecord
        SnapshotFooterRecord KRaftVersionRecord
        VotersRecord
    }
}

pub(crate) fn internal_topics() -> Vec<Codec> {
    use kafka_protocol::internal_topics::consumer_offsets::{
        classic::*, consumer::*, share::*, streams::*,
    };
    use kafka_protocol::internal_topics::share_group_state::*;
    use kafka_protocol::internal_topics::transaction_state::*;
    codecs! {
        LegacyOffsetCommitKey LegacyOffsetCommitValue
        OffsetCommitKey OffsetCommitValue
        GroupMetadataKey GroupMetadataValue
        ConsumerGroupMetadataKey ConsumerGroupMetadataValue
        ConsumerGroupPartitionMetadataKey ConsumerGroupPartitionMetadataValue
        ConsumerGroupMemberMetadataKey ConsumerGroupMemberMetadataValue
        ConsumerGroupTargetAssignmentMetadataKey ConsumerGroupTargetAssignmentMetadataValue
        ConsumerGroupTargetAssignmentMemberKey ConsumerGroupTargetAssignmentMemberValue
        ConsumerGroupCurrentMemberAssignmentKey ConsumerGroupCurrentMemberAssignmentValue
        ConsumerGroupRegularExpressionKey ConsumerGroupRegularExpressionValue
        ShareGroupMemberMetadataKey ShareGroupMemberMetadataValue
        ShareGroupMetadataKey ShareGroupMetadataValue
        ShareGroupTargetAssignmentMetadataKey ShareGroupTargetAssignmentMetadataValue
        ShareGroupTargetAssignmentMemberKey ShareGroupTargetAssignmentMemberValue
        ShareGroupCurrentMemberAssignmentKey ShareGroupCurrentMemberAssignmentValue
        ShareGroupStatePartitionMetadataKey ShareGroupStatePartitionMetadataValue
        StreamsGroupMetadataKey StreamsGroupMetadataValue
        StreamsGroupMemberMetadataKey StreamsGroupMemberMetadataValue
        StreamsGroupTargetAssignmentMetadataKey StreamsGroupTargetAssignmentMetadataValue
        StreamsGroupTargetAssignmentMemberKey StreamsGroupTargetAssignmentMemberValue
        StreamsGroupCurrentMemberAssignmentKey StreamsGroupCurrentMemberAssignmentValue
        StreamsGroupTopologyKey StreamsGroupTopologyValue
        TransactionLogKey TransactionLogValue
        ShareSnapshotKey ShareSnapshotValue
        ShareUpdateKey ShareUpdateValue
    }
}

/// The request and the response of each API in turn.
pub(crate) fn requests_and_responses() -> Vec<Codec> {
    use kafka_protocol::messages::*;
    codecs! {
        ProduceRequest ProduceResponse
        FetchRequest FetchResponse
        ListOffsetsRequest ListOffsetsResponse
        MetadataRequest MetadataResponse
        LeaderAndIsrRequest LeaderAndIsrResponse
        StopReplicaRequest StopReplicaResponse
        UpdateMetadataRequest UpdateMetadataResponse
        ControlledShutdownRequest ControlledShutdownResponse
        OffsetCommitRequest OffsetCommitResponse
        OffsetFetchRequest OffsetFetchResponse
        FindCoordinatorRequest FindCoordinatorResponse
        JoinGroupRequest JoinGroupResponse
        HeartbeatRequest HeartbeatResponse
        LeaveGroupRequest LeaveGroupResponse
        SyncGroupRequest SyncGroupResponse
        DescribeGroupsRequest DescribeGroupsResponse
        ListGroupsRequest ListGroupsResponse
        SaslHandshakeRequest SaslHandshakeResponse
        ApiVersionsRequest ApiVersionsResponse
        CreateTopicsRequest CreateTopicsResponse
        DeleteTopicsRequest DeleteTopicsResponse
        DeleteRecordsRequest DeleteRecordsResponse
        InitProducerIdRequest InitProducerIdResponse
        OffsetForLeaderEpochRequest OffsetForLeaderEpochResponse
        AddPartitionsToTxnRequest AddPartitionsToTxnResponse
        AddOffsetsToTxnRequest AddOffsetsToTxnResponse
        EndTxnRequest EndTxnResponse
        WriteTxnMarkersRequest WriteTxnMarkersResponse
        TxnOffsetCommitRequest TxnOffsetCommitResponse
        DescribeAclsRequest DescribeAclsResponse
        CreateAclsRequest CreateAclsResponse
        DeleteAclsRequest DeleteAclsResponse
        DescribeConfigsRequest DescribeConfigsResponse
        AlterConfigsRequest AlterConfigsResponse
        AlterReplicaLogDirsRequest AlterReplicaLogDirsResponse
        DescribeLogDirsRequest DescribeLogDirsResponse
        SaslAuthenticateRequest SaslAuthenticateResponse
        CreatePartitionsRequest CreatePartitionsResponse
        CreateDelegationTokenRequest CreateDelegationTokenResponse
        RenewDelegationTokenRequest RenewDelegationTokenResponse
        ExpireDelegationTokenRequest ExpireDelegationTokenResponse
        DescribeDelegationTokenRequest DescribeDelegationTokenResponse
        DeleteGroupsRequest DeleteGroupsResponse
        ElectLeadersRequest ElectLeadersResponse
        IncrementalAlterConfigsRequest IncrementalAlterConfigsResponse
        AlterPartitionReassignmentsRequest AlterPartitionReassignmentsResponse
        ListPartitionReassignmentsRequest ListPartitionReassignmentsResponse
        OffsetDeleteRequest OffsetDeleteResponse
        DescribeClientQuotasRequest DescribeClientQuotasResponse
        AlterClientQuotasRequest AlterClientQuotasResponse
        DescribeUserScramCredentialsRequest DescribeUserScramCredentialsResponse
        AlterUserScramCredentialsRequest AlterUserScramCredentialsResponse
        VoteRequest VoteResponse
        BeginQuorumEpochRequest BeginQuorumEpochResponse
        EndQuorumEpochRequest EndQuorumEpochResponse
        DescribeQuorumRequest DescribeQuorumResponse
        AlterPartitionRequest AlterPartitionResponse
        UpdateFeaturesRequest UpdateFeaturesResponse
        EnvelopeRequest EnvelopeResponse
        FetchSnapshotRequest FetchSnapshotResponse
        DescribeClusterRequest DescribeClusterResponse
        DescribeProducersRequest DescribeProducersResponse
        BrokerRegistrationRequest BrokerRegistrationResponse
        BrokerHeartbeatRequest BrokerHeartbeatResponse
        UnregisterBrokerRequest UnregisterBrokerResponse
        DescribeTransactionsRequest DescribeTransactionsResponse
        ListTransactionsRequest ListTransactionsResponse
        AllocateProducerIdsRequest AllocateProducerIdsResponse
        ConsumerGroupHeartbeatRequest ConsumerGroupHeartbeatResponse
        ConsumerGroupDescribeRequest ConsumerGroupDescribeResponse
        ControllerRegistrationRequest ControllerRegistrationResponse
        GetTelemetrySubscriptionsRequest GetTelemetrySubscriptionsResponse
        PushTelemetryRequest PushTelemetryResponse
        AssignReplicasToDirsRequest AssignReplicasToDirsResponse
        ListConfigResourcesRequest ListConfigResourcesResponse
        DescribeTopicPartitionsRequest DescribeTopicPartitionsResponse
        ShareGroupHeartbeatRequest ShareGroupHeartbeatResponse
        ShareGroupDescribeRequest ShareGroupDescribeResponse
        ShareFetchRequest ShareFetchResponse
        ShareAcknowledgeRequest ShareAcknowledgeResponse
        AddRaftVoterRequest AddRaftVoterResponse
        RemoveRaftVoterRequest RemoveRaftVoterResponse
        UpdateRaftVoterRequest UpdateRaftVoterResponse
        InitializeShareGroupStateRequest InitializeShareGroupStateResponse
        ReadShareGroupStateRequest ReadShareGroupStateResponse
        WriteShareGroupStateRequest WriteShareGroupStateResponse
        DeleteShareGroupStateRequest DeleteShareGroupStateResponse
        ReadShareGroupStateSummaryRequest ReadShareGroupStateSummaryResponse
        StreamsGroupHeartbeatRequest StreamsGroupHeartbeatResponse
        StreamsGroupDescribeRequest StreamsGroupDescribeResponse
        DescribeShareGroupOffsetsRequest DescribeShareGroupOffsetsResponse
        AlterShareGroupOffsetsRequest AlterShareGroupOffsetsResponse
        DeleteShareGroupOffsetsRequest DeleteShareGroupOffsetsResponse
        StreamsGroupTopologyDescriptionUpdateRequest StreamsGroupTopologyDescriptionUpdateResponse
        UnregisterControllerRequest UnregisterControllerResponse
    }
}
