//! UpdateFeatures, versions 0–2: raises or lowers the levels of the cluster's
//! features (KIP-584).
//!
//! - 0: whether to lower is a flag. 1: dry runs; kinds of lowering (KIP-778).
//! - 2: one answer for all: all are done or none (KIP-1022).
//!
//! The level of the metadata's own format is never lowered, as that would take
//! rewriting metadata.

use kafka_protocol::messages::update_features::{FeatureUpdateKey, UpdatableFeatureResult};
use kafka_protocol::messages::{UpdateFeaturesRequest, UpdateFeaturesResponse};
use kafka_protocol::{ErrorCode, StrBytes};

use super::{Context, Handler, Outcome};
use crate::cluster::{Cluster, Features};
use crate::security::{Need, Operation};

/// The first version that names the kind of update.
const FIRST_VERSION_OF_TYPES: i16 = 1;

/// The first version that answers for all updates together.
const FIRST_VERSION_OF_ONE_ANSWER: i16 = 2;

/// The kinds of update.
const UPGRADE: i8 = 1;
const SAFE_DOWNGRADE: i8 = 2;
const UNSAFE_DOWNGRADE: i8 = 3;

impl Handler for UpdateFeaturesRequest {
    fn needs(&self, _cluster: &Cluster) -> Vec<Need> {
        vec![Need::cluster(Operation::Alter)]
    }

    fn handle(self, context: &mut Context<'_>) -> Outcome<UpdateFeaturesResponse> {
        if let Some(code) = context.plan.whole_error() {
            return Outcome::Answer(refused(code, code.description().to_owned()));
        }
        let with_types = context.version >= FIRST_VERSION_OF_TYPES;
        let features = &mut context.cluster.features;
        for update in &self.feature_updates {
            if let Err(message) = check(features, update, with_types) {
                return Outcome::Answer(refused(ErrorCode::InvalidUpdateVersion, message));
            }
        }
        if !self.validate_only {
            for update in &self.feature_updates {
                if features.level(&update.feature) != update.max_version_level {
                    features.set(&update.feature, update.max_version_level);
                }
            }
        }
        let mut response = UpdateFeaturesResponse::new().with_error_message(None);
        if context.version < FIRST_VERSION_OF_ONE_ANSWER {
            let result = |update: &FeatureUpdateKey| {
                UpdatableFeatureResult::new()
                    .with_feature(update.feature.clone())
                    .with_error_message(StrBytes::from_static("NONE"))
            };
            response.results = self.feature_updates.iter().map(result).collect();
        }
        Outcome::Answer(response)
    }
}

/// What is wrong with an update, if something is.
fn check(features: &Features, update: &FeatureUpdateKey, with_types: bool) -> Result<(), String> {
    let FeatureUpdateKey {
        ref feature,
        max_version_level: level,
        ..
    } = *update;
    let kind = match (with_types, update.allow_downgrade) {
        (true, _) => update.upgrade_type,
        (false, true) => SAFE_DOWNGRADE,
        (false, false) => UPGRADE,
    };
    let Some(known) = features.supported(feature) else {
        return Err(format!("there is no feature {feature}"));
    };
    if !(UPGRADE..=UNSAFE_DOWNGRADE).contains(&kind) {
        return Err(format!("there is no kind {kind} of update"));
    }
    if !(known.min..=known.max).contains(&level) {
        return Err(format!(
            "{feature} has levels {} to {}, not {level}",
            known.min, known.max
        ));
    }
    let present = features.level(feature);
    if level < present && kind == UPGRADE {
        return Err(format!("{level} is below {feature}'s present {present}"));
    }
    if level < present && feature.as_str() == "metadata.version" {
        return Err(format!(
            "{feature} cannot go back from {present} to {level}"
        ));
    }
    Ok(())
}

fn refused(code: ErrorCode, message: String) -> UpdateFeaturesResponse {
    UpdateFeaturesResponse::new()
        .with_error_code(code.code())
        .with_error_message(StrBytes::from(message))
}
