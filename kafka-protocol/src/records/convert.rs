use super::batch::{RecordBatch, TimestampType};
use super::compression::{Compression, Compressor};
use super::error::RecordError;
use super::header::{Attributes, BatchHeader};
use super::limits::BatchLimits;
use super::magic::Magic;
use super::message_set_builder::MessageSetBuilder;
use super::record::RecordView;
use super::rewrite::{batch_of_messages, without_headers};
use super::view::Records;

/// Converts batches from one format to another, as brokers do for clients older
/// than their logs (down) and for producers older than them (up).
///
/// Offsets stay, and what is compressed stays so, by the same codec. What the new
/// format has no place for is dropped, and told in the [`Conversion`].
///
/// ```
/// use kafka_protocol::records::{
///     BatchBuilder, BatchLimits, BatchStamp, Compression, Compressor, Converter, Header, Magic,
///     NewRecord,
/// };
///
/// let mut builder = BatchBuilder::new();
/// builder.append(&NewRecord {
///     timestamp: 1_700_000_000_000,
///     value: Some(b"v"),
///     headers: &[Header { key: "trace", value: None }],
///     ..NewRecord::default()
/// })?;
/// let batch = builder.seal(&mut Compressor::new(Compression::Gzip)?)?.view();
///
/// let old = Converter::new(Magic::V0).convert(&batch)?;
/// assert_eq!((old.headers, old.timestamps), (1, 1));
/// let set = old.batch.expect("nothing else was in the way");
/// assert_eq!((set.magic(), set.compression()), (Magic::V0, Compression::Gzip));
/// # Ok::<(), kafka_protocol::records::RecordError>(())
/// ```
#[derive(Debug)]
pub struct Converter {
    to: Magic,
    limits: BatchLimits,
    first_offset: i64,
    zstd_as: Option<Compression>,
    /// Made when first needed, one for each codec.
    compressors: Vec<Compressor>,
}

/// What came of converting one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conversion {
    /// The batch in the new format; the same one if it had that format already.
    /// `None` if nothing is left of it.
    pub batch: Option<RecordBatch>,
    /// Control records dropped: there are none before magic 2.
    pub control_records: u32,
    /// Records dropped because they precede
    /// [`with_first_offset`](Converter::with_first_offset).
    pub earlier_records: u32,
    /// Headers dropped, of all records together: there are none before magic 2.
    pub headers: u32,
    /// Timestamps lost: there are none in magic 0.
    pub timestamps: u32,
    /// Whether producer id, epoch and sequence were lost, and with them whether
    /// the records are of a transaction.
    pub producer: bool,
}

impl Converter {
    /// A converter to the format `to`, with the default [`BatchLimits`].
    pub fn new(to: Magic) -> Self {
        Self {
            to,
            limits: BatchLimits::DEFAULT,
            first_offset: 0,
            zstd_as: None,
            compressors: Vec::new(),
        }
    }

    /// How far batches that have to be decompressed are trusted. Neither what they
    /// decompress to nor what that becomes may be larger.
    #[must_use]
    pub fn with_limits(mut self, limits: BatchLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The offset that a client asked for. Of batches whose messages come
    /// uncompressed in an older format, records before it are left out: messages of
    /// those are no batch that a client expects to begin earlier, and some versions
    /// of librdkafka rely on it. Default: 0, all are kept.
    #[must_use]
    pub fn with_first_offset(mut self, offset: i64) -> Self {
        self.first_offset = offset;
        self
    }

    /// What batches compressed with zstd are compressed with instead in magic 0 and
    /// 1, which do not know it. Default: nothing, they are refused, as brokers do
    /// (`UNSUPPORTED_COMPRESSION_TYPE`).
    #[must_use]
    pub fn with_zstd_as(mut self, compression: Compression) -> Self {
        self.zstd_as = Some(compression);
        self
    }

    /// Converts one batch, checking every record on the way.
    ///
    /// Up from a message set of a producer, whose offsets may repeat, they count up
    /// from the first. To magic 0 and 1, refused
    /// ([`NotInFormat`](RecordError::NotInFormat)) if the batch is compressed with
    /// zstd. A batch in the right format is not looked into.
    pub fn convert(&mut self, batch: &RecordBatch) -> Result<Conversion, RecordError> {
        if batch.magic() == self.to {
            return Ok(Conversion {
                batch: Some(batch.clone()),
                ..Conversion::default()
            });
        }
        if batch.is_control() {
            return Ok(Conversion {
                control_records: batch.record_count().unsigned_abs(),
                ..Conversion::default()
            });
        }
        let compression = self.codec_for(batch)?;
        let records = batch.decompress(&self.limits)?;
        if self.to == Magic::V2 {
            let is_append_time = batch.timestamp_type() == TimestampType::LogAppendTime;
            let header = BatchHeader {
                attributes: Attributes::new(compression, is_append_time, false, false),
                ..BatchHeader::UNSET
            };
            let compressor = self.compressor(compression)?;
            return Ok(Conversion {
                batch: Some(batch_of_messages(&records, header, compressor)?),
                ..Conversion::default()
            });
        }
        self.convert_down(batch, &records, compression)
    }

    fn convert_down(
        &mut self,
        batch: &RecordBatch,
        records: &Records,
        compression: Compression,
    ) -> Result<Conversion, RecordError> {
        let mut conversion = Conversion {
            producer: batch.producer_id() >= 0,
            ..Conversion::default()
        };
        let mut builder = MessageSetBuilder::new(self.to);
        if batch.timestamp_type() == TimestampType::LogAppendTime {
            builder = builder.with_log_append_time(batch.max_timestamp());
        }
        let is_packed = batch.compression() != Compression::None;
        for record in records {
            if compression == Compression::None && record.offset() < self.first_offset {
                conversion.earlier_records += 1;
                continue;
            }
            conversion.count_losses(&record, self.to);
            builder.append_at(record.offset(), &without_headers(&record))?;
            // A message takes several times what the least record does.
            if is_packed && builder.encoded_len() > self.limits.max_decompressed {
                return Err(RecordError::BatchFull {
                    records: builder.record_count(),
                    bytes: builder.encoded_len(),
                });
            }
        }
        if !builder.is_empty() {
            let compressor = self.compressor(compression)?;
            conversion.batch = Some(builder.seal(compressor)?);
        }
        Ok(conversion)
    }

    /// The codec that a batch has after the conversion.
    fn codec_for(&self, batch: &RecordBatch) -> Result<Compression, RecordError> {
        match (batch.compression(), self.zstd_as) {
            (Compression::Zstd, Some(other)) if self.to != Magic::V2 => Ok(other),
            (Compression::Zstd, None) if self.to != Magic::V2 => Err(RecordError::NotInFormat {
                magic: self.to.id(),
                reason: "zstd is younger than it",
            }),
            (compression, _) => Ok(compression),
        }
    }

    fn compressor(&mut self, compression: Compression) -> Result<&mut Compressor, RecordError> {
        let known = |compressor: &Compressor| compressor.compression() == compression;
        let index = match self.compressors.iter().position(known) {
            Some(index) => index,
            None => {
                self.compressors.push(Compressor::new(compression)?);
                self.compressors.len() - 1
            }
        };
        Ok(&mut self.compressors[index])
    }
}

impl Conversion {
    fn count_losses(&mut self, record: &RecordView<'_>, to: Magic) {
        let headers = u32::try_from(record.headers().len()).unwrap_or(u32::MAX);
        self.headers = self.headers.saturating_add(headers);
        if to == Magic::V0 && record.timestamp() != NO_TIMESTAMP {
            self.timestamps += 1;
        }
    }
}

/// What a record without a timestamp has.
const NO_TIMESTAMP: i64 = -1;
