//! Records for clients older than the log (KIP-32, KIP-98).
//!
//! Every log is kept in magic 2. Clients of the eras that convert do not notice:
//! what an old producer sends is converted on its way in, what an old consumer
//! gets on its way out.

use bytes::Bytes;
use kafka_protocol::records::{
    BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Converter, Magic, NewRecord,
    RecordBatch, RecordError,
};
use kafka_protocol::{ErrorCode, RecordBytes};

use super::Rejection;

/// The first fetch version that carries magic 1.
const FIRST_FETCH_OF_MAGIC_1: i16 = 2;

/// The message set of an old producer as one batch.
///
/// # Errors
///
/// `CORRUPT_MESSAGE` and its like for what cannot be read, and `INVALID_RECORD`
/// for a set without a message or one of magic 2.
pub(crate) fn from_old_producer(set: &RecordBytes) -> Result<RecordBytes, Rejection> {
    let limits = BatchLimits::default();
    let mut bytes = set.clone().into_bytes();
    let mut builder = BatchBuilder::new();
    let mut codec = Compression::None;
    while let Some(message) = RecordBatch::parse(&mut bytes, &limits)? {
        if message.magic() == Magic::V2 {
            return Err(ErrorCode::InvalidRecord.into());
        }
        codec = message.compression();
        for record in &message.decompress(&limits)? {
            builder.append(&NewRecord {
                timestamp: record.timestamp(),
                key: record.key(),
                value: record.value(),
                headers: &[],
            })?;
        }
    }
    if builder.is_empty() {
        return Err(ErrorCode::InvalidRecord.into());
    }
    let mut compressor = Compressor::new(codec).map_err(RecordError::from)?;
    let batch = builder.seal(&mut compressor)?;
    Ok(batch.to_record_bytes(&BatchStamp::default()))
}

/// Batches as a fetch of `version` by an old consumer carries them.
///
/// # Errors
///
/// `UNSUPPORTED_COMPRESSION_TYPE` where they are compressed with zstd, which old
/// consumers cannot know.
pub(crate) fn for_old_consumer(
    batches: RecordBytes,
    version: i16,
    offset: i64,
) -> Result<RecordBytes, ErrorCode> {
    let magic = match version {
        FIRST_FETCH_OF_MAGIC_1.. => Magic::V1,
        _ => Magic::V0,
    };
    let mut converter = Converter::new(magic).with_first_offset(offset);
    let limits = BatchLimits::default();
    let mut bytes = batches.into_bytes();
    let mut converted: Vec<Bytes> = Vec::new();
    // What is cut off at the end is asked for again.
    while let Ok(Some(batch)) = RecordBatch::parse(&mut bytes, &limits) {
        match converter.convert(&batch) {
            Ok(conversion) => converted.extend(conversion.batch.map(|set| set.raw().clone())),
            Err(RecordError::NotInFormat { .. }) => {
                return Err(ErrorCode::UnsupportedCompressionType);
            }
            Err(_) => return Err(ErrorCode::CorruptMessage),
        }
    }
    Ok(RecordBytes::from_segments(converted))
}
