//! UnregisterBroker: makes a KRaft cluster forget a broker for good (KIP-631).
//!
//! An administrator's client sends it to the controller, or to a broker, which
//! forwards it. The broker should have been stopped for good.
//!
//! Version 0 only.

use crate::{Message, StrBytes, TaggedFields};

/// Removes the registration of a broker.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 64, versions = "0", flexible = "0+", response = UnregisterBrokerResponse)]
#[non_exhaustive]
pub struct UnregisterBrokerRequest {
    /// The broker to forget.
    pub broker_id: i32,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}

/// Whether the broker was registered and no longer is.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(key = 64, versions = "0", flexible = "0+")]
#[non_exhaustive]
pub struct UnregisterBrokerResponse {
    /// Milliseconds for which a quota held the answer back, or asks the client
    /// to stay silent.
    pub throttle_time_ms: i32,
    /// Zero, or the number of an [`ErrorCode`](crate::ErrorCode);
    /// `BROKER_ID_NOT_REGISTERED` for a broker that is not known.
    pub error_code: i16,
    /// More about the error, for people. Its default is empty, as in Kafka.
    #[kafka(default = "")]
    pub error_message: Option<StrBytes>,
    /// Tagged fields this crate does not know.
    pub unknown_tagged_fields: TaggedFields,
}
