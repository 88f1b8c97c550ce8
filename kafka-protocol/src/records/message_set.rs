//! Message sets: what batches were in magic 0 and 1.
//!
//! Nothing holds an uncompressed set together: one message follows the other. So
//! that each need not be a batch of its own, a run of them is taken as one. A
//! compressed set is one wrapper message whose value holds the others.

use bytes::Bytes;

use super::batch::RecordBatch;
use super::compression::{self, Compression, Framing};
use super::error::{RecordError, RecordFault};
use super::header::{Attributes, BatchHeader, peek};
use super::limits::BatchLimits;
use super::magic::Magic;
use super::message::{Message, checksums};
use super::message_set_builder::Wrapper;
use super::view::{Base, Records};

/// Where a run of uncompressed messages ends at the latest: a corrupt one spoils
/// no more than that, and checking a run takes no longer than a large batch.
const RUN_LEN: usize = 1 << 20;

/// Splits a wrapper or a run of messages off the front of `bytes`.
pub(super) fn parse(
    bytes: &mut Bytes,
    limits: &BatchLimits,
) -> Result<Option<RecordBatch>, RecordError> {
    let Some(len) = RecordBatch::encoded_len_of_next(bytes)? else {
        return Ok(None);
    };
    let Some(whole) = bytes.get(..len) else {
        return Ok(None);
    };
    let base_offset = peek(whole).map_or(0, |peek| peek.base_offset());
    if limits.check_crc {
        check_crc(whole, base_offset)?;
    }
    let first = Message::read(whole).map_err(|reason| invalid(base_offset, 0, reason))?;
    let compression = check_first(&first)?;
    let magic = first.magic;
    let (len, header) = if compression == Compression::None {
        let mut run = Run::from(&first);
        run.extend(bytes, &first, limits.check_crc);
        (run.len, run.header(&first))
    } else {
        (len, Wrapper::of(&first).header(compression))
    };
    let raw = bytes.split_to(len);
    Ok(Some(RecordBatch::of(magic, raw, header, compression)))
}

/// The records of a batch that [`parse`] or a builder gave.
pub(super) fn records(batch: &RecordBatch, limits: &BatchLimits) -> Result<Records, RecordError> {
    let base_offset = batch.base_offset();
    if batch.compression() == Compression::None {
        // Every message was read when the run was cut off.
        let count = u32::try_from(batch.record_count()).unwrap_or(0);
        return Ok(Records::of_messages(
            batch.raw().clone(),
            count,
            Base::of_messages(0, None),
        ));
    }
    let wrapper = Message::read(batch.raw()).map_err(|reason| invalid(base_offset, 0, reason))?;
    let body = unwrap(&wrapper, batch, limits)?;
    let mut inner = Inner::default();
    let mut rest = &body[..];
    while !rest.is_empty() {
        let message = inner
            .check_next(rest, limits.check_crc)
            .map_err(|reason| invalid(base_offset, inner.count, reason))?;
        rest = rest.get(message.encoded_len..).unwrap_or_default();
    }
    if inner.count == 0 {
        return Err(RecordError::InvalidHeader {
            base_offset,
            reason: "a compressed message set has no messages",
        });
    }
    // Relative to the wrapper's offset, which is the last message's; except that
    // old versions of librdkafka produce wrappers with offset 0.
    let shift = match (wrapper.magic, wrapper.offset) {
        (Magic::V1, 1..) => wrapper.offset - inner.last_offset,
        _ => 0,
    };
    if shift < 0 {
        return Err(RecordError::InvalidHeader {
            base_offset,
            reason: "the wrapper's offset is below that of its last message",
        });
    }
    let append_time = wrapper
        .attributes
        .is_log_append_time(wrapper.magic)
        .then_some(wrapper.timestamp);
    let base = Base::of_messages(shift, append_time);
    Ok(Records::of_messages(body, inner.count, base))
}

fn unwrap(
    wrapper: &Message<'_>,
    batch: &RecordBatch,
    limits: &BatchLimits,
) -> Result<Bytes, RecordError> {
    // Its value is there, or it would not have been parsed.
    let packed = batch.raw().slice_ref(wrapper.value.unwrap_or_default());
    let framing = Framing::of(wrapper.magic);
    let budget = limits.budget(packed.len());
    compression::decompress(batch.compression(), framing, &packed, budget).map_err(|error| {
        RecordError::Decompress {
            base_offset: batch.base_offset(),
            error,
        }
    })
}

/// Checks what the first message of a set can be wrong in by itself.
fn check_first(first: &Message<'_>) -> Result<Compression, RecordError> {
    let base_offset = first.offset;
    let invalid = |reason| {
        Err(RecordError::InvalidHeader {
            base_offset,
            reason,
        })
    };
    if base_offset < 0 {
        return invalid("the offset is negative");
    }
    // So that the next offset does not overflow.
    if base_offset == i64::MAX {
        return invalid("the offset overflows");
    }
    let id = first.attributes.codec_id();
    match Compression::from_id(id) {
        // Younger than these formats.
        None | Some(Compression::Zstd) => Err(RecordError::UnknownCompression { base_offset, id }),
        Some(compression) if compression != Compression::None && first.value.is_none() => {
            invalid("a compressed message set is null")
        }
        Some(compression) => Ok(compression),
    }
}

/// The run of messages at the front of some bytes, or a single wrapper.
struct Run {
    len: usize,
    count: i32,
    last_offset: i64,
    max_timestamp: i64,
}

impl Run {
    fn from(first: &Message<'_>) -> Self {
        Self {
            len: first.encoded_len,
            count: 1,
            last_offset: first.offset,
            max_timestamp: first.timestamp,
        }
    }

    /// Takes messages that go on where `first` began, up to the first that does
    /// not, is cut, or is wrong: that one is the next batch's concern.
    fn extend(&mut self, bytes: &[u8], first: &Message<'_>, check_crc: bool) {
        while self.len < RUN_LEN && self.count < i32::MAX {
            let rest = bytes.get(self.len..).unwrap_or_default();
            let Ok(next) = Message::read(rest) else {
                return;
            };
            let whole = &rest[..next.encoded_len];
            if !self.goes_on_with(&next, first) || (check_crc && !has_right_crc(whole)) {
                return;
            }
            self.len += next.encoded_len;
            self.count += 1;
            self.last_offset = next.offset;
            self.max_timestamp = self.max_timestamp.max(next.timestamp);
        }
    }

    /// Offsets may repeat: producers need not count them.
    fn goes_on_with(&self, next: &Message<'_>, first: &Message<'_>) -> bool {
        let log_append = |message: &Message<'_>| {
            message
                .attributes
                .is_log_append_time(message.magic)
                .then_some(message.timestamp)
        };
        next.magic == first.magic
            && next.attributes.codec_id() == Compression::None.id()
            && log_append(next) == log_append(first)
            && next.offset >= self.last_offset
            && next.offset - first.offset <= i64::from(i32::MAX)
            && next.offset != i64::MAX
    }

    /// What the header of a batch would say.
    fn header(&self, first: &Message<'_>) -> BatchHeader {
        let log_append_time = first.attributes.is_log_append_time(first.magic);
        let delta = self.last_offset - first.offset;
        BatchHeader {
            base_offset: first.offset,
            attributes: Attributes::new(Compression::None, log_append_time, false, false),
            last_offset_delta: i32::try_from(delta).unwrap_or(i32::MAX),
            base_timestamp: first.timestamp,
            max_timestamp: self.max_timestamp,
            record_count: self.count,
            ..BatchHeader::UNSET
        }
    }
}

/// The messages inside a wrapper, as far as they were read.
#[derive(Default)]
struct Inner {
    count: u32,
    last_offset: i64,
}

impl Inner {
    fn check_next<'a>(
        &mut self,
        rest: &'a [u8],
        check_crc: bool,
    ) -> Result<Message<'a>, RecordFault> {
        let message = Message::read(rest)?;
        if check_crc && !has_right_crc(&rest[..message.encoded_len]) {
            return Err(RecordFault::Checksum);
        }
        if message.attributes.codec_id() != Compression::None.id() {
            return Err(RecordFault::Nested);
        }
        if message.offset < self.last_offset || message.offset == i64::MAX {
            return Err(RecordFault::Offset);
        }
        self.last_offset = message.offset;
        self.count += 1;
        Ok(message)
    }
}

fn check_crc(whole: &[u8], base_offset: i64) -> Result<(), RecordError> {
    match checksums(whole) {
        Some((stored, computed)) if stored != computed => Err(RecordError::CrcMismatch {
            base_offset,
            stored,
            computed,
        }),
        _ => Ok(()),
    }
}

fn has_right_crc(whole: &[u8]) -> bool {
    checksums(whole).is_some_and(|(stored, computed)| stored == computed)
}

fn invalid(base_offset: i64, index: u32, reason: RecordFault) -> RecordError {
    RecordError::InvalidRecord {
        base_offset,
        index,
        reason,
    }
}
