use std::fmt;

use kafka_protocol::ApiKey;

/// A release of Kafka from before brokers could be relied on to tell their versions, for
/// [`crate::ApiVersionsTable::of_release`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Release {
    /// 0.8.2: offsets are kept, groups are not.
    V0_8_2,
    /// 0.9: groups.
    V0_9,
    /// 0.10.0: records with timestamps. The first whose brokers tell their versions.
    V0_10_0,
    /// 0.10.1: topics made and deleted by request, offsets by time.
    V0_10_1,
    /// 0.10.2.
    V0_10_2,
}

impl Release {
    /// All of them, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V0_8_2,
        Self::V0_9,
        Self::V0_10_0,
        Self::V0_10_1,
        Self::V0_10_2,
    ];

    /// The APIs that its brokers serve to clients, and up to which version; each from
    /// version 0 on.
    pub(super) fn served(self) -> impl Iterator<Item = (ApiKey, i16)> {
        let clients = ApiKey::ALL
            .iter()
            .filter(|api| !BETWEEN_BROKERS.contains(api));
        clients.filter_map(move |api| {
            let serves = |version: &i16| {
                let first = api.first_release(*version);
                first.is_some_and(|first| numbers(first).le(numbers(self.name())))
            };
            let newest = (0..=i16::MAX).take_while(serves).last()?;
            Some((*api, newest))
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::V0_8_2 => "0.8.2",
            Self::V0_9 => "0.9",
            Self::V0_10_0 => "0.10.0",
            Self::V0_10_1 => "0.10.1",
            Self::V0_10_2 => "0.10.2",
        }
    }
}

/// What only brokers of these releases ask of each other.
const BETWEEN_BROKERS: [ApiKey; 4] = [
    ApiKey::LeaderAndIsr,
    ApiKey::StopReplica,
    ApiKey::UpdateMetadata,
    ApiKey::ControlledShutdown,
];

/// The parts of a release's name, which compare as the releases do.
fn numbers(release: &str) -> impl Iterator<Item = Option<u32>> {
    release.split('.').map(|part| part.parse().ok())
}

/// `0.8.2`, `0.9`, `0.10.0`, …
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kafka_test_broker::Era;

    use super::*;

    #[track_caller]
    fn check(release: Release, era: Era) {
        let served: BTreeMap<_, _> = release.served().collect();
        let real: BTreeMap<_, _> = era
            .api_versions()
            .into_iter()
            .filter(|(api, _)| !BETWEEN_BROKERS.contains(api))
            .map(|(api, range)| {
                assert_eq!(range.min, 0, "{api}");
                (api, range.max)
            })
            .collect();
        assert_eq!(served, real, "{release}");
    }

    #[test]
    fn it_is_what_real_brokers_serve() {
        check(Release::V0_8_2, Era::V0_8_2);
        check(Release::V0_9, Era::V0_9);
        check(Release::V0_10_0, Era::V0_10_0);
        check(Release::V0_10_2, Era::V0_10_2);
    }

    /// The embedded broker is not of this release.
    #[test]
    fn topics_are_made_by_request_since_0_10_1() {
        let served: BTreeMap<_, _> = Release::V0_10_1.served().collect();
        assert_eq!(served.get(&ApiKey::CreateTopics), Some(&0));
        assert_eq!(served.get(&ApiKey::Fetch), Some(&3));
        assert_eq!(served.get(&ApiKey::OffsetFetch), Some(&1));
        assert_eq!(served.get(&ApiKey::DeleteRecords), None);
    }

    #[test]
    fn each_serves_what_the_one_before_did() {
        for pair in Release::ALL.windows(2) {
            let newer: BTreeMap<_, _> = pair[1].served().collect();
            for (api, newest) in pair[0].served() {
                assert!(newer.get(&api).is_some_and(|newer| *newer >= newest));
            }
        }
    }
}
