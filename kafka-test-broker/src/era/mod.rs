//! What brokers of each release speak and keep.

mod features;
mod versions;

use std::fmt;
use std::str::FromStr;

use kafka_protocol::{ApiKey, VersionRange};

pub(crate) use features::{Feature, finalized, supported};

use crate::producer_state::ProducerRules;

/// Which of Kafka's releases the brokers pass for.
///
/// What each serves was read from a real broker of that release; of it, a
/// [`TestCluster`](crate::TestCluster) offers the APIs that it serves at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Era {
    /// 0.8.2.2: offsets in ZooKeeper or Kafka, no group membership, records of
    /// magic 0. Closes a connection that asks for what it does not know.
    V0_8_2,
    /// 0.9.0.1: group membership. Passes over what it does not know.
    V0_9,
    /// 0.10.0.1: ApiVersions, and records of magic 1, which have timestamps.
    V0_10_0,
    /// 0.10.2.2: topics made and deleted by request; the cluster's id.
    V0_10_2,
    /// 0.11.0.3: idempotence, transactions, and record batches of magic 2.
    V0_11,
    /// 1.1.1.
    V1_1,
    /// 2.0.1.
    V2_0,
    /// 2.4.1: flexible versions; says in which versions ApiVersions is served
    /// when it is asked for another.
    V2_4,
    /// 2.8.2: the last here that keeps its metadata in ZooKeeper; topic ids.
    V2_8,
    /// 3.9.1: the last that serves the oldest versions and converts records for
    /// them.
    V3_9,
    /// 4.0.0: no version older than those of Kafka 2.1, but for JoinGroup, which
    /// starts even later (KAFKA-19444).
    V4_0,
    /// 4.3.1.
    #[default]
    V4_3,
    /// No release: 4.3.1 that has forgotten no old version, which tests of old
    /// messages use. Records are never converted.
    EveryVersion,
}

impl Era {
    /// Every release, oldest first.
    pub const RELEASES: [Self; 12] = [
        Self::V0_8_2,
        Self::V0_9,
        Self::V0_10_0,
        Self::V0_10_2,
        Self::V0_11,
        Self::V1_1,
        Self::V2_0,
        Self::V2_4,
        Self::V2_8,
        Self::V3_9,
        Self::V4_0,
        Self::V4_3,
    ];

    /// The number of the release that this was read from; `None` for
    /// [`Era::EveryVersion`].
    pub fn release(self) -> Option<&'static str> {
        Some(match self {
            Self::V0_8_2 => "0.8.2.2",
            Self::V0_9 => "0.9.0.1",
            Self::V0_10_0 => "0.10.0.1",
            Self::V0_10_2 => "0.10.2.2",
            Self::V0_11 => "0.11.0.3",
            Self::V1_1 => "1.1.1",
            Self::V2_0 => "2.0.1",
            Self::V2_4 => "2.4.1",
            Self::V2_8 => "2.8.2",
            Self::V3_9 => "3.9.1",
            Self::V4_0 => "4.0.0",
            Self::V4_3 => "4.3.1",
            Self::EveryVersion => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::V0_8_2 => "0.8.2",
            Self::V0_9 => "0.9",
            Self::V0_10_0 => "0.10.0",
            Self::V0_10_2 => "0.10.2",
            Self::V0_11 => "0.11",
            Self::V1_1 => "1.1",
            Self::V2_0 => "2.0",
            Self::V2_4 => "2.4",
            Self::V2_8 => "2.8",
            Self::V3_9 => "3.9",
            Self::V4_0 => "4.0",
            Self::V4_3 => "4.3",
            Self::EveryVersion => "every",
        }
    }

    /// What a real broker of this era says that it serves, whether a
    /// [`TestCluster`](crate::TestCluster) does or not, by number. Before 0.10
    /// brokers could not be asked: for these, what they serve.
    pub fn api_versions(self) -> Vec<(ApiKey, VersionRange)> {
        let keys = ApiKey::ALL.iter();
        keys.filter_map(|key| Some((*key, self.advertised(*key)?)))
            .collect()
    }

    /// The versions in which an API is advertised.
    pub(crate) fn advertised(self, key: ApiKey) -> Option<VersionRange> {
        versions::of(self, key)
    }

    /// The versions in which an API is served: what is advertised, but for
    /// Produce, of which 4.x advertises versions that it refuses (KAFKA-18659).
    pub(crate) fn served(self, key: ApiKey) -> Option<VersionRange> {
        let advertised = self.advertised(key)?;
        Some(match key {
            ApiKey::Produce if self.is_since(Self::V4_0) => {
                VersionRange::new(advertised.min.max(3), advertised.max)
            }
            _ => advertised,
        })
    }

    /// Whether records are converted for clients of another record format. 4.x
    /// answers them with an error.
    pub(crate) fn converts_records(self) -> bool {
        self <= Self::V3_9
    }

    /// Whether metadata is kept in ZooKeeper: only the controller makes and
    /// deletes topics, and the oldest versions of OffsetCommit and OffsetFetch
    /// have a store of their own.
    pub(crate) fn has_zookeeper(self) -> bool {
        self <= Self::V2_8
    }

    /// What becomes of a request for an API that is unknown, or in a version
    /// that is.
    pub(crate) fn unknown_request(self) -> UnknownRequest {
        match self {
            Self::V0_9 => UnknownRequest::PassedOver,
            _ => UnknownRequest::Closed,
        }
    }

    /// Whether the answer to a version of ApiVersions that is not served says
    /// which are (KIP-511). Older brokers name no API at all.
    pub(crate) fn names_served_versions(self) -> bool {
        self >= Self::V2_4
    }

    /// Whether leaders ask the coordinator about a transaction before the first
    /// write of it (KIP-890): from 3.6 on.
    pub(crate) fn verifies_transactions(self) -> bool {
        self >= Self::V3_9
    }

    /// Whether consumers get nothing more while fewer replicas are in sync than
    /// a topic demands (KIP-966): from 3.7 on.
    pub(crate) fn stops_under_least_in_sync(self) -> bool {
        self >= Self::V3_9
    }

    /// Whether members of consumer groups may commit, for what has been their own
    /// since, at epochs before their present one (KIP-1251), and their group
    /// keeps a target for a while: from 4.1 on.
    pub(crate) fn eases_rebalances(self) -> bool {
        self >= Self::V4_3
    }

    /// What leaders know of producers, and expect of them.
    pub(crate) fn producer_rules(self) -> ProducerRules {
        if self >= Self::V2_8 {
            ProducerRules::Any
        } else if self >= Self::V2_4 {
            ProducerRules::Known
        } else if self >= Self::V1_1 {
            ProducerRules::WhileInLog
        } else {
            ProducerRules::LastBatch
        }
    }

    /// Whether whoever may write to a topic may be an idempotent producer, and not
    /// only who may be one by an ACL of the cluster (KIP-679): from 2.8 on.
    pub(crate) fn lets_writers_be_idempotent(self) -> bool {
        self >= Self::V2_8
    }

    /// Whether new leaders say that they do not know yet how far consumers may
    /// read (KIP-207): from 2.2 on.
    pub(crate) fn admits_unsettled_offsets(self) -> bool {
        self >= Self::V2_4
    }

    /// Whether this era is `first` or a later one.
    pub(crate) fn is_since(self, first: Self) -> bool {
        self >= first && self != Self::EveryVersion
    }
}

/// See [`Era::unknown_request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownRequest {
    /// The connection is closed.
    Closed,
    /// There is never an answer; what comes next is served.
    PassedOver,
}

/// `2.8`, or a release's whole number; `every` for [`Era::EveryVersion`].
impl FromStr for Era {
    type Err = UnknownEra;

    fn from_str(text: &str) -> Result<Self, UnknownEra> {
        let mut eras = Self::RELEASES.into_iter().chain([Self::EveryVersion]);
        let named = |era: &Self| era.name() == text || era.release() == Some(text);
        eras.find(named).ok_or_else(|| UnknownEra(text.to_owned()))
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no [`Era`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no era of Kafka is called '{0}': there are 0.8.2, 0.9, 0.10.0, 0.10.2, 0.11, 1.1, 2.0, 2.4, 2.8, 3.9, 4.0, 4.3 and every"
)]
pub struct UnknownEra(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eras_are_named_by_release_or_less() {
        for era in Era::RELEASES.into_iter().chain([Era::EveryVersion]) {
            assert_eq!(era.to_string().parse(), Ok(era));
            if let Some(release) = era.release() {
                assert_eq!(release.parse(), Ok(era));
            }
        }
        assert_eq!("2.8".parse(), Ok(Era::V2_8));
        assert_eq!("0.8.2".parse(), Ok(Era::V0_8_2));
        for wrong in ["", "2", "2.7", "4.3.9"] {
            let error = wrong.parse::<Era>().unwrap_err().to_string();
            assert!(error.contains(&format!("'{wrong}'")));
            assert!(
                Era::RELEASES
                    .iter()
                    .all(|era| error.contains(&era.to_string()))
            );
        }
        assert!(Era::RELEASES.is_sorted());
        assert_eq!(Era::default(), Era::V4_3);
    }

    #[test]
    fn the_table_of_first_releases_agrees_with_what_real_brokers_serve() {
        const QUORUM: [ApiKey; 2] = [ApiKey::DescribeQuorum, ApiKey::UnregisterBroker];
        let order = |release: &str| -> Vec<u32> {
            release
                .split('.')
                .map(|part| part.parse().unwrap())
                .collect()
        };
        for era in Era::RELEASES {
            let release = order(era.release().unwrap());
            for key in ApiKey::ALL {
                let advertised = era.advertised(*key);
                let newest = advertised.map_or(-1, |range| range.max);
                let first = |version| key.first_release(version).map(order);
                if newest >= 0 {
                    assert!(first(newest).unwrap() <= release, "{era}: {key} v{newest}");
                }
                // Brokers beside a ZooKeeper serve nothing of a quorum's, whatever their
                // release.
                if advertised.is_none() && QUORUM.contains(key) && era < Era::V3_9 {
                    continue;
                }
                // Some APIs are for controllers alone, and no broker serves them.
                let is_served = Era::RELEASES
                    .iter()
                    .any(|era| era.advertised(*key).is_some());
                let is_dropped = Era::RELEASES
                    .iter()
                    .any(|other| *other < era && other.advertised(*key).is_some())
                    && advertised.is_none();
                if let Some(next) = first(newest + 1)
                    && is_served
                    && !is_dropped
                {
                    assert!(next > release, "{era}: {key} v{}", newest + 1);
                }
            }
        }
    }

    #[test]
    fn what_each_era_brought() {
        let since = |key, era: Era| {
            Era::RELEASES
                .iter()
                .all(|other| other.advertised(key).is_some() == (*other >= era))
        };
        assert!(since(ApiKey::ApiVersions, Era::V0_10_0));
        assert!(since(ApiKey::CreateTopics, Era::V0_10_2));
        assert!(since(ApiKey::InitProducerId, Era::V0_11));
        assert!(since(ApiKey::JoinGroup, Era::V0_9));
        assert!(since(ApiKey::DescribeCluster, Era::V2_8));
        let range = VersionRange::new;
        assert_eq!(Era::V4_3.advertised(ApiKey::Produce), Some(range(0, 13)));
        assert_eq!(Era::V4_3.served(ApiKey::Produce), Some(range(3, 13)));
        assert_eq!(
            Era::EveryVersion.served(ApiKey::Produce),
            Some(range(0, 13))
        );
        assert_eq!(Era::V4_3.served(ApiKey::Fetch), Some(range(4, 18)));
        assert_eq!(Era::EveryVersion.served(ApiKey::Fetch), Some(range(0, 18)));
        assert_eq!(Era::V4_0.served(ApiKey::JoinGroup), Some(range(2, 9)));
        assert_eq!(Era::V0_8_2.api_versions().len(), 11);
    }
}
