//! UpdateFeatures: ???
//!
//! Versions 0-2. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? UpdateFeatures Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 57, versions = "0-2", flexible = "0+", response = UpdateFeaturesResponse)]
#[non_exhaustive]
pub struct UpdateFeaturesRequest {
    /// ??? How long to wait in milliseconds before timing out the request.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// ??? The list of updates to finalized features.
    pub feature_updates: Vec<FeatureUpdateKey>,
    /// ??? True if we should validate the request, but not perform the upgrade
    /// or downgrade.
    #[kafka(versions = "1+")]
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? The list of updates to finalized features.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct FeatureUpdateKey {
    /// ??? The name of the finalized feature to be updated.
    pub feature: StrBytes,
    /// ??? The new maximum version level for the finalized feature. A value >=
    /// 1 is valid. A value < 1, is special, and can be used to request the
    /// deletion of the finalized feature.
    pub max_version_level: i16,
    /// ??? DEPRECATED in version 1 (see DowngradeType). When set to true, the
    /// finalized feature version level is allowed to be downgraded/deleted. The
    /// downgrade request will fail if the new maximum version level is a value
    /// that's not lower than the existing maximum finalized version level.
    #[kafka(versions = "0")]
    pub allow_downgrade: bool,
    /// ??? Determine which type of upgrade will be performed: 1 will perform an
    /// upgrade only (default), 2 is safe downgrades only (lossless), 3 is
    /// unsafe downgrades (lossy).
    #[kafka(versions = "1+", default = 1)]
    pub upgrade_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? UpdateFeatures Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 57, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct UpdateFeaturesResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// ??? Results for each feature update.
    #[kafka(versions = "0-1", ignorable)]
    pub results: Vec<UpdatableFeatureResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? Results for each feature update.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct UpdatableFeatureResult {
    /// ??? The name of the finalized feature.
    pub feature: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
