//! ApiVersions, versions 0–4: what the broker serves.
//!
//! - 0–1: keys and ranges.
//! - 2: throttled after the answer.
//! - 3: the client names its software (KIP-511); features (KIP-584).
//! - 4: features whose range starts at 0.
//!
//! All of it is the era's: before 2.4 an answer to an unknown version does not
//! say which are known.

use kafka_protocol::messages::api_versions::{
    ApiVersion, FinalizedFeatureKey, SupportedFeatureKey,
};
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::{ApiKey, ErrorCode, StrBytes, VersionRange};

use super::{Context, Handler, Outcome, served};
use crate::era::{self, Era};

/// The first version in which a client names its software, and brokers their
/// features.
const FIRST_VERSION_OF_FEATURES: i16 = 3;

/// The first version whose readers understand features that may be at level 0.
const FIRST_VERSION_OF_LEVEL_0: i16 = 4;

impl Handler for ApiVersionsRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<ApiVersionsResponse> {
        let named = is_software_name(&self.client_software_name)
            && is_software_name(&self.client_software_version);
        if let Some(code) = context.plan.whole_error() {
            return Outcome::Answer(ApiVersionsResponse::new().with_error_code(code.code()));
        }
        if context.version >= FIRST_VERSION_OF_FEATURES && !named {
            let code = ErrorCode::InvalidRequest.code();
            return Outcome::Answer(ApiVersionsResponse::new().with_error_code(code));
        }
        let config = &context.cluster.config;
        let keys = served::advertised(config).map(|(key, range)| api(key, range));
        let response = ApiVersionsResponse::new().with_api_keys(keys.collect::<Vec<_>>());
        Outcome::Answer(with_features(context, response))
    }
}

/// The answer, in version 0, to a version that is not served. From 2.4 on it
/// says which are.
pub(super) fn unsupported(era: Era, versions: VersionRange) -> ApiVersionsResponse {
    let keys = era
        .names_served_versions()
        .then(|| api(ApiKey::ApiVersions, versions));
    ApiVersionsResponse::new()
        .with_error_code(ErrorCode::UnsupportedVersion.code())
        .with_api_keys(keys.into_iter().collect::<Vec<_>>())
}

fn with_features(context: &Context<'_>, response: ApiVersionsResponse) -> ApiVersionsResponse {
    if context.version < FIRST_VERSION_OF_FEATURES {
        return response;
    }
    let features = &context.cluster.features;
    let supported = era::supported(context.cluster.config.era)
        .iter()
        .filter(|feature| feature.min > 0 || context.version >= FIRST_VERSION_OF_LEVEL_0)
        .map(|feature| {
            SupportedFeatureKey::new()
                .with_name(StrBytes::from_static(feature.name))
                .with_min_version(feature.min)
                .with_max_version(feature.max)
        });
    let finalized = features.finalized().map(|(name, level)| {
        FinalizedFeatureKey::new()
            .with_name(StrBytes::from_static(name))
            .with_min_version_level(level)
            .with_max_version_level(level)
    });
    response
        .with_supported_features(supported.collect::<Vec<_>>())
        .with_finalized_features_epoch(features.epoch())
        .with_finalized_features(finalized.collect::<Vec<_>>())
}

fn api(key: ApiKey, range: VersionRange) -> ApiVersion {
    ApiVersion::new()
        .with_api_key(key.code())
        .with_min_version(range.min)
        .with_max_version(range.max)
}

/// Letters, digits, dots and dashes, the last two not at the ends.
fn is_software_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let ends = [name.bytes().next(), name.bytes().next_back()];
    name.bytes().all(inner)
        && ends
            .iter()
            .all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}
