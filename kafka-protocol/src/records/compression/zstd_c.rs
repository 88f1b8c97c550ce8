//! Zstandard (RFC 8878) by its C library: all levels, and faster than the one
//! without C.

use zstd::bulk::Compressor;
use zstd::zstd_safe::DCtx;

use super::output::Scratch;
use super::zstd_frame::most_decompressed;
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
    let most = most_decompressed(input, budget)?;
    let mut output = Vec::with_capacity(most.min(budget));
    let mut context = DCtx::try_create().ok_or_else(|| CompressionError::Failed {
        codec: Compression::Zstd,
        reason: "there is no memory for its tables".into(),
    })?;
    // All at once, which needs no window beside the output.
    match context.decompress(&mut output, input) {
        Ok(_) => Ok(output),
        Err(code) => {
            let reason = zstd::zstd_safe::get_error_name(code);
            // The only reason for which there is too little room.
            if most > budget && reason.starts_with("Destination buffer is too small") {
                return Err(CompressionError::TooLarge {
                    codec: Compression::Zstd,
                    limit: budget,
                });
            }
            Err(CompressionError::Malformed {
                codec: Compression::Zstd,
                reason: reason.into(),
            })
        }
    }
}

fn failed(error: &std::io::Error) -> CompressionError {
    CompressionError::Failed {
        codec: Compression::Zstd,
        reason: error.to_string().into(),
    }
}
