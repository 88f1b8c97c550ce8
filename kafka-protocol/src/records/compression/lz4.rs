//! LZ4 in its frame format, version 1.
//!
//! ```text
//! magic u32 │ flags u8 │ block size u8 │ content size u64? │ header checksum u8
//! then blocks: length u32 (highest bit: stored as it is) │ bytes │ checksum u32?
//! then 0 u32 │ content checksum u32?                     (all little-endian)
//! ```
//!
//! Kafka's own reader takes independent blocks only, of up to 4 MiB, and no
//! dictionary. Written here, as by Kafka's own writer: independent blocks of
//! 64 KiB, no checksums but the header's. Read: also dependent blocks, all
//! checksums (which are verified), and frames one after the other.
//!
//! Kafka 0.8 and 0.9 wrongly take the frame's magic number into the header's
//! checksum and expect it so; in messages of magic 0 it stayed like that (KIP-57).

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, decompress_into_with_dict,
    get_maximum_output_size,
};
use twox_hash::XxHash32;

use super::output::Scratch;
use super::{Compression, CompressionError, Encode, Framing};

const MAGIC: u32 = 0x184d_2204;
/// Bytes of a header without content size.
const PLAIN_HEADER_LEN: usize = 7;
const VERSION_MASK: u8 = 0b1100_0000;
const VERSION: u8 = 0b0100_0000;
const INDEPENDENT_BLOCKS: u8 = 0b10_0000;
const BLOCK_CHECKSUM: u8 = 0b1_0000;
const CONTENT_SIZE: u8 = 0b1000;
const CONTENT_CHECKSUM: u8 = 0b100;
const RESERVED: u8 = 0b10;
const DICTIONARY: u8 = 0b1;
/// The highest bit of a block's length: it is not compressed.
const STORED: u32 = 1 << 31;

const BLOCK_LEN: usize = 64 << 10;
const BLOCK_LEN_CODE: u8 = 4 << 4;
/// How far back a block may refer.
const WINDOW: usize = 64 << 10;
/// No byte of a block stands for more than 255.
const MAX_RATIO: usize = 255;

pub(super) struct Encoder {
    table: CompressTable,
}

impl Encoder {
    pub(super) fn new(level: Option<i32>) -> Result<Self, CompressionError> {
        match level {
            None | Some(1 | 9) => Ok(Self {
                table: CompressTable::large(),
            }),
            Some(level) => Err(CompressionError::UnsupportedLevel {
                codec: Compression::Lz4,
                level,
                supported: "there is only the fast encoder, 1, or 9 as Kafka calls it",
            }),
        }
    }
}

impl Encode for Encoder {
    fn compress(&mut self, input: &[u8], output: &mut Scratch) -> Result<(), CompressionError> {
        let descriptor = [VERSION | INDEPENDENT_BLOCKS, BLOCK_LEN_CODE];
        output.push(&MAGIC.to_le_bytes());
        output.push(&descriptor);
        output.push(&[header_checksum(&descriptor)]);
        for block in input.chunks(BLOCK_LEN) {
            let spare = output.spare(4 + get_maximum_output_size(block.len()));
            let (length, spare) = spare.split_at_mut(4);
            let mut len =
                compress_into_with_table(block, spare, &mut self.table).map_err(|error| {
                    let reason = error.to_string().into();
                    CompressionError::Failed {
                        codec: Compression::Lz4,
                        reason,
                    }
                })?;
            let mut stored = 0;
            if len >= block.len() {
                len = block.len();
                stored = STORED;
                spare[..len].copy_from_slice(block);
            }
            length.copy_from_slice(&(len as u32 | stored).to_le_bytes());
            output.advance(4 + len);
        }
        output.push(&0_u32.to_le_bytes());
        Ok(())
    }
}

/// `frame`, one of [`Encoder`]'s, as Kafka 0.8 writes it.
pub(super) fn with_wrong_header_checksum(frame: &[u8]) -> Bytes {
    let mut frame = BytesMut::from(frame);
    if let Some((before, [checksum, ..])) = frame.split_at_mut_checked(PLAIN_HEADER_LEN - 1) {
        *checksum = header_checksum(before);
    }
    frame.freeze()
}

pub(super) fn decompress(
    input: &[u8],
    framing: Framing,
    budget: usize,
) -> Result<Vec<u8>, CompressionError> {
    // First the lengths alone, so that memory is allocated once.
    let mut most = 0_usize;
    for_each_frame(input, framing, |descriptor, reader| {
        while let Some(block) = descriptor.next_block(reader)? {
            most = most.saturating_add(block.most_decompressed(descriptor));
        }
        descriptor.content_checksum(reader).map(drop)
    })?;
    let mut output = Output {
        bytes: vec![0; most.min(budget)],
        filled: 0,
        budget,
    };
    for_each_frame(input, framing, |descriptor, reader| {
        decompress_frame(descriptor, reader, &mut output)
    })?;
    output.bytes.truncate(output.filled);
    Ok(output.bytes)
}

/// Calls `read` with what is behind the header of each frame, to read to its end.
fn for_each_frame<'a>(
    input: &'a [u8],
    framing: Framing,
    mut read: impl FnMut(&Descriptor, &mut Reader<'a>) -> Result<(), CompressionError>,
) -> Result<(), CompressionError> {
    let mut reader = Reader { rest: input };
    while !reader.rest.is_empty() {
        let magic = reader.u32()?;
        if magic & !0xf == 0x184d_2a50 {
            // A frame to skip: its length, and anything.
            let len = reader.u32()?;
            reader.take(len as usize)?;
        } else if magic == MAGIC {
            read(&Descriptor::read(&mut reader, framing)?, &mut reader)?;
        } else {
            return Err(malformed("it does not start with the frame's magic number"));
        }
    }
    Ok(())
}

fn decompress_frame(
    descriptor: &Descriptor,
    reader: &mut Reader<'_>,
    output: &mut Output,
) -> Result<(), CompressionError> {
    let frame_start = output.filled;
    while let Some(block) = descriptor.next_block(reader)? {
        if block
            .checksum
            .is_some_and(|sum| sum != XxHash32::oneshot(0, block.bytes))
        {
            return Err(malformed("a block's checksum is wrong"));
        }
        let start = if descriptor.independent {
            output.filled
        } else {
            frame_start
        };
        output.append(&block, start, block.most_decompressed(descriptor))?;
    }
    let content = &output.bytes[frame_start..output.filled];
    if descriptor
        .content_size
        .is_some_and(|size| size != content.len() as u64)
    {
        return Err(malformed("the stated content size is wrong"));
    }
    let checksum = descriptor.content_checksum(reader)?;
    if checksum.is_some_and(|sum| sum != XxHash32::oneshot(0, content)) {
        return Err(malformed("the content's checksum is wrong"));
    }
    Ok(())
}

/// What the header of a frame says.
struct Descriptor {
    independent: bool,
    block_checksum: bool,
    content_checksum: bool,
    content_size: Option<u64>,
    max_block_len: usize,
}

impl Descriptor {
    fn read(reader: &mut Reader<'_>, framing: Framing) -> Result<Self, CompressionError> {
        let descriptor = reader.rest;
        let &[flags, block_len] = reader.array()?;
        if flags & VERSION_MASK != VERSION || flags & RESERVED != 0 || block_len & 0x8f != 0 {
            return Err(malformed("the frame's version is unknown"));
        }
        if flags & DICTIONARY != 0 {
            return Err(malformed("the frame needs a dictionary"));
        }
        let max_block_len = match block_len >> 4 {
            code @ 4..=7 => 1 << (8 + 2 * code),
            _ => return Err(malformed("the frame's block size is unknown")),
        };
        let content_size = match flags & CONTENT_SIZE {
            0 => None,
            _ => Some(u64::from_le_bytes(*reader.array()?)),
        };
        let descriptor = &descriptor[..descriptor.len() - reader.rest.len()];
        let &[checksum] = reader.array()?;
        let is_wrong_but_usual = || {
            let with_magic = [&MAGIC.to_le_bytes(), descriptor].concat();
            framing == Framing::Kafka08 && checksum == header_checksum(&with_magic)
        };
        if checksum != header_checksum(descriptor) && !is_wrong_but_usual() {
            return Err(malformed("the header's checksum is wrong"));
        }
        Ok(Self {
            independent: flags & INDEPENDENT_BLOCKS != 0,
            block_checksum: flags & BLOCK_CHECKSUM != 0,
            content_checksum: flags & CONTENT_CHECKSUM != 0,
            content_size,
            max_block_len,
        })
    }

    /// The next block; after the last one, `None`.
    fn next_block<'a>(
        &self,
        reader: &mut Reader<'a>,
    ) -> Result<Option<Block<'a>>, CompressionError> {
        let length = reader.u32()?;
        if length == 0 {
            return Ok(None);
        }
        let bytes = reader.take((length & !STORED) as usize)?;
        if bytes.len() > self.max_block_len {
            return Err(malformed(
                "a block is longer than the frame's blocks may be",
            ));
        }
        Ok(Some(Block {
            bytes,
            is_stored: length & STORED != 0,
            checksum: self.block_checksum.then(|| reader.u32()).transpose()?,
        }))
    }

    /// What follows the last block.
    fn content_checksum(&self, reader: &mut Reader<'_>) -> Result<Option<u32>, CompressionError> {
        self.content_checksum.then(|| reader.u32()).transpose()
    }
}

struct Block<'a> {
    bytes: &'a [u8],
    /// As it is, not compressed.
    is_stored: bool,
    checksum: Option<u32>,
}

impl Block<'_> {
    /// What it can become; most blocks but the last of a frame do.
    fn most_decompressed(&self, descriptor: &Descriptor) -> usize {
        if self.is_stored {
            self.bytes.len()
        } else {
            let most = self.bytes.len().saturating_mul(MAX_RATIO);
            most.min(descriptor.max_block_len)
        }
    }
}

/// Decompressed bytes: the first `filled` of `bytes`, which are as many as the blocks
/// can become, or the budget if that is less.
struct Output {
    bytes: Vec<u8>,
    filled: usize,
    budget: usize,
}

impl Output {
    /// Appends what is in `block`, of up to `most` bytes, which may refer to what was
    /// decompressed from `start` on.
    fn append(
        &mut self,
        block: &Block<'_>,
        start: usize,
        most: usize,
    ) -> Result<(), CompressionError> {
        let filled = self.filled;
        let (before, spare) = self.bytes.split_at_mut(filled);
        let allowed = most.min(spare.len());
        let spare = &mut spare[..allowed];
        if block.is_stored {
            if allowed < block.bytes.len() {
                return Err(self.too_large());
            }
            spare.copy_from_slice(block.bytes);
            self.filled += allowed;
            return Ok(());
        }
        let window = &before[start.max(filled.saturating_sub(WINDOW))..];
        let len = if window.is_empty() {
            decompress_into(block.bytes, spare)
        } else {
            decompress_into_with_dict(block.bytes, spare, window)
        };
        match len {
            Ok(len) => {
                self.filled += len;
                Ok(())
            }
            Err(lz4_flex::block::DecompressError::OutputTooSmall { .. }) if allowed < most => {
                Err(self.too_large())
            }
            Err(error) => Err(malformed(error.to_string())),
        }
    }

    fn too_large(&self) -> CompressionError {
        CompressionError::TooLarge {
            codec: Compression::Lz4,
            limit: self.budget,
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], CompressionError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], CompressionError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, CompressionError> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }
}

fn header_checksum(descriptor: &[u8]) -> u8 {
    (XxHash32::oneshot(0, descriptor) >> 8) as u8
}

fn cut() -> CompressionError {
    malformed("it ends too early")
}

fn malformed(reason: impl Into<Cow<'static, str>>) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Lz4,
        reason: reason.into(),
    }
}
