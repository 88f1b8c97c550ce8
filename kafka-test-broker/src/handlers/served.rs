use kafka_protocol::{ApiKey, VersionRange};

use crate::config::Config;

/// The APIs served, each up to the version that Kafka 4.3.1 advertises, and
/// down to the first there ever was.
const SERVED: [(ApiKey, i16); 11] = [
    (ApiKey::Produce, 13),
    (ApiKey::Fetch, 18),
    (ApiKey::ListOffsets, 11),
    (ApiKey::Metadata, 13),
    (ApiKey::OffsetCommit, 10),
    (ApiKey::OffsetFetch, 10),
    (ApiKey::FindCoordinator, 6),
    (ApiKey::ApiVersions, 4),
    (ApiKey::CreateTopics, 7),
    (ApiKey::DeleteTopics, 6),
    (ApiKey::InitProducerId, 5),
];

/// Every API served with its versions, by number.
pub(super) fn all(config: &Config) -> impl Iterator<Item = (ApiKey, VersionRange)> {
    SERVED
        .iter()
        .filter_map(|(key, _)| Some((*key, versions(config, *key)?)))
}

/// The versions served of an API; `None` when it is not served.
pub(super) fn versions(config: &Config, key: ApiKey) -> Option<VersionRange> {
    let (_, newest) = SERVED.iter().find(|(served, _)| *served == key)?;
    let usual = VersionRange::new(0, *newest);
    match config.api_overrides.get(&key) {
        Some(None) => None,
        Some(Some(versions)) => versions.intersect(usual),
        None => Some(usual),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_narrow_and_hide() {
        let mut config = Config::new(0);
        assert_eq!(all(&config).count(), SERVED.len());
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
        assert_eq!(versions(&config, ApiKey::JoinGroup), None);
        assert_eq!(
            versions(&config, ApiKey::Produce),
            Some(VersionRange::new(3, 13))
        );
        assert_eq!(all(&config).count(), SERVED.len() - 2);
    }
}
