//! Zstandard (RFC 8878) without C: the fast levels to write, all of the format to
//! read but dictionaries.

use std::borrow::Cow;
use std::cell::Cell;

use zrip::{CompressContext, DecompressContext, DecompressError};

use super::output::Scratch;
use super::zstd_frame::most_decompressed;
use super::{Compression, CompressionError, Encode};

const DEFAULT_LEVEL: i32 = 3;
/// What the decoder wants behind its output, to copy in steps of a fixed width.
const SLACK: usize = 64;

pub(super) struct Encoder {
    context: CompressContext,
}

impl Encoder {
    pub(super) fn new(level: Option<i32>) -> Result<Self, CompressionError> {
        let level = match level {
            // Zero is the C library's word for its default.
            None | Some(0) => DEFAULT_LEVEL,
            Some(level @ -7..=4) => level,
            Some(level) => {
                return Err(CompressionError::UnsupportedLevel {
                    codec: Compression::Zstd,
                    level,
                    supported: "without C it is -7 to 4; \
                                the feature `zstd-c` of kafka-protocol has -131072 to 22",
                });
            }
        };
        let mut context = CompressContext::new(level).map_err(|error| failed(&error))?;
        // A batch has a checksum of its own.
        context.set_content_checksum(false);
        Ok(Self { context })
    }
}

impl Encode for Encoder {
    fn compress(&mut self, input: &[u8], output: &mut Scratch) -> Result<(), CompressionError> {
        let spare = output.spare(zrip::compress_bound(input.len()));
        let len = self
            .context
            .compress_into(input, spare)
            .map_err(|error| failed(&error))?;
        output.advance(len);
        Ok(())
    }
}

pub(super) fn decompress(input: &[u8], budget: usize) -> Result<Vec<u8>, CompressionError> {
    let most = most_decompressed(input, budget)?.min(budget);
    let mut output = Vec::with_capacity(most.saturating_add(SLACK));
    with_tables_kept(input, &mut output, budget).map_err(|error| match error {
        DecompressError::OutputTooSmall => too_large(budget),
        // So zrip calls what a block's sequences write beyond the limit, too.
        DecompressError::CorruptSequences if budget.saturating_sub(output.len()) < MAX_BLOCK => {
            too_large(budget)
        }
        error => malformed(error.to_string()),
    })?;
    Ok(output)
}

thread_local! {
    /// The tables of a decoder, some 200 KiB at most: as long to make as a small batch
    /// takes to read.
    static CONTEXT: Cell<Option<DecompressContext>> = const { Cell::new(None) };
}

/// Appends what `input` becomes, by the thread's decoder.
fn with_tables_kept(
    input: &[u8],
    output: &mut Vec<u8>,
    budget: usize,
) -> Result<(), DecompressError> {
    // None while the thread ends.
    let kept = CONTEXT.try_with(Cell::take).ok().flatten();
    let mut context = kept.unwrap_or_default();
    context.decompress_into_with_limit(input, output, budget)?;
    // What failed half-way is not used again.
    _ = CONTEXT.try_with(|kept| kept.set(Some(context)));
    Ok(())
}

/// The most that a block becomes.
const MAX_BLOCK: usize = 128 << 10;

fn too_large(budget: usize) -> CompressionError {
    CompressionError::TooLarge {
        codec: Compression::Zstd,
        limit: budget,
    }
}

fn failed(error: &zrip::CompressError) -> CompressionError {
    CompressionError::Failed {
        codec: Compression::Zstd,
        reason: error.to_string().into(),
    }
}

fn malformed(reason: impl Into<Cow<'static, str>>) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Zstd,
        reason: reason.into(),
    }
}
