use crate::DecodeError;

use super::compression::CompressionError;

/// What can be wrong with a record batch that was received, or with a record or
/// batch that is being built.
///
/// Variants about received bytes name the batch by its base offset, as far as
/// the bytes can be trusted; they are the peer's (or the disk's) doing and
/// reading the same bytes again gives the same error. The others are the
/// caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are of a format that does not exist, or of one that what was
    /// asked for does not exist in.
    #[error("record batch at offset {base_offset} has magic {magic}, which is not supported")]
    UnsupportedMagic {
        /// Where the batch says it starts.
        base_offset: i64,
        /// The format it claims.
        magic: i8,
    },
    /// The length field of a batch or message is negative, or smaller than what
    /// each has.
    #[error("record batch at offset {base_offset} claims a length of {length} bytes")]
    InvalidLength {
        /// Where the batch says it starts.
        base_offset: i64,
        /// The length field: bytes after itself.
        length: i32,
    },
    /// The checksum does not fit the contents: the batch was damaged.
    #[error(
        "record batch at offset {base_offset} is corrupt: \
         its CRC says {stored:#010x}, its bytes {computed:#010x}"
    )]
    CrcMismatch {
        /// Where the batch says it starts.
        base_offset: i64,
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// Fields of the batch's header contradict each other.
    #[error("record batch at offset {base_offset} has an invalid header: {reason}")]
    InvalidHeader {
        /// Where the batch says it starts.
        base_offset: i64,
        /// Which field, and why.
        reason: &'static str,
    },
    /// The attributes name a codec that does not exist.
    #[error("record batch at offset {base_offset} is compressed with the unknown codec {id}")]
    UnknownCompression {
        /// Where the batch says it starts.
        base_offset: i64,
        /// The codec's number.
        id: u8,
    },
    /// The records could not be decompressed, or not within the limits.
    #[error("record batch at offset {base_offset}: {error}")]
    Decompress {
        /// Where the batch starts.
        base_offset: i64,
        /// Why.
        #[source]
        error: CompressionError,
    },
    /// A record of the batch is malformed.
    #[error("record batch at offset {base_offset} is malformed at its record {index}: {reason}")]
    InvalidRecord {
        /// Where the batch starts.
        base_offset: i64,
        /// Which record, from 0.
        index: u32,
        /// What is wrong with it.
        reason: RecordFault,
    },
    /// A record of a control batch is not what it has to be.
    #[error(
        "the control record at offset {offset} is malformed: {}",
        error.as_ref().map_or_else(|| "its key is too short".to_owned(), ToString::to_string)
    )]
    InvalidControlRecord {
        /// The record's offset.
        offset: i64,
        /// What is wrong with its value; `None` if it is the key.
        #[source]
        error: Option<DecodeError>,
    },
    /// Bytes are left after the number of records that the header states.
    #[error("record batch at offset {base_offset} has {bytes} bytes after its {count} records")]
    TrailingBytes {
        /// Where the batch starts.
        base_offset: i64,
        /// Records stated and read.
        count: u32,
        /// Bytes that follow them.
        bytes: usize,
    },
    /// A record that can't be encoded: a part, or all of it, is 2 GiB or longer.
    #[error("a record of {size} bytes does not fit the record format, which ends at 2 GiB")]
    RecordTooLarge {
        /// What it would take.
        size: u64,
    },
    /// One more record would make the batch 2 GiB or longer, or give it more
    /// than 2³¹ − 1 records. The builder is unchanged.
    #[error("the batch is full: {records} records in {bytes} bytes")]
    BatchFull {
        /// Records in the batch.
        records: u32,
        /// Bytes of the batch.
        bytes: usize,
    },
    /// The record's timestamp is further from the batch's first than an `i64`
    /// tells. The builder is unchanged.
    #[error("timestamp {timestamp} can't be expressed relative to the batch's first, {base}")]
    TimestampOutOfRange {
        /// The batch's base timestamp.
        base: i64,
        /// The record's timestamp.
        timestamp: i64,
    },
    /// What the format that was asked for has no place for.
    #[error("magic {magic} can't hold it: {reason}")]
    NotInFormat {
        /// The format.
        magic: i8,
        /// What does not fit.
        reason: &'static str,
    },
    /// A batch without records can't be sealed.
    #[error("a batch needs at least one record")]
    EmptyBatch,
    /// The records could not be compressed.
    #[error(transparent)]
    Compress(#[from] CompressionError),
}

/// What is wrong with one record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// The batch ends before the record does, or before it begins.
    #[error("the batch ends within it")]
    Truncated,
    /// The record's length field is not what its fields take.
    #[error("its length field is wrong")]
    Length,
    /// A variable-length integer is malformed.
    #[error("a varint is malformed")]
    Varint,
    /// A length is below −1, or −1 where null is not allowed.
    #[error("a length is negative")]
    NegativeLength,
    /// The number of headers is negative, or more than fit in the record.
    #[error("the number of its headers is impossible")]
    HeaderCount,
    /// A header's key is not UTF-8.
    #[error("a header's key is not valid UTF-8")]
    HeaderKey,
    /// The offset is not above the previous record's (in magic 0 and 1, below it),
    /// or beyond the batch's last.
    #[error("its offset is out of order")]
    Offset,
    /// The timestamp overflows.
    #[error("its timestamp is out of range")]
    Timestamp,
    /// A message inside a compressed message set is not of magic 0 or 1.
    #[error("its magic is neither 0 nor 1")]
    Magic,
    /// The checksum of a message inside a compressed message set is wrong.
    #[error("its checksum is wrong")]
    Checksum,
    /// A message inside a compressed message set is compressed itself.
    #[error("it is a compressed message set inside another")]
    Nested,
}
