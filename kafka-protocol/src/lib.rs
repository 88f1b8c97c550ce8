//! Apache Kafka wire protocol: every frame, message and record batch.

// The derive names this crate by its public name, here too.
extern crate self as kafka_protocol;

mod api_key;
pub mod codec;
mod error;
mod error_code;
pub mod frame;
pub mod header;
pub mod messages;
mod record_bytes;
pub mod records;
pub mod schema;
mod str_bytes;

mod uuid;
mod version;
pub mod wire;

pub use api_key::ApiKey;
pub use codec::{Message, Request};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use error_code::ErrorCode;
pub use kafka_protocol_derive::Message;
pub use record_bytes::RecordBytes;
pub use str_bytes::StrBytes;
pub use uuid::{ParseUuidError, Uuid};
pub use version::VersionRange;
pub use wire::TaggedFields;
