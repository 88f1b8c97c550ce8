//! Deflate in a gzip frame (RFC 1952), one or more members.

use std::borrow::Cow;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::output::Scratch;
use super::{Compression, CompressionError, Encode};

const WINDOW_BITS: u8 = 15;

pub(super) struct Encoder {
    stream: Compress,
}

impl Encoder {
    pub(super) fn new(level: Option<i32>) -> Result<Self, CompressionError> {
        let level = match level {
            None | Some(-1) => flate2::Compression::default(),
            Some(level @ 1..=9) => flate2::Compression::new(level as u32),
            Some(level) => {
                return Err(CompressionError::UnsupportedLevel {
                    codec: Compression::Gzip,
                    level,
                    supported: "it is 1 to 9, or -1 for the default, 6",
                });
            }
        };
        Ok(Self {
            stream: Compress::new_gzip(level, WINDOW_BITS),
        })
    }
}

impl Encode for Encoder {
    fn compress(&mut self, input: &[u8], output: &mut Scratch) -> Result<(), CompressionError> {
        let failed = |reason: Cow<'static, str>| CompressionError::Failed {
            codec: Compression::Gzip,
            reason,
        };
        self.stream.reset();
        loop {
            let rest = input
                .get(self.stream.total_in() as usize..)
                .unwrap_or_default();
            let before = (self.stream.total_in(), self.stream.total_out());
            let spare = output.spare(rest.len() / 2 + 1024);
            let status = self
                .stream
                .compress(rest, spare, FlushCompress::Finish)
                .map_err(|error| failed(error.to_string().into()))?;
            output.advance((self.stream.total_out() - before.1) as usize);
            if status == Status::StreamEnd {
                return Ok(());
            }
            if (self.stream.total_in(), self.stream.total_out()) == before {
                return Err(failed("no progress".into()));
            }
        }
    }
}

pub(super) fn decompress(input: &[u8], budget: usize) -> Result<Vec<u8>, CompressionError> {
    let mut output = Vec::with_capacity(expected_len(input).min(budget));
    let mut rest = input;
    while !rest.is_empty() {
        rest = decompress_member(rest, &mut output, budget)?;
    }
    Ok(output)
}

/// Decompresses the member at the start of `input` and returns what follows it.
fn decompress_member<'a>(
    input: &'a [u8],
    output: &mut Vec<u8>,
    budget: usize,
) -> Result<&'a [u8], CompressionError> {
    let mut stream = Decompress::new_gzip(WINDOW_BITS);
    loop {
        if output.len() == output.capacity() {
            // Twice as much, but little beyond the budget.
            let more = output
                .len()
                .max(1024)
                .min(budget.saturating_sub(output.len()) + 64);
            output.reserve_exact(more);
        }
        let rest = input.get(stream.total_in() as usize..).unwrap_or_default();
        let before = (stream.total_in(), stream.total_out());
        let status = stream
            .decompress_vec(rest, output, FlushDecompress::None)
            .map_err(|error| malformed(error.to_string()))?;
        if output.len() > budget {
            return Err(CompressionError::TooLarge {
                codec: Compression::Gzip,
                limit: budget,
            });
        }
        if status == Status::StreamEnd {
            return Ok(input.get(stream.total_in() as usize..).unwrap_or_default());
        }
        // With room to write, only missing input stops it.
        if (stream.total_in(), stream.total_out()) == before && output.len() < output.capacity() {
            return Err(malformed("it ends too early"));
        }
    }
}

/// What a member says at its end that it decompresses to: only a hint, so taken
/// only as far as is usual.
fn expected_len(input: &[u8]) -> usize {
    const USUAL_RATIO: usize = 16;
    let stated = input
        .last_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
    // A little more, or the end is not noticed without growing.
    stated
        .min(input.len().saturating_mul(USUAL_RATIO))
        .saturating_add(16)
}

fn malformed(reason: impl Into<Cow<'static, str>>) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Gzip,
        reason: reason.into(),
    }
}
