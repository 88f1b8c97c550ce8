use std::collections::BTreeMap;
use std::fmt;

use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::{ApiKey, StrBytes, VersionRange};

use super::release::Release;
use crate::{Error, ErrorKind};

/// What a broker said it speaks, for one connection.
///
/// Brokers are upgraded one by one while clients run, so each connection asks
/// anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersionsTable {
    ranges: BTreeMap<i16, VersionRange>,
    features: BTreeMap<StrBytes, i16>,
    features_epoch: Option<i64>,
    negotiated: bool,
}

impl ApiVersionsTable {
    /// The versions of this API that the broker offers; `None` when it does not
    /// offer the API.
    pub fn range(&self, api: ApiKey) -> Option<VersionRange> {
        self.ranges.get(&api.code()).copied()
    }

    /// Every API offered, by number (also numbers that have no [`ApiKey`] here),
    /// in order.
    pub fn ranges(&self) -> impl Iterator<Item = (i16, VersionRange)> {
        self.ranges.iter().map(|(key, range)| (*key, *range))
    }

    /// The level at which the whole cluster has enabled a feature, for example
    /// `transaction.version` or `group.version` (KIP-584). `None` when it has
    /// not, or the broker is too old to say (before 2.4).
    pub fn finalized_feature(&self, name: &str) -> Option<i16> {
        self.features.get(name).copied()
    }

    /// The epoch of the finalized features; `None` when the broker gave none.
    pub fn features_epoch(&self) -> Option<i64> {
        self.features_epoch
    }

    /// False for a broker too old to be asked (0.9 and older), for which the
    /// table holds what its release is known to speak, and for one whose versions
    /// are [assumed](crate::NetConfig::with_assumed_versions).
    pub fn is_negotiated(&self) -> bool {
        self.negotiated
    }

    /// Ranges that make no sense are left out, as is a second entry for an API.
    pub(super) fn from_response(response: &ApiVersionsResponse) -> Self {
        let mut ranges = BTreeMap::new();
        for entry in &response.api_keys {
            if entry.min_version >= 0 && entry.min_version <= entry.max_version {
                ranges
                    .entry(entry.api_key)
                    .or_insert(VersionRange::new(entry.min_version, entry.max_version));
            }
        }
        let features_epoch = Some(response.finalized_features_epoch).filter(|epoch| *epoch >= 0);
        let mut features = BTreeMap::new();
        if features_epoch.is_some() {
            for feature in &response.finalized_features {
                // The table outlives the frame that the name is a view on.
                features.insert(feature.name.detach(), feature.max_version_level);
            }
        }
        Self {
            ranges,
            features,
            features_epoch,
            negotiated: true,
        }
    }

    /// What brokers of a release before 0.11 serve to clients: for those that cannot be
    /// asked.
    pub fn of_release(release: Release) -> Self {
        let served = release.served();
        Self::of_ranges(served.map(|(api, newest)| (api, VersionRange::new(0, newest))))
    }

    /// Just these versions, for brokers that say something else than they do
    /// ([`crate::NetConfig::with_assumed_versions`]).
    ///
    /// ```
    /// use kafka_net::{ApiVersionsTable, Release};
    /// use kafka_protocol::{ApiKey, VersionRange};
    ///
    /// // Like 0.10.2, but for one API.
    /// let real = ApiVersionsTable::of_release(Release::V0_10_2);
    /// let table = ApiVersionsTable::of_ranges(ApiKey::ALL.iter().filter_map(|api| match api {
    ///     ApiKey::Fetch => Some((*api, VersionRange::new(0, 1))),
    ///     _ => Some((*api, real.range(*api)?)),
    /// }));
    /// assert_eq!(table.range(ApiKey::Fetch).unwrap().max, 1);
    /// ```
    pub fn of_ranges(ranges: impl IntoIterator<Item = (ApiKey, VersionRange)>) -> Self {
        let ranges = ranges.into_iter();
        Self {
            ranges: ranges.map(|(api, range)| (api.code(), range)).collect(),
            features: BTreeMap::new(),
            features_epoch: None,
            negotiated: false,
        }
    }

    /// The newest version within all bounds.
    pub(super) fn choose(&self, api: ApiKey, bounds: &Bounds) -> Result<i16, Error> {
        let offered = self.range(api);
        if let Some(offered) = offered {
            match bounds.exact {
                Some(exact) if offered.contains(exact) => return Ok(exact),
                Some(_) => {}
                None => {
                    let wanted = VersionRange::new(
                        bounds.min.unwrap_or(0).max(bounds.ours.min),
                        bounds.max.unwrap_or(i16::MAX).min(bounds.ours.max),
                    );
                    let common = wanted.min.max(offered.min)..=wanted.max.min(offered.max);
                    if !common.is_empty() {
                        return Ok(*common.end());
                    }
                }
            }
        }
        Err(unsupported(api, offered, bounds))
    }
}

/// What a caller's side demands of a version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// What this client speaks.
    pub(super) ours: VersionRange,
    pub(super) exact: Option<i16>,
    pub(super) min: Option<i16>,
    pub(super) max: Option<i16>,
}

#[cold]
fn unsupported(api: ApiKey, offered: Option<VersionRange>, bounds: &Bounds) -> Error {
    let ours = Shown(bounds.ours);
    let mut text = match offered {
        Some(offered) => format!(
            "this client speaks {ours} and the broker {}",
            Shown(offered)
        ),
        None => format!("this client speaks {ours} and the broker does not offer it"),
    };
    for (name, bound) in [
        ("exactly", bounds.exact),
        ("at least", bounds.min),
        ("at most", bounds.max),
    ] {
        if let Some(version) = bound {
            text.push_str(&format!(", {name} version {version} was asked for"));
        }
    }
    let error = Error::new(ErrorKind::UnsupportedVersion)
        .with_message(format!("no common version: {text}"))
        .with_api(api)
        .with_possibly_written(false);
    match needed_release(api, offered, bounds) {
        Some(release) => error.with_hint(format!("it needs Kafka {release} or later")),
        None => error,
    }
}

/// The release that the broker is too old for; `None` if it is too new instead.
fn needed_release(
    api: ApiKey,
    offered: Option<VersionRange>,
    bounds: &Bounds,
) -> Option<&'static str> {
    let least = bounds.min.unwrap_or(0).max(bounds.ours.min);
    let needed = bounds.exact.unwrap_or(least);
    let too_old = offered.is_none_or(|offered| offered.max < needed);
    too_old.then(|| api.first_release(needed)).flatten()
}

struct Shown(VersionRange);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VersionRange { min, max, .. } = self.0;
        if min == max {
            write!(f, "version {min}")
        } else {
            write!(f, "versions {min} to {max}")
        }
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::api_versions::{ApiVersion, FinalizedFeatureKey};

    use super::*;

    fn entry(api: ApiKey, min: i16, max: i16) -> ApiVersion {
        ApiVersion::new()
            .with_api_key(api.code())
            .with_min_version(min)
            .with_max_version(max)
    }

    fn table(entries: Vec<ApiVersion>) -> ApiVersionsTable {
        ApiVersionsTable::from_response(&ApiVersionsResponse::new().with_api_keys(entries))
    }

    fn ours(min: i16, max: i16) -> Bounds {
        Bounds {
            ours: VersionRange::new(min, max),
            exact: None,
            min: None,
            max: None,
        }
    }

    #[test]
    fn the_newest_common_version_is_chosen() {
        let table = table(vec![entry(ApiKey::Fetch, 4, 18)]);
        let choose = |bounds: Bounds| table.choose(ApiKey::Fetch, &bounds).ok();
        assert_eq!(choose(ours(0, 13)), Some(13));
        assert_eq!(choose(ours(0, 20)), Some(18));
        assert_eq!(choose(ours(0, 3)), None);
        let at_most = |max| Bounds {
            max: Some(max),
            ..ours(0, 20)
        };
        assert_eq!(choose(at_most(12)), Some(12));
        assert_eq!(choose(at_most(3)), None);
        let at_least = |min| Bounds {
            min: Some(min),
            ..ours(0, 20)
        };
        assert_eq!(choose(at_least(18)), Some(18));
        assert_eq!(choose(at_least(19)), None);
        let exactly = |version| Bounds {
            exact: Some(version),
            ..ours(0, 16)
        };
        assert_eq!(choose(exactly(5)), Some(5));
        assert_eq!(choose(exactly(3)), None);
        // An unstable version is beyond `ours`, and may be asked for by name.
        assert_eq!(choose(exactly(17)), Some(17));
    }

    #[test]
    fn the_error_names_both_sides_and_the_wish() {
        let table = table(vec![entry(ApiKey::Fetch, 4, 18)]);
        let error = table.choose(ApiKey::Fetch, &ours(0, 3)).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
        assert_eq!(
            error.to_string(),
            "Fetch: no common version: this client speaks versions 0 to 3 and the broker \
             versions 4 to 18; it had no effect"
        );
        let bounds = Bounds {
            max: Some(3),
            ..ours(0, 20)
        };
        // The broker is too new: no release is new enough.
        let error = table.choose(ApiKey::Fetch, &bounds).unwrap_err();
        assert!(!error.to_string().contains("or later"), "{error}");
        assert!(
            error
                .to_string()
                .contains("at most version 3 was asked for")
        );
        let error = table.choose(ApiKey::Produce, &ours(7, 7)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("speaks version 7 and the broker does not offer it"),
            "{error}"
        );
    }

    #[test]
    fn the_error_names_the_release_that_is_new_enough() {
        let table = table(vec![entry(ApiKey::Produce, 0, 6)]);
        let at_least = |version| Bounds {
            min: Some(version),
            ..ours(0, 13)
        };
        let exactly = Bounds {
            exact: Some(13),
            ..ours(0, 13)
        };
        for (api, bounds, release) in [
            (ApiKey::Produce, at_least(7), "2.1"),
            (ApiKey::Produce, exactly, "4.1"),
            (ApiKey::InitProducerId, ours(0, 5), "0.11"),
            (ApiKey::CreateTopics, ours(0, 7), "0.10.1"),
        ] {
            let error = table.choose(api, &bounds).unwrap_err().to_string();
            let wanted = format!("it needs Kafka {release} or later");
            assert!(error.ends_with(&wanted), "{error}");
        }
    }

    #[test]
    fn nonsense_from_the_broker_is_left_out() {
        let table = table(vec![
            entry(ApiKey::Fetch, 4, 3),
            entry(ApiKey::Produce, -1, 3),
            entry(ApiKey::Metadata, 0, 5),
            entry(ApiKey::Metadata, 0, 9),
            ApiVersion::new()
                .with_api_key(32_000i16)
                .with_min_version(0i16)
                .with_max_version(1i16),
        ]);
        assert_eq!(table.range(ApiKey::Fetch), None);
        assert_eq!(table.range(ApiKey::Produce), None);
        assert_eq!(table.range(ApiKey::Metadata), Some(VersionRange::new(0, 5)));
        assert_eq!(table.ranges().count(), 2);
    }

    #[test]
    fn features_count_only_with_an_epoch() {
        let feature = FinalizedFeatureKey::new()
            .with_name("transaction.version")
            .with_max_version_level(2i16)
            .with_min_version_level(1i16);
        let response = ApiVersionsResponse::new().with_finalized_features(vec![feature]);
        let table = ApiVersionsTable::from_response(&response);
        assert_eq!(table.finalized_feature("transaction.version"), None);
        let table = ApiVersionsTable::from_response(&response.with_finalized_features_epoch(7i64));
        assert_eq!(table.finalized_feature("transaction.version"), Some(2));
        assert_eq!(table.finalized_feature("group.version"), None);
        assert_eq!(table.features_epoch(), Some(7));
    }
}
