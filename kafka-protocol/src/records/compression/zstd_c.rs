//! Zstandard (RFC 8878) by its C library: all levels, and faster than the one
//! without C.

use std::borrow::Cow;
use std::io::Read;

use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

use super::output::Scratch;
use super::zstd_frame::FrameHeader;
use super::{Compression, CompressionError, Encode};

pub(super) struct Encoder {
    context: Compressor<'static>,
}

impl Encoder {
    pub(super) fn new(level: Option<i32>) -> Result<Self, CompressionError> {
        let range = zstd::compression_level_range();
        let level = match level {
            None => zstd::DEFAULT_COMPRESSION_LEVEL,
            Some(level) if range.contains(&level) => level,
            Some(level) => {
                return Err(CompressionError::UnsupportedLevel {
                    codec: Compression::Zstd,
                    level,
                    supported: "it is -131072 to 22",
                });
            }
        };
        Ok(Self {
            context: Compressor::new(level).map_err(|error| failed(&error))?,
        })
    }
}

impl Encode for Encoder {
    fn compress(&mut self, input: &[u8], output: &mut Scratch) -> Result<(), CompressionError> {
        let spare = output.spare(zstd::zstd_safe::compress_bound(input.len()));
        let len = self
            .context
            .compress_to_buffer(input, spare)
            .map_err(|error| failed(&error))?;
        output.advance(len);
        Ok(())
    }
}

pub(super) fn decompress(input: &[u8], budget: usize) -> Result<Vec<u8>, CompressionError> {
    // Said openly, it need not be found out.
    FrameHeader::read(input)?.check_content_size(input.len(), budget)?;
    let mut decoder = Decoder::with_buffer(input).map_err(|error| malformed(&error))?;
    decoder
        .window_log_max(MAX_WINDOW_LOG)
        .map_err(|error| malformed(&error))?;
    let mut output = Vec::new();
    let limit = (budget as u64).saturating_add(1);
    decoder
        .take(limit)
        .read_to_end(&mut output)
        .map_err(|error| malformed(&error))?;
    if output.len() > budget {
        return Err(CompressionError::TooLarge {
            codec: Compression::Zstd,
            limit: budget,
        });
    }
    Ok(output)
}

/// The C library's default: 128 MiB.
const MAX_WINDOW_LOG: u32 = 27;

fn failed(error: &std::io::Error) -> CompressionError {
    CompressionError::Failed {
        codec: Compression::Zstd,
        reason: error.to_string().into(),
    }
}

fn malformed(error: &std::io::Error) -> CompressionError {
    let reason: Cow<'static, str> = error.to_string().into();
    CompressionError::Malformed {
        codec: Compression::Zstd,
        reason,
    }
}
