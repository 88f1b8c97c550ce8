//! UpdateFeatures: raises or lowers the levels of features in force in the whole
//! cluster (KIP-584).
//!
//! An administrator's client sends it to the controller; KRaft's brokers forward
//! it.
//!
//! Versions 0-2. 1 can check only, and tells harmless downgrades from lossy ones
//! (KIP-778); 2 answers for all updates together: all are done or none (KIP-1022).

use crate::{Message, StrBytes, TaggedFields};

/// Changes features.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 57, versions = "0-2", flexible = "0+", response = UpdateFeaturesResponse)]
#[non_exhaustive]
pub struct UpdateFeaturesRequest {
    /// Milliseconds to wait for the change.
    #[kafka(default = 60000)]
    pub timeout_ms: i32,
    /// The features.
    pub feature_updates: Vec<FeatureUpdateKey>,
    /// Whether to check only, and change nothing.
    #[kafka(versions = "1+")]
    pub validate_only: bool,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// The change of one feature.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0+", flexible = "0+")]
#[non_exhaustive]
pub struct FeatureUpdateKey {
    /// Its name.
    pub feature: StrBytes,
    /// The level to be in force from now on; less than 1 to have the feature
    /// off.
    pub max_version_level: i16,
    /// Whether the level may sink or the feature go off, in version 0. An
    /// update that sets it and lowers nothing fails.
    #[kafka(versions = "0")]
    pub allow_downgrade: bool,
    /// Which way the level may go, from version 1 on: 1 up only, 2 down too
    /// unless metadata is lost, 3 down even then.
    #[kafka(versions = "1+", default = 1)]
    pub upgrade_type: i8,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the features were changed.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 57, versions = "0-2", flexible = "0+")]
#[non_exhaustive]
pub struct UpdateFeaturesResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// An error of the whole request; from version 2 on, of the first update
    /// that failed.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// The features, up to version 1.
    #[kafka(versions = "0-1", ignorable)]
    pub results: Vec<UpdatableFeatureResult>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// What became of the change of one feature.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(versions = "0-1", flexible = "0+")]
#[non_exhaustive]
pub struct UpdatableFeatureResult {
    /// Its name.
    pub feature: StrBytes,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
