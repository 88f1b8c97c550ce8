//! Zstandard (RFC 8878) without C: one encoder level, all of the format to read
//! but dictionaries.

use std::borrow::Cow;
use std::io::Cursor;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, FrameCompressor, MatchGeneratorDriver};

use super::output::Scratch;
use super::zstd_frame::FrameHeader;
use super::{Compression, CompressionError, Encode};

pub(super) struct Encoder {
    frame: FrameCompressor<Cursor<Vec<u8>>, Vec<u8>, MatchGeneratorDriver>,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(level: Option<i32>) -> Result<Self, CompressionError> {
        match level {
            None | Some(1) => Ok(Self {
                frame: FrameCompressor::new(CompressionLevel::Fastest),
                input: Vec::new(),
                output: Vec::new(),
            }),
            Some(level) => Err(CompressionError::UnsupportedLevel {
                codec: Compression::Zstd,
                level,
                supported: "without C there is only 1; \
                            the feature `zstd-c` of kafka-protocol has all of them",
            }),
        }
    }
}

impl Encode for Encoder {
    fn compress(&mut self, input: &[u8], output: &mut Scratch) -> Result<(), CompressionError> {
        // The encoder wants to own what it reads and writes.
        let mut source = std::mem::take(&mut self.input);
        source.clear();
        source.extend_from_slice(input);
        let mut drain = std::mem::take(&mut self.output);
        drain.clear();
        self.frame.set_source(Cursor::new(source));
        self.frame.set_drain(drain);
        self.frame.compress();
        self.input = self
            .frame
            .take_source()
            .map(Cursor::into_inner)
            .unwrap_or_default();
        self.output = self.frame.take_drain().unwrap_or_default();
        output.push(&self.output);
        if self.input.capacity() > Self::KEPT {
            self.input = Vec::new();
            self.output = Vec::new();
        }
        Ok(())
    }
}

impl Encoder {
    /// What is kept at most from one batch to the next, for either buffer.
    const KEPT: usize = 4 << 20;
}

pub(super) fn decompress(input: &[u8], budget: usize) -> Result<Vec<u8>, CompressionError> {
    let mut output = Vec::new();
    let mut rest = input;
    while !rest.is_empty() {
        let header = FrameHeader::read(rest)?;
        rest = &rest[header.len..];
        if header.is_skippable {
            let len = usize::try_from(header.content_size.unwrap_or(0)).unwrap_or(usize::MAX);
            rest = rest
                .get(len..)
                .ok_or_else(|| malformed("a skippable frame is cut"))?;
        } else {
            decompress_frame(&header, &mut rest, &mut output, budget)?;
        }
    }
    Ok(output)
}

fn decompress_frame(
    header: &FrameHeader,
    rest: &mut &[u8],
    output: &mut Vec<u8>,
    budget: usize,
) -> Result<(), CompressionError> {
    let too_large = || CompressionError::TooLarge {
        codec: Compression::Zstd,
        limit: budget,
    };
    let left = budget - output.len();
    if header.content_size.is_some_and(|size| size > left as u64) {
        return Err(too_large());
    }
    // A fresh decoder allocates as data come; one that is reset, the whole window.
    let mut decoder = FrameDecoder::new();
    // The window was checked with the header, or is the content's own size.
    decoder.set_max_window_size(u64::MAX);
    decoder
        .reset(&header.with_window_for(left)[..])
        .map_err(|error| malformed(error.to_string()))?;
    let start = output.len();
    if let Some(size) = header.content_size {
        // Blocks of equal bytes apart, more than this is rare.
        output.reserve((size as usize).min(rest.len().saturating_mul(32)));
    }
    while !decoder.is_finished() {
        decoder
            .decode_blocks(&mut *rest, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(|error| malformed(error.to_string()))?;
        if decoder.can_collect() > budget - output.len() {
            return Err(too_large());
        }
        decoder
            .collect_to_writer(&mut *output)
            .map_err(|error| malformed(error.to_string()))?;
    }
    if header
        .content_size
        .is_some_and(|size| size != (output.len() - start) as u64)
    {
        return Err(malformed("the stated content size is wrong"));
    }
    let stated = decoder.get_checksum_from_data();
    if stated.is_some() && stated != decoder.get_calculated_checksum() {
        return Err(malformed("the content's checksum is wrong"));
    }
    Ok(())
}

fn malformed(reason: impl Into<Cow<'static, str>>) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Zstd,
        reason: reason.into(),
    }
}
