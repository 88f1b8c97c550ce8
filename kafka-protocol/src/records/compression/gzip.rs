//! Deflate in a gzip frame (RFC 1952), one or more members.

use std::borrow::Cow;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::output::Scratch;
use super::{Compression, CompressionError, Encode};

const WINDOW_BITS: u8 = 15;
/// No byte of a deflate stream stands for more than 1,032.
const MAX_RATIO: usize = 1_032;
/// Room beyond the output, so that its end is noticed.
const SLACK: usize = 16;

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
    let most = input.len().saturating_mul(MAX_RATIO).min(budget);
    let stated = stated_len(input).min(most);
    if let Some(output) = decompress_to(input, stated)? {
        return Ok(output);
    }
    // More than was stated: several members, or a lie. The first buffer is gone
    // before there is a second one.
    let output = (stated < most).then(|| decompress_to(input, most));
    output
        .transpose()?
        .flatten()
        .ok_or(CompressionError::TooLarge {
            codec: Compression::Gzip,
            limit: budget,
        })
}

/// All members of `input` decompressed, if they come to no more than `room` bytes.
fn decompress_to(input: &[u8], room: usize) -> Result<Option<Vec<u8>>, CompressionError> {
    let mut output = Vec::with_capacity(room.saturating_add(SLACK));
    let mut rest = input;
    while !rest.is_empty() {
        let mut stream = Decompress::new_gzip(WINDOW_BITS);
        let mut status = Status::Ok;
        while status != Status::StreamEnd {
            let before = (stream.total_in(), output.len());
            status = stream
                .decompress_vec(rest, &mut output, FlushDecompress::None)
                .map_err(|error| malformed(error.to_string()))?;
            if output.len() > room {
                return Ok(None);
            }
            let read = (stream.total_in() - before.0) as usize;
            rest = rest.get(read..).unwrap_or_default();
            // With room to write, only missing input stops it.
            if status != Status::StreamEnd && (stream.total_in(), output.len()) == before {
                return Err(malformed("it ends too early"));
            }
        }
    }
    Ok(Some(output))
}

/// What a member says at its end that it decompresses to, of all there are the
/// last.
fn stated_len(input: &[u8]) -> usize {
    let stated = input.last_chunk().copied().unwrap_or_default();
    usize::try_from(u32::from_le_bytes(stated)).unwrap_or(usize::MAX)
}

fn malformed(reason: impl Into<Cow<'static, str>>) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Gzip,
        reason: reason.into(),
    }
}
