//! Where answers say for how long their client has to pause.

use std::any::Any;
use std::time::Duration;

use kafka_protocol::messages::{
    AddOffsetsToTxnResponse, AddPartitionsToTxnResponse, AddRaftVoterResponse,
    AlterClientQuotasResponse, AlterConfigsResponse, AlterPartitionReassignmentsResponse,
    AlterReplicaLogDirsResponse, AlterUserScramCredentialsResponse, ApiVersionsResponse,
    ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatResponse, CreateAclsResponse,
    CreateDelegationTokenResponse, CreatePartitionsResponse, CreateTopicsResponse,
    DeleteAclsResponse, DeleteGroupsResponse, DeleteRecordsResponse, DeleteTopicsResponse,
    DescribeAclsResponse, DescribeClientQuotasResponse, DescribeClusterResponse,
    DescribeConfigsResponse, DescribeDelegationTokenResponse, DescribeGroupsResponse,
    DescribeLogDirsResponse, DescribeProducersResponse, DescribeTopicPartitionsResponse,
    DescribeTransactionsResponse, DescribeUserScramCredentialsResponse, ElectLeadersResponse,
    EndTxnResponse, ExpireDelegationTokenResponse, FetchResponse, FindCoordinatorResponse,
    HeartbeatResponse, IncrementalAlterConfigsResponse, InitProducerIdResponse, JoinGroupResponse,
    LeaveGroupResponse, ListConfigResourcesResponse, ListGroupsResponse, ListOffsetsResponse,
    ListPartitionReassignmentsResponse, ListTransactionsResponse, MetadataResponse,
    OffsetCommitResponse, OffsetDeleteResponse, OffsetFetchResponse, OffsetForLeaderEpochResponse,
    ProduceResponse, RemoveRaftVoterResponse, RenewDelegationTokenResponse, SyncGroupResponse,
    TxnOffsetCommitResponse, UpdateFeaturesResponse,
};

/// Says in an answer that its client has to pause for `time`. A few answers have
/// no place for it.
pub(super) fn tell_throttle(response: &mut dyn Any, time: Duration) {
    let throttle_ms = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    throttle_time(response, |told_ms| *told_ms = throttle_ms);
}

macro_rules! responses {
    ($($response:ty),* $(,)?) => {
        /// Calls `with` with the pause that an answer tells, if it has a place for
        /// one.
        fn throttle_time(response: &mut dyn Any, with: impl FnOnce(&mut i32)) {
            $(if let Some(response) = response.downcast_mut::<$response>() {
                return with(&mut response.throttle_time_ms);
            })*
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$(<$response as kafka_protocol::Message>::SCHEMA.name),*];
    };
}

responses!(
    AddRaftVoterResponse,
    AlterReplicaLogDirsResponse,
    CreateDelegationTokenResponse,
    DescribeDelegationTokenResponse,
    ExpireDelegationTokenResponse,
    RemoveRaftVoterResponse,
    RenewDelegationTokenResponse,
    AddOffsetsToTxnResponse,
    AddPartitionsToTxnResponse,
    AlterClientQuotasResponse,
    AlterConfigsResponse,
    AlterPartitionReassignmentsResponse,
    AlterUserScramCredentialsResponse,
    ApiVersionsResponse,
    ConsumerGroupDescribeResponse,
    ConsumerGroupHeartbeatResponse,
    CreateAclsResponse,
    CreatePartitionsResponse,
    CreateTopicsResponse,
    DeleteAclsResponse,
    DeleteGroupsResponse,
    DeleteRecordsResponse,
    DeleteTopicsResponse,
    DescribeAclsResponse,
    DescribeClientQuotasResponse,
    DescribeClusterResponse,
    DescribeConfigsResponse,
    DescribeGroupsResponse,
    DescribeLogDirsResponse,
    DescribeProducersResponse,
    DescribeTopicPartitionsResponse,
    DescribeTransactionsResponse,
    DescribeUserScramCredentialsResponse,
    ElectLeadersResponse,
    EndTxnResponse,
    FetchResponse,
    FindCoordinatorResponse,
    HeartbeatResponse,
    IncrementalAlterConfigsResponse,
    InitProducerIdResponse,
    JoinGroupResponse,
    LeaveGroupResponse,
    ListConfigResourcesResponse,
    ListGroupsResponse,
    ListOffsetsResponse,
    ListPartitionReassignmentsResponse,
    ListTransactionsResponse,
    MetadataResponse,
    OffsetCommitResponse,
    OffsetDeleteResponse,
    OffsetFetchResponse,
    OffsetForLeaderEpochResponse,
    ProduceResponse,
    SyncGroupResponse,
    TxnOffsetCommitResponse,
    UpdateFeaturesResponse
);

#[cfg(test)]
mod tests {
    use kafka_protocol::ApiKey;
    use kafka_protocol::messages::{HeartbeatResponse, schemas};

    use super::*;
    use crate::config::Config;
    use crate::era::Era;
    use crate::handlers::served;

    #[test]
    fn every_answer_that_can_tells_the_pause() {
        let config = Config {
            era: Era::EveryVersion,
            ..Config::new(0)
        };
        let mut told = 0;
        let keys = ApiKey::ALL.iter();
        for key in keys.filter(|key| served::versions(&config, **key).is_some()) {
            let (_, response) = schemas(*key);
            let mut fields = response.fields.iter();
            let has = fields.any(|field| field.name == "throttle_time_ms");
            assert_eq!(has, NAMES.contains(&response.name), "{}", response.name);
            told += usize::from(has);
        }
        assert!(told > 40);
        let mut answer = HeartbeatResponse::new();
        tell_throttle(&mut answer, Duration::from_secs(2));
        assert_eq!(answer.throttle_time_ms, 2_000);
    }
}
