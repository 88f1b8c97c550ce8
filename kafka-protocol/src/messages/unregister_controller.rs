//! UnregisterController: makes a KRaft cluster forget a controller (KIP-1312).
//!
//! An administrator's client sends it to the active controller, or to a broker,
//! which forwards it. The controller should be stopped first: one that lives on
//! registers again. Whether it votes is another matter: RemoveRaftVoter ends that.
//!
//! Version 0 only, new in Kafka 4.4.

use crate::{Message, StrBytes, TaggedFields};

/// Removes the registration of a controller.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 94, versions = "0", flexible = "0+", response = UnregisterControllerResponse)]
#[non_exhaustive]
pub struct UnregisterControllerRequest {
    /// The controller to forget.
    pub controller_id: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the controller was registered and no longer is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 94, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct UnregisterControllerResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode);
    /// `CONTROLLER_ID_NOT_REGISTERED` for a controller that is not known.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
