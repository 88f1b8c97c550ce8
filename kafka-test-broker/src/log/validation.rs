//! What a leader checks of a batch before it appends it, in Kafka's order.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::records::{
    BatchLimits, Compression, CompressionError, Compressor, RecordBatch, RecordError, TimestampType,
};
use kafka_protocol::{ErrorCode, RecordBytes};

use super::LogRules;
use crate::cluster::TimestampSource;
use crate::producer_state::{ProducerRules, SequencedBatch};

/// From this version on, a produce request carries exactly one batch of magic 2
/// for each partition.
const FIRST_VERSION_OF_BATCHES: i16 = 3;

/// The first produce version that may carry zstd.
const FIRST_VERSION_OF_ZSTD: i16 = 7;

/// Bytes of a batch header.
const HEADER_LEN: usize = 61;

/// Where the format's number lies in a batch, and in the older messages.
const MAGIC_AT: usize = 16;

/// Where the checksum lies, and what it covers begins.
const CRC_AT: usize = 17;
const CHECKED_FROM: usize = 21;

/// The lower byte of a batch's attributes: codec and flags.
const LOW_ATTRIBUTES_AT: usize = 22;

/// Where the largest timestamp lies.
const MAX_TIMESTAMP_AT: usize = 35;

/// The bits of the codec.
const CODEC: u8 = 0b111;

/// The flag of a batch whose timestamps are the broker's.
const LOG_APPEND_TIME: u8 = 1 << 3;

/// The flag of a batch that is part of a transaction.
const TRANSACTIONAL: u8 = 1 << 4;

/// The timestamp of a record that has none.
const NO_TIMESTAMP: i64 = -1;

/// A batch that may be appended.
#[derive(Clone, Debug)]
pub(crate) struct CheckedBatch {
    /// The batch as it is stored, but for base offset and leader epoch.
    pub raw: Bytes,
    pub record_count: i32,
    pub max_timestamp: i64,
    /// Set when the producer is idempotent.
    pub sequenced: Option<SequencedBatch>,
}

/// What a topic demands of its batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValidationRules {
    pub max_message_bytes: i32,
    pub timestamp_source: TimestampSource,
    pub timestamp_before_max_ms: i64,
    pub timestamp_after_max_ms: i64,
    /// Whether every record is parsed, or the header believed.
    pub records: bool,
    /// How the log is kept.
    pub log: LogRules,
}

/// Why a batch is refused, as the answer says it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejection {
    pub code: ErrorCode,
    pub message: String,
    /// Which records of the batch are to blame, where it is not all of it.
    pub records: Vec<(i32, String)>,
    /// Refused where the log is at hand, so that the answer tells its start.
    pub at_log: bool,
    /// The client is told the message.
    pub told: bool,
}

/// Checks what a produce request of `version` carries for one partition.
pub(crate) fn check_batch(
    records: Option<&RecordBytes>,
    version: i16,
    rules: &ValidationRules,
    wall_ms: i64,
) -> Result<CheckedBatch, Rejection> {
    let bytes = records.cloned().unwrap_or_default().into_bytes();
    let len = check_shape(&bytes, version)?;
    check_contents(bytes.slice(..len), rules, wall_ms).map_err(Rejection::at_log)
}

/// Checks one whole batch.
fn check_contents(
    mut bytes: Bytes,
    rules: &ValidationRules,
    wall_ms: i64,
) -> Result<CheckedBatch, Rejection> {
    if bytes.len() > usize::try_from(rules.max_message_bytes).unwrap_or(0) {
        let (len, most) = (bytes.len(), rules.max_message_bytes);
        return Err(Rejection::new(
            ErrorCode::MessageTooLarge,
            format!("the batch has {len} bytes, the topic takes {most} at most"),
        ));
    }
    let limits = BatchLimits::default();
    let batch = RecordBatch::parse(&mut bytes, &limits)?.ok_or_else(no_batch)?;
    check_header(&batch)?;
    let max_timestamp = if rules.records {
        check_records(&batch, &limits, rules, wall_ms)?
    } else {
        check_timestamp(&batch, 0, batch.max_timestamp(), rules, wall_ms)
            .map_err(Rejection::timestamps)?;
        batch.max_timestamp()
    };
    let batch = with_codec(batch, &limits, &rules.log)?;
    let raw = match rules.timestamp_source {
        TimestampSource::Broker => batch.with_log_append_time(wall_ms)?.raw().clone(),
        TimestampSource::Producer => with_create_time(&batch, max_timestamp),
    };
    if raw.len() > usize::try_from(rules.max_message_bytes).unwrap_or(0) {
        return Err(ErrorCode::MessageTooLarge.into());
    }
    if raw.len() > rules.log.segment_bytes {
        return Err(Rejection::new(
            ErrorCode::RecordListTooLarge,
            format!("{} bytes do not fit into a segment", raw.len()),
        ));
    }
    Ok(CheckedBatch {
        raw,
        record_count: batch.record_count(),
        max_timestamp: match rules.timestamp_source {
            TimestampSource::Broker => wall_ms,
            TimestampSource::Producer => max_timestamp,
        },
        sequenced: (batch.producer_id() >= 0).then(|| sequenced(&batch)),
    })
}

fn sequenced(batch: &RecordBatch) -> SequencedBatch {
    SequencedBatch {
        producer_id: batch.producer_id(),
        producer_epoch: batch.producer_epoch(),
        base_sequence: batch.base_sequence(),
        record_count: batch.record_count(),
        transactional: batch.is_transactional(),
        verified: false,
        rules: ProducerRules::Any,
    }
}

/// Whose transaction the first batch is part of; `None` where it is part of none,
/// or is no batch.
pub(crate) fn transactional_batch(records: &RecordBytes) -> Option<SequencedBatch> {
    let mut bytes = records.clone().into_bytes();
    let limits = BatchLimits::default().with_check_crc(false);
    let batch = RecordBatch::parse(&mut bytes, &limits).ok()??;
    (batch.is_transactional() && batch.producer_id() >= 0).then(|| sequenced(&batch))
}

/// Whether the first of the batches is an idempotent producer's.
pub(crate) fn is_sequenced(records: &RecordBytes) -> bool {
    let mut bytes = records.clone().into_bytes();
    let limits = BatchLimits::default().with_check_crc(false);
    let batch = RecordBatch::parse(&mut bytes, &limits);
    batch.is_ok_and(|batch| batch.is_some_and(|batch| batch.producer_id() >= 0))
}

/// Whether any of the batches says that it is part of a transaction.
pub(crate) fn is_transactional(records: &RecordBytes) -> bool {
    let mut bytes = records.clone().into_bytes();
    while let Ok(Some(len)) = RecordBatch::encoded_len_of_next(&bytes) {
        // In older formats there are no attributes where this looks.
        if bytes.get(MAGIC_AT) == Some(&2)
            && bytes
                .get(LOW_ATTRIBUTES_AT)
                .is_some_and(|low| low & TRANSACTIONAL != 0)
        {
            return true;
        }
        if len > bytes.len() {
            break;
        }
        bytes.advance(len);
    }
    false
}

impl Rejection {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            records: Vec::new(),
            at_log: false,
            told: false,
        }
    }

    /// The same, noticed where the log is at hand. Kafka leaves it out of the
    /// answer to what it takes for damaged or too large all the same.
    pub(crate) fn at_log(self) -> Self {
        let silent = [ErrorCode::CorruptMessage, ErrorCode::MessageTooLarge];
        Self {
            at_log: !silent.contains(&self.code),
            ..self
        }
    }

    fn timestamps(record: (i32, String)) -> Self {
        Self {
            records: vec![record],
            ..Self::new(
                ErrorCode::InvalidTimestamp,
                "timestamps of the batch are out of bounds",
            )
        }
    }
}

impl From<RecordError> for Rejection {
    fn from(error: RecordError) -> Self {
        let code = match &error {
            RecordError::CrcMismatch { .. }
            | RecordError::InvalidLength { .. }
            | RecordError::UnsupportedMagic { .. } => ErrorCode::CorruptMessage,
            // Kafka has no code for a codec that does not know what it reads.
            RecordError::UnknownCompression { .. } | RecordError::Decompress { .. } => {
                ErrorCode::UnknownServerError
            }
            _ => ErrorCode::InvalidRecord,
        };
        let records = match &error {
            RecordError::InvalidRecord { index, .. } => {
                vec![(i32::try_from(*index).unwrap_or(i32::MAX), error.to_string())]
            }
            _ => Vec::new(),
        };
        Self {
            records,
            ..Self::new(code, error.to_string())
        }
    }
}

/// Checks number and format of the batches; returns the length of the first.
fn check_shape(bytes: &Bytes, version: i16) -> Result<usize, Rejection> {
    let invalid = |message: String| Rejection::new(ErrorCode::InvalidRecord, message);
    let magic = bytes.get(MAGIC_AT).copied();
    if let Some(magic @ 0..=1) = magic {
        return Err(if version >= FIRST_VERSION_OF_BATCHES {
            invalid(format!(
                "magic {magic} in a request of version {version}, which carries magic 2 only"
            ))
        } else {
            Rejection::new(
                ErrorCode::UnsupportedForMessageFormat,
                format!("message sets of magic {magic} are not taken here"),
            )
        });
    }
    let len = RecordBatch::encoded_len_of_next(bytes)?
        .filter(|len| *len <= bytes.len() && *len >= HEADER_LEN)
        .ok_or_else(no_batch)?;
    let attributes = bytes.get(LOW_ATTRIBUTES_AT).copied().unwrap_or_default();
    if version < FIRST_VERSION_OF_ZSTD && attributes & CODEC == Compression::Zstd.id() {
        return Err(Rejection::new(
            ErrorCode::UnsupportedCompressionType,
            format!("zstd in a request of version {version}, which does not know it"),
        ));
    }
    // A piece of a further batch is dropped, a whole one refused.
    let rest = bytes.slice(len..);
    match RecordBatch::encoded_len_of_next(&rest)? {
        Some(next) if next <= rest.len() => {
            Err(invalid("more than one batch for one partition".to_owned()))
        }
        _ => Ok(len),
    }
}

fn check_header(batch: &RecordBatch) -> Result<(), Rejection> {
    let invalid = |message: String| Err(Rejection::new(ErrorCode::InvalidRecord, message));
    let count = batch.record_count();
    if batch.base_offset() != 0 {
        let base_offset = batch.base_offset();
        return invalid(format!(
            "the batch starts at offset {base_offset}, not at 0"
        ));
    }
    if count <= 0 {
        return invalid(format!("the batch states {count} records"));
    }
    if batch.last_offset() + 1 != i64::from(count) {
        let last_offset = batch.last_offset();
        return invalid(format!("{count} records, but offsets up to {last_offset}"));
    }
    if batch.is_control() {
        return invalid("a control batch, which only brokers write".into());
    }
    if batch.producer_id() >= 0 && batch.base_sequence() < 0 {
        return invalid(format!(
            "producer {} sends sequence number {}",
            batch.producer_id(),
            batch.base_sequence()
        ));
    }
    Ok(())
}

/// Checks every record; returns the largest timestamp.
fn check_records(
    batch: &RecordBatch,
    limits: &BatchLimits,
    rules: &ValidationRules,
    wall_ms: i64,
) -> Result<i64, Rejection> {
    let records = batch.decompress(limits)?;
    let mut max_timestamp = NO_TIMESTAMP;
    let mut wrong = Vec::new();
    let mut keyless = Vec::new();
    for (record, index) in (&records).into_iter().zip(0..) {
        if record.offset() != i64::from(index) {
            let message = format!("record {index} of the batch has offset {}", record.offset());
            return Err(Rejection {
                records: vec![(index, message.clone())],
                ..Rejection::new(ErrorCode::InvalidRecord, message)
            });
        }
        max_timestamp = max_timestamp.max(record.timestamp());
        if rules.log.compact && record.key().is_none() {
            keyless.push((
                index,
                "a compacted topic takes no record without key".into(),
            ));
            continue;
        }
        wrong.extend(check_timestamp(batch, index, record.timestamp(), rules, wall_ms).err());
    }
    let Some(last) = wrong.pop() else {
        if keyless.is_empty() {
            return Ok(max_timestamp);
        }
        let message = format!("{} records without key", keyless.len());
        return Err(Rejection {
            records: keyless,
            ..Rejection::new(ErrorCode::InvalidRecord, message)
        });
    };
    let mut rejection = Rejection::timestamps(last);
    wrong.append(&mut keyless);
    wrong.append(&mut rejection.records);
    wrong.sort_by_key(|(index, _)| *index);
    rejection.records = wrong;
    Err(rejection)
}

/// Says what is wrong with a timestamp: too far from the broker's clock, or
/// claimed to come from it. As in Kafka, nobody looks whose a timestamp is where
/// its distance is checked.
fn check_timestamp(
    batch: &RecordBatch,
    index: i32,
    timestamp: i64,
    rules: &ValidationRules,
    wall_ms: i64,
) -> Result<(), (i32, String)> {
    if rules.timestamp_source == TimestampSource::Producer && timestamp != NO_TIMESTAMP {
        let earliest = wall_ms.saturating_sub(rules.timestamp_before_max_ms);
        let latest = wall_ms.saturating_add(rules.timestamp_after_max_ms);
        if !(earliest..=latest).contains(&timestamp) {
            let why = format!("timestamp {timestamp} is not from {earliest} to {latest}");
            return Err((index, why));
        }
    } else if batch.timestamp_type() == TimestampType::LogAppendTime {
        return Err((index, "only brokers set the time of appending".into()));
    }
    Ok(())
}

/// The batch in the codec that its topic wants, if it is another one.
fn with_codec(
    batch: RecordBatch,
    limits: &BatchLimits,
    rules: &LogRules,
) -> Result<RecordBatch, Rejection> {
    let wanted = rules.compression.unwrap_or(batch.compression());
    if wanted == batch.compression() {
        return Ok(batch);
    }
    let level = match wanted {
        Compression::Gzip => Some(rules.gzip_level).filter(|level| *level >= 0),
        Compression::Lz4 => Some(rules.lz4_level),
        Compression::Zstd => Some(rules.zstd_level),
        _ => None,
    };
    let compressor = match level {
        Some(level) => Compressor::with_level(wanted, level),
        None => Compressor::new(wanted),
    };
    let failed =
        |error: CompressionError| Rejection::new(ErrorCode::UnknownServerError, error.to_string());
    Ok(batch.recompress(&mut compressor.map_err(failed)?, limits)?)
}

/// The batch as the producer stamped it, its header telling the largest
/// timestamp truly.
fn with_create_time(batch: &RecordBatch, max_timestamp: i64) -> Bytes {
    let by_producer = batch.timestamp_type() == TimestampType::CreateTime;
    if by_producer && batch.max_timestamp() == max_timestamp {
        return batch.raw().clone();
    }
    let mut raw = BytesMut::from(&batch.raw()[..]);
    raw[LOW_ATTRIBUTES_AT] &= !LOG_APPEND_TIME;
    raw[MAX_TIMESTAMP_AT..MAX_TIMESTAMP_AT + 8].copy_from_slice(&max_timestamp.to_be_bytes());
    let crc = crc32c::crc32c(&raw[CHECKED_FROM..]);
    raw[CRC_AT..CHECKED_FROM].copy_from_slice(&crc.to_be_bytes());
    raw.freeze()
}

fn no_batch() -> Rejection {
    Rejection::new(ErrorCode::InvalidRecord, "no whole batch for the partition")
}
