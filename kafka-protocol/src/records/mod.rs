//! Record batches of every format that Kafka has had: building, sealing, sending,
//! parsing, reading and converting them.
//!
//! Records are encoded into a [`BatchBuilder`]; [`seal`](BatchBuilder::seal)
//! compresses them and takes their checksum, once; a [`SealedBatch`] is stamped
//! with a header at each send. Received bytes are cut into [`RecordBatch`]es,
//! whose [`decompress`](RecordBatch::decompress) checks every record and gives
//! [`Records`] that are then iterated without errors or allocations.
//!
//! ```
//! use kafka_protocol::records::{
//!     BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, NewRecord, RecordBatch,
//! };
//!
//! let mut builder = BatchBuilder::new();
//! builder.append(&NewRecord {
//!     timestamp: 1_700_000_000_000,
//!     key: Some(b"k"),
//!     value: Some(b"v"),
//!     headers: &[],
//! })?;
//! let batch = builder.seal(&mut Compressor::new(Compression::None)?)?;
//! let mut bytes = batch.to_record_bytes(&BatchStamp::default()).into_bytes();
//!
//! let limits = BatchLimits::default();
//! while let Some(batch) = RecordBatch::parse(&mut bytes, &limits)? {
//!     for record in &batch.decompress(&limits)? {
//!         assert_eq!((record.offset(), record.value()), (0, Some(&b"v"[..])));
//!     }
//! }
//! # Ok::<(), kafka_protocol::records::RecordError>(())
//! ```
//!
//! The message sets of Kafka before 0.11 ([`Magic::V0`], [`Magic::V1`]) are parsed
//! and read by the same calls, in any mix with batches: nothing above changes.
//! [`MessageSetBuilder`] writes them, [`Converter`] turns each format into any
//! other.
//!
//! | to | |
//! | --- | --- |
//! | read whatever comes next in a buffer, up to a partial batch | [`RecordBatch::parse`] |
//! | read a log segment or another file of batches | [`BatchReader`] |
//! | keep records without their batch | [`RecordView::to_owned_record`], [`Records::share_record`] |
//! | read and write control records | [`ControlRecord`], [`RecordBatch::of_transaction_end`] |
//! | change the codec or its level | [`RecordBatch::recompress`] |
//! | place a batch in a log | [`RecordBatch::record_bytes_at`], [`RecordBatch::with_log_append_time`] |
//! | take records out, as compaction does | [`RecordBatch::compacted`] |
//! | serve clients and producers of another era | [`Converter`] |
//!
//! Bytes from a peer never make any of this panic, loop without end or allocate
//! more than [`BatchLimits`] say.

mod batch;
mod builder;
mod compaction;
mod compression;
mod control;
mod control_record;
mod convert;
mod crc;
mod error;
mod header;
mod limits;
mod magic;
mod message;
mod message_set;
mod message_set_builder;
mod owned;
mod reader;
mod record;
mod rewrite;
mod sealed;
mod varint;
mod view;

pub use batch::{RecordBatch, TimestampType};
pub use builder::BatchBuilder;
pub use compression::{Compression, CompressionError, Compressor};
pub use control::ControlRecordKind;
pub use control_record::ControlRecord;
pub use convert::{Conversion, Converter};
pub use error::{RecordError, RecordFault};
pub use limits::BatchLimits;
pub use magic::Magic;
pub use message_set_builder::MessageSetBuilder;
pub use owned::OwnedRecord;
pub use reader::{BatchReadError, BatchReader};
pub use record::{Header, Headers, NewRecord, RecordView};
pub use sealed::{BatchStamp, SealedBatch};
pub use view::{RecordIter, RecordPosition, Records};
