use crate::ApiKey;

impl ApiKey {
    /// The first release of Kafka whose brokers serve this version of the API, for
    /// example `2.1`; `None` for a version that no release up to 4.4 serves.
    ///
    /// For messages to people: what a broker serves, only the broker knows
    /// (ApiVersions), and a release can serve less than the one before it.
    ///
    /// ```
    /// use kafka_protocol::ApiKey;
    ///
    /// assert_eq!(ApiKey::InitProducerId.first_release(0), Some("0.11"));
    /// assert_eq!(ApiKey::Produce.first_release(7), Some("2.1"));
    /// assert_eq!(ApiKey::Produce.first_release(99), None);
    /// ```
    pub fn first_release(self, version: i16) -> Option<&'static str> {
        if version < 0 {
            return None;
        }
        let steps = steps(self).split_whitespace();
        let mut steps = steps.filter_map(|step| step.split_once(':'));
        let (release, _) =
            steps.find(|(_, newest)| newest.parse().is_ok_and(|newest: i16| newest >= version))?;
        Some(release)
    }
}

/// The releases that brought versions, oldest first, each with the newest that it
/// brought.
fn steps(key: ApiKey) -> &'static str {
    match key {
        ApiKey::Produce => {
            "0.8:0 0.9:1 0.10:2 0.11:3 1.0:5 2.0:6 2.1:7 2.4:8 2.8:9 3.7:10 3.8:11 4.0:12 4.1:13"
        }
        ApiKey::Fetch => {
            "0.8:0 0.9:1 0.10:2 0.10.1:3 0.11:5 1.0:6 1.1:7 2.0:8 2.1:10 2.3:11 2.7:12 3.1:13 3.5:15 3.7:16 3.9:17 4.1:18"
        }
        ApiKey::ListOffsets => {
            "0.8:0 0.10.1:1 0.11:2 2.0:3 2.1:4 2.2:5 2.8:6 3.0:7 3.5:8 3.9:9 4.0:10 4.2:11"
        }
        ApiKey::Metadata => {
            "0.8:0 0.10:1 0.10.1:2 0.11:4 1.0:5 2.0:6 2.1:7 2.3:8 2.4:9 2.8:11 3.1:12 4.0:13"
        }
        ApiKey::LeaderAndIsr => "0.8:0 1.0:1 2.2:2 2.4:4 2.8:5 3.2:6 3.4:7",
        ApiKey::StopReplica => "0.8:0 2.2:1 2.4:2 2.6:3 3.4:4",
        ApiKey::UpdateMetadata => "0.8:0 0.9:1 0.10:2 0.10.2:3 1.0:4 2.2:5 2.4:6 2.8:7 3.4:8",
        ApiKey::ControlledShutdown => "0.8:0 0.9:1 2.2:2 2.4:3",
        ApiKey::OffsetCommit => "0.8.1:0 0.8.2:1 0.9:2 0.11:3 2.0:4 2.1:6 2.3:7 2.4:8 3.7:9 4.2:10",
        ApiKey::OffsetFetch => {
            "0.8.1:0 0.8.2:1 0.10.2:2 0.11:3 2.0:4 2.1:5 2.4:6 2.5:7 3.0:8 3.7:9 4.2:10"
        }
        ApiKey::FindCoordinator => "0.8.2:0 0.11:1 2.0:2 2.4:3 3.0:4 3.8:5 3.9:6",
        ApiKey::JoinGroup => "0.9:0 0.10.1:1 0.11:2 2.0:3 2.2:4 2.3:5 2.4:6 2.5:7 3.2:9",
        ApiKey::Heartbeat => "0.9:0 0.11:1 2.0:2 2.3:3 2.4:4",
        ApiKey::LeaveGroup => "0.9:0 0.11:1 2.0:2 2.4:4 3.2:5",
        ApiKey::SyncGroup => "0.9:0 0.11:1 2.0:2 2.3:3 2.4:4 2.5:5",
        ApiKey::DescribeGroups => "0.9:0 0.11:1 2.0:2 2.3:3 2.4:5 4.0:6",
        ApiKey::ListGroups => "0.9:0 0.11:1 2.0:2 2.4:3 2.6:4 3.8:5",
        ApiKey::SaslHandshake => "0.10:0 1.0:1",
        ApiKey::ApiVersions => "0.10:0 0.11:1 2.0:2 2.4:3 3.9:4 4.4:5",
        ApiKey::CreateTopics => "0.10.1:0 0.10.2:1 0.11:2 2.0:3 2.4:5 2.7:6 2.8:7",
        ApiKey::DeleteTopics => "0.10.1:0 0.11:1 2.0:2 2.1:3 2.4:4 2.7:5 2.8:6",
        ApiKey::DeleteRecords => "0.11:0 2.0:1 2.6:2",
        ApiKey::InitProducerId => "0.11:0 2.0:1 2.4:2 2.5:3 2.7:4 3.8:5",
        ApiKey::OffsetForLeaderEpoch => "0.11:0 2.0:1 2.1:2 2.3:3 2.8:4",
        ApiKey::AddPartitionsToTxn => "0.11:0 2.0:1 2.7:2 2.8:3 3.6:4 3.8:5",
        ApiKey::AddOffsetsToTxn => "0.11:0 2.0:1 2.7:2 2.8:3 3.8:4",
        ApiKey::EndTxn => "0.11:0 2.0:1 2.7:2 2.8:3 3.8:4 4.0:5",
        ApiKey::WriteTxnMarkers => "0.11:0 2.8:1 4.2:2",
        ApiKey::TxnOffsetCommit => "0.11:0 2.0:1 2.1:2 2.5:3 3.8:4 4.0:5 4.4:6",
        ApiKey::DescribeAcls => "0.11:0 2.0:1 2.5:2 3.3:3",
        ApiKey::CreateAcls => "0.11:0 2.0:1 2.5:2 3.3:3",
        ApiKey::DeleteAcls => "0.11:0 2.0:1 2.5:2 3.3:3",
        ApiKey::DescribeConfigs => "0.11:0 1.1:1 2.0:2 2.6:3 2.8:4",
        ApiKey::AlterConfigs => "0.11:0 2.0:1 2.8:2",
        ApiKey::AlterReplicaLogDirs => "1.0:0 2.0:1 2.8:2",
        ApiKey::DescribeLogDirs => "1.0:0 2.0:1 2.6:2 3.2:3 3.3:4 4.3:5",
        ApiKey::SaslAuthenticate => "1.0:0 2.2:1 2.5:2",
        ApiKey::CreatePartitions => "1.0:0 2.0:1 2.5:2 2.7:3",
        ApiKey::CreateDelegationToken => "1.1:0 2.0:1 2.4:2 3.3:3",
        ApiKey::RenewDelegationToken => "1.1:0 2.0:1 2.5:2",
        ApiKey::ExpireDelegationToken => "1.1:0 2.0:1 2.5:2",
        ApiKey::DescribeDelegationToken => "1.1:0 2.0:1 2.5:2 3.3:3",
        ApiKey::DeleteGroups => "1.1:0 2.0:1 2.4:2 4.4:3",
        ApiKey::ElectLeaders => "2.2:0 2.4:2",
        ApiKey::IncrementalAlterConfigs => "2.3:0 2.4:1",
        ApiKey::AlterPartitionReassignments => "2.4:0 4.1:1",
        ApiKey::ListPartitionReassignments => "2.4:0",
        ApiKey::OffsetDelete => "2.4:0",
        ApiKey::DescribeClientQuotas => "2.6:0 2.8:1",
        ApiKey::AlterClientQuotas => "2.6:0 2.8:1",
        ApiKey::DescribeUserScramCredentials => "2.7:0",
        ApiKey::AlterUserScramCredentials => "2.7:0",
        ApiKey::Vote => "2.8:0 3.9:1 4.0:2",
        ApiKey::BeginQuorumEpoch => "2.8:0 3.9:1",
        ApiKey::EndQuorumEpoch => "2.8:0 3.9:1",
        ApiKey::DescribeQuorum => "2.8:0 3.3:1 3.9:2",
        ApiKey::AlterPartition => "2.7:0 3.2:1 3.3:2 3.5:3",
        ApiKey::UpdateFeatures => "2.7:0 3.3:1 4.0:2",
        ApiKey::Envelope => "2.8:0",
        ApiKey::FetchSnapshot => "2.8:0 3.9:1",
        ApiKey::DescribeCluster => "2.8:0 3.7:1 4.0:2",
        ApiKey::DescribeProducers => "2.8:0",
        ApiKey::BrokerRegistration => "2.8:0 3.4:1 3.7:3 3.9:4",
        ApiKey::BrokerHeartbeat => "2.8:0 3.7:1 4.3:2",
        ApiKey::UnregisterBroker => "2.8:0",
        ApiKey::DescribeTransactions => "3.0:0",
        ApiKey::ListTransactions => "3.0:0 3.8:1 4.1:2",
        ApiKey::AllocateProducerIds => "3.0:0",
        ApiKey::ConsumerGroupHeartbeat => "3.7:0 4.0:1",
        ApiKey::ConsumerGroupDescribe => "3.8:0 4.0:1",
        ApiKey::ControllerRegistration => "3.7:0",
        ApiKey::GetTelemetrySubscriptions => "3.7:0",
        ApiKey::PushTelemetry => "3.7:0",
        ApiKey::AssignReplicasToDirs => "3.7:0",
        ApiKey::ListConfigResources => "3.7:0 4.1:1",
        ApiKey::DescribeTopicPartitions => "3.8:0",
        ApiKey::ShareGroupHeartbeat => "4.1:1",
        ApiKey::ShareGroupDescribe => "4.1:1",
        ApiKey::ShareFetch => "4.1:1 4.2:2",
        ApiKey::ShareAcknowledge => "4.1:1 4.2:2",
        ApiKey::AddRaftVoter => "3.9:0 4.2:1",
        ApiKey::RemoveRaftVoter => "3.9:0",
        ApiKey::UpdateRaftVoter => "3.9:0",
        ApiKey::InitializeShareGroupState => "4.1:0",
        ApiKey::ReadShareGroupState => "4.1:0",
        ApiKey::WriteShareGroupState => "4.1:0 4.2:1",
        ApiKey::DeleteShareGroupState => "4.1:0",
        ApiKey::ReadShareGroupStateSummary => "4.1:0 4.2:1",
        ApiKey::StreamsGroupHeartbeat => "4.2:0 4.4:1",
        ApiKey::StreamsGroupDescribe => "4.2:0 4.4:1",
        ApiKey::DescribeShareGroupOffsets => "4.1:0 4.2:1",
        ApiKey::AlterShareGroupOffsets => "4.1:0",
        ApiKey::DeleteShareGroupOffsets => "4.1:0",
        ApiKey::StreamsGroupTopologyDescriptionUpdate => "4.4:0",
        ApiKey::UnregisterController => "4.4:0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;
    use crate::messages::{self, FetchRequest};

    /// A release as something that can be compared.
    fn order(release: &str) -> Vec<u32> {
        release
            .split('.')
            .map(|part| part.parse().unwrap())
            .collect()
    }

    #[test]
    fn releases_and_versions_only_go_up() {
        for key in ApiKey::ALL {
            let steps: Vec<(Vec<u32>, i16)> = steps(*key)
                .split_whitespace()
                .map(|step| step.split_once(':').unwrap())
                .map(|(release, newest)| (order(release), newest.parse().unwrap()))
                .collect();
            assert!(!steps.is_empty(), "{key}");
            let ascends = steps
                .windows(2)
                .all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1);
            assert!(ascends, "{key}: {steps:?}");
        }
    }

    #[test]
    fn a_version_between_two_steps_came_with_the_later() {
        assert_eq!(FetchRequest::KEY.first_release(4), Some("0.11"));
        assert_eq!(FetchRequest::KEY.first_release(9), Some("2.1"));
        assert_eq!(FetchRequest::KEY.first_release(-1), None);
    }

    #[test]
    fn every_version_of_every_message_has_its_release() {
        for key in ApiKey::ALL {
            let schema = messages::schemas(*key).0;
            let newest = match schema.unstable {
                Some(unstable) => unstable.min - 1,
                None => schema.versions.max,
            };
            assert!(key.first_release(newest).is_some(), "{key} v{newest}");
        }
    }
}
