//! What a leader checks of a batch before it appends it, in Kafka's order.

use bytes::{Buf, Bytes};
use kafka_protocol::records::{BatchLimits, Compression, RecordBatch, RecordError, TimestampType};
use kafka_protocol::{ErrorCode, RecordBytes};

use crate::cluster::TimestampSource;
use crate::producer_state::SequencedBatch;

/// From this version on, a produce request carries exactly one batch of magic 2
/// for each partition.
const FIRST_VERSION_OF_BATCHES: i16 = 3;

/// The first produce version that may carry zstd.
const FIRST_VERSION_OF_ZSTD: i16 = 7;

/// Bytes of a batch header.
const HEADER_LEN: usize = 61;

/// Where the format's number lies in a batch, and in the older messages.
const MAGIC_AT: usize = 16;

/// The lower byte of a batch's attributes: codec and flags.
const LOW_ATTRIBUTES_AT: usize = 22;

/// The bits of the codec.
const CODEC: u8 = 0b111;

/// The flag of a batch that is part of a transaction.
const TRANSACTIONAL: u8 = 1 << 4;

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
}

/// Why a batch is refused, as the answer says it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejection {
    pub code: ErrorCode,
    pub message: String,
    /// Which records of the batch are to blame, where it is not all of it.
    pub records: Vec<(i32, String)>,
}

/// Checks what a produce request of `version` carries for one partition.
pub(crate) fn check_batch(
    records: Option<&RecordBytes>,
    version: i16,
    rules: &ValidationRules,
    wall_ms: i64,
) -> Result<CheckedBatch, Rejection> {
    let mut bytes = records.cloned().unwrap_or_default().into_bytes();
    let len = check_shape(&bytes, version)?;
    if len > usize::try_from(rules.max_message_bytes).unwrap_or(0) {
        return Err(Rejection::new(
            ErrorCode::MessageTooLarge,
            format!(
                "The record batch size is {len} bytes which exceeds the maximum configured \
                 value of {}.",
                rules.max_message_bytes
            ),
        ));
    }
    let limits = BatchLimits::default();
    let batch = RecordBatch::parse(&mut bytes, &limits)?.ok_or_else(no_batch)?;
    check_header(&batch)?;
    if rules.records {
        check_records(&batch, &limits, rules, wall_ms)?;
    } else {
        check_timestamp(0, batch.max_timestamp(), rules, wall_ms).map_err(Rejection::timestamps)?;
    }
    let sequenced = (batch.producer_id() >= 0).then(|| SequencedBatch {
        producer_id: batch.producer_id(),
        producer_epoch: batch.producer_epoch(),
        base_sequence: batch.base_sequence(),
        record_count: batch.record_count(),
    });
    let batch = match rules.timestamp_source {
        TimestampSource::Producer => batch,
        TimestampSource::Broker => batch.with_log_append_time(wall_ms),
    };
    Ok(CheckedBatch {
        record_count: batch.record_count(),
        max_timestamp: batch.max_timestamp(),
        sequenced,
        raw: batch.raw().clone(),
    })
}

/// Whether any of the batches says that it is part of a transaction.
pub(crate) fn is_transactional(records: &RecordBytes) -> bool {
    // Before version 3 there are no attributes where this looks.
    let mut bytes = records.clone().into_bytes();
    while let Ok(Some(len)) = RecordBatch::encoded_len_of_next(&bytes) {
        if bytes
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
        }
    }

    fn timestamps(record: (i32, String)) -> Self {
        Self {
            code: ErrorCode::InvalidTimestamp,
            message: "One or more records have been rejected due to invalid timestamp".into(),
            records: vec![record],
        }
    }
}

impl From<RecordError> for Rejection {
    fn from(error: RecordError) -> Self {
        let code = match &error {
            RecordError::CrcMismatch { .. } | RecordError::InvalidLength { .. } => {
                ErrorCode::CorruptMessage
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
            code,
            message: error.to_string(),
            records,
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
                "Produce requests with version {version} are only allowed to contain record \
                 batches with magic version 2"
            ))
        } else {
            Rejection::new(
                ErrorCode::UnsupportedForMessageFormat,
                format!("Message sets of magic version {magic} are not supported"),
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
            format!(
                "Produce requests with version {version} are not allowed to use ZStandard \
                 compression"
            ),
        ));
    }
    // A piece of a further batch is dropped, a whole one refused.
    let rest = bytes.slice(len..);
    match RecordBatch::encoded_len_of_next(&rest)? {
        Some(next) if next <= rest.len() => Err(invalid(format!(
            "Produce requests with version {version} are only allowed to contain exactly one \
             record batch per partition"
        ))),
        _ => Ok(len),
    }
}

fn check_header(batch: &RecordBatch) -> Result<(), Rejection> {
    let invalid = |message: String| Err(Rejection::new(ErrorCode::InvalidRecord, message));
    if batch.base_offset() != 0 {
        return invalid(format!(
            "The baseOffset of the record batch should be 0, but it is {}",
            batch.base_offset()
        ));
    }
    let count = batch.record_count();
    if count <= 0 {
        return invalid(format!("Invalid reported count for record batch: {count}"));
    }
    if batch.last_offset() + 1 != i64::from(count) {
        return invalid(format!(
            "Inconsistent batch offset range [0, {}] and count of records {count}",
            batch.last_offset()
        ));
    }
    if batch.is_control() {
        return invalid("Clients are not allowed to write control records".into());
    }
    if batch.producer_id() >= 0 && batch.base_sequence() < 0 {
        return invalid(format!(
            "Invalid sequence number {} in record batch with producerId {}",
            batch.base_sequence(),
            batch.producer_id()
        ));
    }
    if batch.timestamp_type() == TimestampType::LogAppendTime {
        return Err(Rejection::timestamps((
            0,
            "Invalid timestamp type: a producer should not set it to LogAppendTime".into(),
        )));
    }
    Ok(())
}

fn check_records(
    batch: &RecordBatch,
    limits: &BatchLimits,
    rules: &ValidationRules,
    wall_ms: i64,
) -> Result<(), Rejection> {
    let records = batch.decompress(limits)?;
    let mut late = Vec::new();
    for (record, index) in (&records).into_iter().zip(0..) {
        if record.offset() != i64::from(index) {
            let message = format!("Record {index} of the batch has offset {}", record.offset());
            return Err(Rejection {
                code: ErrorCode::InvalidRecord,
                records: vec![(index, message.clone())],
                message,
            });
        }
        late.extend(check_timestamp(index, record.timestamp(), rules, wall_ms).err());
    }
    let Some(first) = late.pop() else {
        return Ok(());
    };
    let mut rejection = Rejection::timestamps(first);
    late.append(&mut rejection.records);
    rejection.records = late;
    Err(rejection)
}

/// Says what is wrong with a timestamp that is too far from the broker's clock.
fn check_timestamp(
    index: i32,
    timestamp: i64,
    rules: &ValidationRules,
    wall_ms: i64,
) -> Result<(), (i32, String)> {
    let earliest = wall_ms.saturating_sub(rules.timestamp_before_max_ms);
    let latest = wall_ms.saturating_add(rules.timestamp_after_max_ms);
    // -1 is a record without a timestamp.
    if rules.timestamp_source == TimestampSource::Broker
        || timestamp == -1
        || (earliest..=latest).contains(&timestamp)
    {
        return Ok(());
    }
    Err((
        index,
        format!(
            "Timestamp {timestamp} is out of range. The timestamp should be within \
             [{earliest}, {latest}]"
        ),
    ))
}

fn no_batch() -> Rejection {
    Rejection::new(
        ErrorCode::InvalidRecord,
        "Produce requests must have at least one record batch per partition",
    )
}
