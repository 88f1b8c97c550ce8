//! The records that brokers keep their own state in: `__consumer_offsets` (groups
//! and the positions of consumers), `__transaction_state` (transactions) and
//! `__share_group_state` (deliveries to share groups).
//!
//! All three are compacted. A key is the number of a record type, an int16, and
//! the fields of that type's key; a value is a version, an int16 too, and the
//! fields of that type's value in that version. A record without a value is a
//! tombstone: what its key names is no more. The enums read and write both:
//!
//! ```
//! use bytes::Bytes;
//! use kafka_protocol::internal_topics::{ConsumerOffsetsKey, ConsumerOffsetsValue};
//!
//! let key = Bytes::from_static(b"\0\x01\0\x01g\0\x01t\0\0\0\x07");
//! let value = Bytes::from_static(
//!     b"\0\x03\0\0\0\0\0\0\0\x2a\xff\xff\xff\xff\0\0\0\0\x01\x8f\0\0\0\0",
//! );
//!
//! let key = ConsumerOffsetsKey::decode(key)?;
//! let (value, version) = ConsumerOffsetsValue::decode(&key, value)?;
//! match (&key, &value) {
//!     (ConsumerOffsetsKey::OffsetCommit(at), ConsumerOffsetsValue::OffsetCommit(position)) => {
//!         assert_eq!((at.group.as_str(), at.topic.as_str(), at.partition), ("g", "t", 7));
//!         assert_eq!((position.offset, position.leader_epoch), (42, -1));
//!     }
//!     // What a newer broker writes can be passed on as it is.
//!     _ => {}
//! }
//! assert_eq!(version, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Only brokers write to these topics; their form is no promise of Kafka's to
//! anyone else, and grows with its releases. This crate has that of Kafka 4.4.

mod any;
pub mod consumer_offsets;
pub mod share_group_state;
pub mod transaction_state;

pub use any::{
    ConsumerOffsetsKey, ConsumerOffsetsValue, RecordSchema, SCHEMAS, ShareGroupStateKey,
    ShareGroupStateValue, TransactionStateKey, TransactionStateValue,
};
