use kafka_protocol::{ApiKey, VersionRange};

use crate::config::Config;

/// The APIs there are handlers for, each up to the version that Kafka 4.3.1
/// advertises, and down to the first there ever was; what is served of them is
/// the era's to say.
const SERVED: &[(ApiKey, i16)] = &[
    (ApiKey::Produce, 13),
    (ApiKey::Fetch, 18),
    (ApiKey::ListOffsets, 11),
    (ApiKey::Metadata, 13),
    (ApiKey::OffsetCommit, 10),
    (ApiKey::OffsetFetch, 10),
    (ApiKey::FindCoordinator, 6),
    (ApiKey::JoinGroup, 9),
    (ApiKey::Heartbeat, 4),
    (ApiKey::LeaveGroup, 5),
    (ApiKey::SyncGroup, 5),
    (ApiKey::DescribeGroups, 6),
    (ApiKey::ListGroups, 5),
    (ApiKey::SaslHandshake, 1),
    (ApiKey::ApiVersions, 4),
    (ApiKey::CreateTopics, 7),
    (ApiKey::DeleteTopics, 6),
    (ApiKey::DeleteRecords, 2),
    (ApiKey::InitProducerId, 5),
    (ApiKey::OffsetForLeaderEpoch, 4),
    (ApiKey::AddPartitionsToTxn, 5),
    (ApiKey::AddOffsetsToTxn, 4),
    (ApiKey::EndTxn, 5),
    (ApiKey::WriteTxnMarkers, 2),
    (ApiKey::TxnOffsetCommit, 5),
    (ApiKey::DescribeAcls, 3),
    (ApiKey::CreateAcls, 3),
    (ApiKey::DeleteAcls, 3),
    (ApiKey::DescribeConfigs, 4),
    (ApiKey::AlterConfigs, 2),
    (ApiKey::AlterReplicaLogDirs, 2),
    (ApiKey::DescribeLogDirs, 5),
    (ApiKey::SaslAuthenticate, 2),
    (ApiKey::CreatePartitions, 3),
    (ApiKey::CreateDelegationToken, 3),
    (ApiKey::RenewDelegationToken, 2),
    (ApiKey::ExpireDelegationToken, 2),
    (ApiKey::DescribeDelegationToken, 3),
    (ApiKey::DeleteGroups, 2),
    (ApiKey::ElectLeaders, 2),
    (ApiKey::IncrementalAlterConfigs, 1),
    (ApiKey::AlterPartitionReassignments, 1),
    (ApiKey::ListPartitionReassignments, 0),
    (ApiKey::OffsetDelete, 0),
    (ApiKey::DescribeClientQuotas, 1),
    (ApiKey::AlterClientQuotas, 1),
    (ApiKey::DescribeUserScramCredentials, 0),
    (ApiKey::AlterUserScramCredentials, 0),
    (ApiKey::DescribeQuorum, 2),
    (ApiKey::UpdateFeatures, 2),
    (ApiKey::DescribeCluster, 2),
    (ApiKey::DescribeProducers, 0),
    (ApiKey::DescribeTransactions, 0),
    (ApiKey::ListTransactions, 2),
    (ApiKey::ConsumerGroupHeartbeat, 1),
    (ApiKey::ConsumerGroupDescribe, 1),
    (ApiKey::ListConfigResources, 1),
    (ApiKey::DescribeTopicPartitions, 0),
    (ApiKey::AddRaftVoter, 1),
    (ApiKey::RemoveRaftVoter, 0),
];

/// Every API that brokers say they serve, with its versions, by number.
pub(super) fn advertised(config: &Config) -> impl Iterator<Item = (ApiKey, VersionRange)> {
    SERVED.iter().filter_map(|(key, newest)| {
        let era = config.era.advertised(*key)?;
        Some((*key, narrowed(config, *key, era, *newest)?))
    })
}

/// The versions served of an API; `None` when it is not served.
pub(crate) fn versions(config: &Config, key: ApiKey) -> Option<VersionRange> {
    let (_, newest) = SERVED.iter().find(|(served, _)| *served == key)?;
    narrowed(config, key, config.era.served(key)?, *newest)
}

/// What is left of the era's versions when only those up to `newest` are there,
/// and a test wants others.
fn narrowed(config: &Config, key: ApiKey, era: VersionRange, newest: i16) -> Option<VersionRange> {
    let usual = era.intersect(VersionRange::new(0, newest))?;
    match config.api_overrides.get(&key) {
        Some(None) => None,
        Some(Some(versions)) => versions.intersect(usual),
        None => Some(usual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::era::Era;

    #[test]
    fn overrides_narrow_and_hide() {
        let mut config = Config::new(0);
        config.era = Era::EveryVersion;
        assert_eq!(advertised(&config).count(), SERVED.len());
        assert!(SERVED.is_sorted_by_key(|(key, _)| key.code()));
        config.api_overrides.insert(ApiKey::Fetch, None);
        config
            .api_overrides
            .insert(ApiKey::Produce, Some(VersionRange::new(3, 99)));
        config
            .api_overrides
            .insert(ApiKey::Metadata, Some(VersionRange::new(50, 99)));
        assert_eq!(versions(&config, ApiKey::Fetch), None);
        assert_eq!(versions(&config, ApiKey::Metadata), None);
        assert_eq!(versions(&config, ApiKey::LeaderAndIsr), None);
        assert_eq!(
            versions(&config, ApiKey::Produce),
            Some(VersionRange::new(3, 13))
        );
        assert_eq!(advertised(&config).count(), SERVED.len() - 2);
    }

    #[test]
    fn each_era_serves_what_it_knew() {
        let mut config = Config::new(0);
        config.era = Era::V4_3;
        let of = |config: &Config, key| advertised(config).find(|(other, _)| *other == key);
        assert_eq!(
            versions(&config, ApiKey::Produce),
            Some(VersionRange::new(3, 13))
        );
        assert_eq!(
            of(&config, ApiKey::Produce),
            Some((ApiKey::Produce, VersionRange::new(0, 13)))
        );
        config.era = Era::V0_10_0;
        assert_eq!(
            versions(&config, ApiKey::Fetch),
            Some(VersionRange::new(0, 2))
        );
        assert_eq!(versions(&config, ApiKey::CreateTopics), None);
        assert_eq!(of(&config, ApiKey::InitProducerId), None);
        config
            .api_overrides
            .insert(ApiKey::Fetch, Some(VersionRange::new(1, 9)));
        assert_eq!(
            versions(&config, ApiKey::Fetch),
            Some(VersionRange::new(1, 2))
        );
    }
}
