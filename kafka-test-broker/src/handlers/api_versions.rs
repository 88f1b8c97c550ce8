//! ApiVersions, versions 0–4: what the broker serves.
//!
//! - 0–1: keys and ranges.
//! - 2: throttled after the answer.
//! - 3: the client names its software (KIP-511); features (KIP-584).
//! - 4: features whose range starts at 0.

use kafka_protocol::messages::api_versions::ApiVersion;
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_protocol::{ApiKey, ErrorCode, VersionRange};

use super::{Context, Handler, Outcome, served};

impl Handler for ApiVersionsRequest {
    fn handle(self, context: &mut Context<'_>) -> Outcome<ApiVersionsResponse> {
        let named = is_software_name(&self.client_software_name)
            && is_software_name(&self.client_software_version);
        if let Some(code) = context.plan.whole_error() {
            return Outcome::Answer(ApiVersionsResponse::new().with_error_code(code.code()));
        }
        if context.version >= 3 && !named {
            let code = ErrorCode::InvalidRequest.code();
            return Outcome::Answer(ApiVersionsResponse::new().with_error_code(code));
        }
        let keys = served::all(&context.cluster.config).map(|(key, range)| api(key, range));
        Outcome::Answer(ApiVersionsResponse::new().with_api_keys(keys.collect::<Vec<_>>()))
    }
}

/// The answer, in version 0, to a version that is not served: it says which are.
pub(super) fn unsupported(versions: VersionRange) -> ApiVersionsResponse {
    ApiVersionsResponse::new()
        .with_error_code(ErrorCode::UnsupportedVersion.code())
        .with_api_keys(vec![api(ApiKey::ApiVersions, versions)])
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
