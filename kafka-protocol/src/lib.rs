//! Apache Kafka wire protocol: every frame, message and record batch.
//!
//! Useful alone, for whatever speaks or reads Kafka's protocol: a broker, a
//! proxy, a dissector, a tool that reads log segments. It does no I/O, reads no
//! clock and needs no async runtime; bytes go in and typed messages come out,
//! and the other way round. For a client, see the crates above it.
//!
//! A broker's side of the conversation, from a request frame to its answer:
//!
//! ```
//! use bytes::Bytes;
//! use kafka_protocol::messages::api_versions::ApiVersion;
//! use kafka_protocol::messages::{AnyRequest, ApiVersionsRequest, ApiVersionsResponse};
//! use kafka_protocol::wire::Limits;
//! use kafka_protocol::{ApiKey, Message, Request, frame};
//!
//! /// Answers one request frame, without its length prefix.
//! fn answer(request: Bytes) -> Result<Bytes, Box<dyn std::error::Error>> {
//!     let (header, mut body) = frame::open_request(request, Limits::default())?;
//!     let key = ApiKey::from_code(header.api_key).ok_or("no such API")?;
//!     match AnyRequest::decode(key, &mut body, header.api_version)? {
//!         AnyRequest::ApiVersions(_) => {
//!             let served = ApiVersionsRequest::VERSIONS;
//!             let entry = ApiVersion::new()
//!                 .with_api_key(ApiVersionsRequest::KEY.code())
//!                 .with_min_version(served.min)
//!                 .with_max_version(served.max);
//!             let response = ApiVersionsResponse::new().with_api_keys([entry]);
//!             let frame = frame::encode_response(key, header.api_version, header.correlation_id, &response)?;
//!             Ok(frame.into_bytes())
//!         }
//!         _ => Err("not served".into()),
//!     }
//! }
//!
//! // What a client sends, here cut out of its byte stream by the decoder.
//! let request = ApiVersionsRequest::new().with_client_software_name("doc");
//! let sent = frame::encode_request(&request, 3, 7, Some(&"me".into()))?;
//! let mut stream = frame::FrameDecoder::new(1 << 20);
//! stream.buffer().extend_from_slice(&sent.into_bytes());
//! let received = stream.next()?.expect("one whole frame");
//!
//! let answered = answer(received)?;
//! let (header, body) = frame::open_response(ApiKey::ApiVersions, 3, answered.slice(4..), Limits::default())?;
//! let response: ApiVersionsResponse = frame::decode_body(body, 3)?;
//! assert_eq!(header.correlation_id, 7);
//! assert_eq!(response.api_keys[0].api_key, 18);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The rooms: [`messages`] holds the requests and responses, one file per API,
//! as plain structs in every version from 0 to Kafka 4.4's newest; [`records`]
//! the batches inside produce and fetch; [`internal_topics`] the records that
//! brokers keep their own state in; [`frame`] and [`header`] what surrounds
//! messages; [`wire`] the primitive types, under the budget that keeps hostile
//! bytes harmless; [`schema`] every message as data. [`Message`] explains the
//! derive for messages of one's own.
//!
//! The features:
//!
//! | feature | on by default | |
//! | --- | --- | --- |
//! | `gzip`, `snappy`, `lz4`, `zstd` | yes | one codec each, without C; batches of a codec that is off can be passed on, but not opened |
//! | `zstd-c` | no | the C library in the place of the Rust one: every level, and faster; needs a C compiler |
//! | `json` | no | every message in the form of Kafka's own request log, for what people read: the module `json` |
//!
//! [`Compression`](records::Compression) has the levels and speeds of the codecs.
//! The examples are programs to begin with: `rename_topic` (a proxy),
//! `dump_segment` and `recompress` (log segments).
//!
//! What a peer sends never panics and never costs more memory than a constant
//! times its length. Record data is never copied on its way through.

// The derive names this crate by its public name, here too.
extern crate self as kafka_protocol;

mod api_key;
pub mod codec;
mod error;
mod error_code;
pub mod frame;
pub mod header;
pub mod internal_topics;
#[cfg(feature = "json")]
pub mod json;
pub mod messages;
mod record_bytes;
pub mod records;
mod release;
pub mod schema;
mod str_bytes;
mod uuid;
mod version;
mod versioned;
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
