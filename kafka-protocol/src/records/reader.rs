use std::fmt;
use std::io::{self, Read};

use bytes::{Bytes, BytesMut};

use super::batch::RecordBatch;
use super::error::RecordError;
use super::limits::BatchLimits;

/// Reads the batches of a log segment, or of whatever holds batches one after the
/// other: a `.log` file, a KRaft snapshot, a fetch answer.
///
/// Batches of all formats may be mixed and offsets may have gaps. Segments that
/// were allocated in advance end in zeros, where reading ends too; zeros with
/// anything behind them are damage. After an error there is nothing more.
///
/// ```
/// use kafka_protocol::records::{
///     BatchBuilder, BatchLimits, BatchReader, BatchStamp, Compression, Compressor, NewRecord,
/// };
///
/// # let mut builder = BatchBuilder::new();
/// # builder.append(&NewRecord::default())?;
/// # let sealed = builder.seal(&mut Compressor::new(Compression::None)?)?;
/// # let segment = sealed.to_record_bytes(&BatchStamp::default()).into_bytes();
/// let file = &segment[..]; // or std::fs::File::open("00000000000000000000.log")?
/// let limits = BatchLimits::default();
/// for batch in BatchReader::new(file, limits) {
///     for record in &batch?.decompress(&limits)? {
///         println!("{}: {:?}", record.offset(), record.value());
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BatchReader<R> {
    source: R,
    limits: BatchLimits,
    max_batch_len: usize,
    /// Read, but not yet given out.
    pending: Bytes,
    position: u64,
    done: bool,
}

/// Why [`BatchReader`] can't go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchReadError {
    /// The source failed.
    #[error("reading failed at byte {position}: {error}")]
    Io {
        /// Where the batch begins that was being read.
        position: u64,
        /// The source's error.
        #[source]
        error: io::Error,
    },
    /// What is there is no batch, or a damaged one.
    #[error("no batch at byte {position}: {error}")]
    Invalid {
        /// Where it begins.
        position: u64,
        /// What is wrong.
        #[source]
        error: RecordError,
    },
    /// A batch claims to be longer than is allowed.
    #[error("the batch at byte {position} claims {len} bytes, more than the {max} allowed")]
    TooLong {
        /// Where it begins.
        position: u64,
        /// Its length as it says.
        len: usize,
        /// What is allowed.
        max: usize,
    },
    /// The source ends within a batch.
    #[error("the last batch, at byte {position}, is cut after {len} bytes")]
    Truncated {
        /// Where it begins.
        position: u64,
        /// Bytes of it that are there.
        len: usize,
    },
}

impl<R: Read> BatchReader<R> {
    /// Bytes read from the source at a time.
    const CHUNK_LEN: usize = 256 << 10;

    /// Reads from `source`, which need not be buffered. `limits` tell how each
    /// batch is checked.
    pub fn new(source: R, limits: BatchLimits) -> Self {
        Self {
            source,
            limits,
            max_batch_len: 128 << 20,
            pending: Bytes::new(),
            position: 0,
            done: false,
        }
    }

    /// Sets how many bytes a batch may have, compressed, as Kafka's
    /// `max.message.bytes`. Default: 128 MiB. Memory is only taken as bytes come.
    #[must_use]
    pub fn with_max_batch_len(mut self, bytes: usize) -> Self {
        self.max_batch_len = bytes;
        self
    }

    /// Bytes of all batches given out: where the next one begins.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn read_next(&mut self) -> Result<Option<RecordBatch>, BatchReadError> {
        let position = self.position;
        let invalid = |error| BatchReadError::Invalid { position, error };
        loop {
            let wanted = match RecordBatch::encoded_len_of_next(&self.pending) {
                Ok(wanted) => wanted,
                Err(error) => {
                    let ended = self.only_zeros_are_left();
                    return match ended.map_err(|error| BatchReadError::Io { position, error })? {
                        true => Ok(None),
                        false => Err(invalid(error)),
                    };
                }
            };
            let wanted = wanted.unwrap_or(LEAST_LEN);
            if wanted > self.max_batch_len.max(LEAST_LEN) {
                return Err(BatchReadError::TooLong {
                    position,
                    len: wanted,
                    max: self.max_batch_len,
                });
            }
            let parsed = RecordBatch::parse(&mut self.pending, &self.limits).map_err(invalid)?;
            if let Some(batch) = parsed {
                self.position += batch.encoded_len() as u64;
                return Ok(Some(batch));
            }
            let before = self.pending.len();
            self.fill(wanted)
                .map_err(|error| BatchReadError::Io { position, error })?;
            match self.pending.len() {
                0 => return Ok(None),
                len if len == before && self.pending.iter().all(|byte| *byte == 0) => {
                    return Ok(None);
                }
                len if len == before => return Err(BatchReadError::Truncated { position, len }),
                _ => {}
            }
        }
    }

    /// Whether nothing but zeros comes up to the end, all of which is then read.
    fn only_zeros_are_left(&mut self) -> io::Result<bool> {
        while !self.pending.is_empty() {
            if self.pending.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            self.pending = Bytes::new();
            self.fill(1)?;
        }
        Ok(true)
    }

    /// Reads on until `wanted` bytes are pending, or there are no more.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let mut buffer = BytesMut::from(&self.pending[..]);
        let mut filled = buffer.len();
        while filled < wanted {
            // A length that lies costs no more than what is there.
            buffer.resize(filled + Self::CHUNK_LEN, 0);
            match self.source.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(len) => filled += len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        buffer.truncate(filled);
        // A batch that is kept keeps the buffer: not a large one for a few bytes.
        self.pending = match filled < buffer.capacity() / 2 {
            true => Bytes::copy_from_slice(&buffer),
            false => buffer.freeze(),
        };
        Ok(())
    }
}

/// What tells a batch's length, in every format.
const LEAST_LEN: usize = 17;

impl<R: Read> Iterator for BatchReader<R> {
    type Item = Result<RecordBatch, BatchReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read_next().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<R> fmt::Debug for BatchReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchReader")
            .field("position", &self.position)
            .field("pending", &self.pending.len())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
