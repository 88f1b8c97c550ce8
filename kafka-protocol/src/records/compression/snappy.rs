//! Snappy, in two forms: Kafka's own client writes the framing of its Java
//! library (often called xerial), others write one raw block; brokers and clients
//! read both.
//!
//! The framing is a header of 16 bytes (magic, version, oldest compatible
//! version), then blocks of 32 KiB or less, each compressed by itself and preceded
//! by its compressed length as a big-endian `i32`.

use std::borrow::Cow;

use super::output::Scratch;
use super::{Compression, CompressionError, Encode};

const MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
const HEADER: [u8; 16] = *b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";
/// What Java's library cuts its input into.
const BLOCK_LEN: usize = 32 << 10;
/// No element of the format makes more out of a byte: 64 bytes out of 3.
const MAX_RATIO: usize = 22;

pub(super) struct Encoder {
    raw: snap::raw::Encoder,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self {
            raw: snap::raw::Encoder::new(),
        }
    }
}

impl Encode for Encoder {
    fn compress(&mut self, input: &[u8], output: &mut Scratch) -> Result<(), CompressionError> {
        output.push(&HEADER);
        for block in input.chunks(BLOCK_LEN) {
            let spare = output.spare(4 + snap::raw::max_compress_len(block.len()));
            let (length, spare) = spare.split_at_mut(4);
            let len = self.raw.compress(block, spare).map_err(|error| {
                let reason = error.to_string().into();
                CompressionError::Failed {
                    codec: Compression::Snappy,
                    reason,
                }
            })?;
            length.copy_from_slice(&(len as u32).to_be_bytes());
            output.advance(4 + len);
        }
        Ok(())
    }
}

pub(super) fn decompress(input: &[u8], budget: usize) -> Result<Vec<u8>, CompressionError> {
    // First the lengths alone, so that memory is allocated once, and only if the
    // whole is within the budget.
    let mut total = 0_usize;
    for block in Blocks::new(input) {
        total = total.saturating_add(decompressed_len(block?)?);
    }
    if total > budget {
        return Err(CompressionError::TooLarge {
            codec: Compression::Snappy,
            limit: budget,
        });
    }
    let mut output = vec![0; total];
    let mut filled = 0;
    let mut decoder = snap::raw::Decoder::new();
    for block in Blocks::new(input) {
        filled += decoder
            .decompress(block?, &mut output[filled..])
            .map_err(|error| malformed(error.to_string()))?;
    }
    output.truncate(filled);
    Ok(output)
}

/// The raw blocks of either form.
struct Blocks<'a> {
    rest: &'a [u8],
    framed: bool,
}

impl<'a> Blocks<'a> {
    fn new(input: &'a [u8]) -> Self {
        Self {
            rest: input,
            framed: input.starts_with(&MAGIC),
        }
    }

    fn next_framed(&mut self) -> Result<Option<&'a [u8]>, CompressionError> {
        // The header at the start, and those of streams that were simply written
        // one after the other.
        while self.rest.starts_with(&MAGIC) {
            self.rest = self
                .rest
                .get(HEADER.len()..)
                .ok_or_else(|| malformed("the framing's header is cut"))?;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (length, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| malformed("a block's length is cut"))?;
        let (block, rest) = usize::try_from(i32::from_be_bytes(*length))
            .ok()
            .and_then(|len| rest.split_at_checked(len))
            .ok_or_else(|| malformed("a block is longer than what is left"))?;
        self.rest = rest;
        Ok(Some(block))
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<&'a [u8], CompressionError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.framed {
            return self.next_framed().transpose();
        }
        let block = std::mem::take(&mut self.rest);
        (!block.is_empty()).then_some(Ok(block))
    }
}

/// What a block states, if it can be.
fn decompressed_len(block: &[u8]) -> Result<usize, CompressionError> {
    if block.is_empty() {
        return Err(malformed("a block is empty"));
    }
    let len = snap::raw::decompress_len(block).map_err(|error| malformed(error.to_string()))?;
    if len > block.len().saturating_mul(MAX_RATIO) {
        return Err(malformed("a block states a length that it can't have"));
    }
    Ok(len)
}

fn malformed(reason: impl Into<Cow<'static, str>>) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Snappy,
        reason: reason.into(),
    }
}
