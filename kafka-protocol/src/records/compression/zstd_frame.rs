//! How large Zstandard frames (RFC 8878, 3.1.1) can become, as the headers of the
//! frames and of their blocks say.

use super::{Compression, CompressionError};

/// What precedes the blocks of a frame.
struct FrameHeader {
    len: usize,
    is_skippable: bool,
    has_checksum: bool,
    /// Bytes that it says to decompress to, or, of a skippable frame, to skip.
    content_size: Option<u64>,
}

impl FrameHeader {
    const MAGIC: u32 = 0xfd2f_b528;
    /// The largest window that is accepted, 128 MiB as in the C library: exponent
    /// above 10, mantissa.
    const MAX_WINDOW: u8 = 17 << 3;
    /// Where the descriptor is, and the window after it.
    const DESCRIPTOR_AT: usize = 4;
    const WINDOW_AT: usize = 5;

    fn read(input: &[u8]) -> Result<Self, CompressionError> {
        let cut = || malformed("a frame's header is cut");
        let magic = input
            .first_chunk()
            .map(|magic| u32::from_le_bytes(*magic))
            .ok_or_else(cut)?;
        let is_skippable = magic & !0xf == 0x184d_2a50;
        let mut has_window = false;
        let mut has_checksum = false;
        let (content_size_at, len) = if is_skippable {
            (4, 8)
        } else if magic == Self::MAGIC {
            let descriptor = *input.get(Self::DESCRIPTOR_AT).ok_or_else(cut)?;
            let single_segment = descriptor >> 5 & 1 != 0;
            has_window = !single_segment;
            has_checksum = descriptor >> 2 & 1 != 0;
            let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
            let content_size_len = match descriptor >> 6 {
                0 => usize::from(single_segment),
                exponent => 1 << exponent,
            };
            let at = Self::WINDOW_AT + usize::from(has_window) + dictionary_len;
            (at, at + content_size_len)
        } else {
            return Err(malformed("it does not start with a frame's magic number"));
        };
        let bytes = input.get(..len).ok_or_else(cut)?;
        if has_window && bytes[Self::WINDOW_AT] > Self::MAX_WINDOW {
            return Err(malformed("a frame's window is larger than 128 MiB"));
        }
        let size = &bytes[content_size_at..];
        let mut content_size = None;
        if !size.is_empty() {
            let mut wide = [0; 8];
            wide[..size.len()].copy_from_slice(size);
            // Two bytes start counting where one byte ends.
            let base = if size.len() == 2 { 256 } else { 0 };
            content_size = Some(u64::from_le_bytes(wide).saturating_add(base));
        }
        Ok(Self {
            len,
            is_skippable,
            has_checksum,
            content_size,
        })
    }
}

/// The most bytes that the frames in `input` can become: exact where a frame states
/// its content, else up to the size of a block too many for each compressed block.
///
/// Refuses content that is stated to be larger than `budget`, or than its blocks can
/// become.
pub(super) fn most_decompressed(input: &[u8], budget: usize) -> Result<usize, CompressionError> {
    let mut most = 0_u64;
    let mut rest = input;
    while !rest.is_empty() {
        let header = FrameHeader::read(rest)?;
        skip(&mut rest, header.len as u64)?;
        let stated = header.content_size;
        if header.is_skippable {
            skip(&mut rest, stated.unwrap_or(0))?;
            continue;
        }
        if stated.is_some_and(|size| size > budget as u64) {
            return Err(CompressionError::TooLarge {
                codec: Compression::Zstd,
                limit: budget,
            });
        }
        let blocks = most_in_blocks(&mut rest)?;
        if header.has_checksum {
            skip(&mut rest, 4)?;
        }
        if stated.is_some_and(|size| size > blocks) {
            return Err(malformed("a frame states a size that it can't have"));
        }
        most = most.saturating_add(stated.unwrap_or(blocks));
    }
    Ok(usize::try_from(most).unwrap_or(usize::MAX))
}

/// Reads to the end of a frame's last block.
fn most_in_blocks(rest: &mut &[u8]) -> Result<u64, CompressionError> {
    /// What no block is larger than, compressed or not.
    const MAX_BLOCK: u64 = 128 << 10;
    let mut most = 0_u64;
    loop {
        let &[low, middle, high] = rest
            .first_chunk()
            .ok_or_else(|| malformed("a block's header is cut"))?;
        skip(rest, 3)?;
        let header = u32::from_le_bytes([low, middle, high, 0]);
        let size = u64::from(header >> 3);
        if size > MAX_BLOCK {
            return Err(malformed("a block is larger than 128 KiB"));
        }
        let (len, decompressed) = match header >> 1 & 3 {
            0 => (size, size),
            // One byte, which stands for many.
            1 => (1, size),
            2 => (size, MAX_BLOCK),
            _ => return Err(malformed("a block is of a kind that there is not")),
        };
        skip(rest, len)?;
        most = most.saturating_add(decompressed);
        if header & 1 != 0 {
            return Ok(most);
        }
    }
}

fn skip(rest: &mut &[u8], len: u64) -> Result<(), CompressionError> {
    *rest = usize::try_from(len)
        .ok()
        .and_then(|len| rest.get(len..))
        .ok_or_else(|| malformed("a frame is cut"))?;
    Ok(())
}

fn malformed(reason: &'static str) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Zstd,
        reason: reason.into(),
    }
}
