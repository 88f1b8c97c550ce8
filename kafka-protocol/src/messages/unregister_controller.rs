//! UnregisterController: ???
//!
//! Versions 0. ???

use crate::{Message, StrBytes, TaggedFields};

/// ??? UnregisterController Request
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 94, versions = "0", flexible = "0+", response = UnregisterControllerResponse)]
#[non_exhaustive]
pub struct UnregisterControllerRequest {
    /// ??? The controller ID to unregister.
    pub controller_id: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// ??? UnregisterController Response
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 94, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct UnregisterControllerResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode).
    pub error_code: i16,
    /// More about the error, for people.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
