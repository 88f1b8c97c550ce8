//! The header of a Zstandard frame (RFC 8878, 3.1.1.1), which says how large what
//! follows claims to become.

use super::{Compression, CompressionError};

/// What precedes the blocks of a frame.
pub(super) struct FrameHeader {
    is_skippable: bool,
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

    pub(super) fn read(input: &[u8]) -> Result<Self, CompressionError> {
        let cut = || malformed("a frame's header is cut");
        let magic = input
            .first_chunk()
            .map(|magic| u32::from_le_bytes(*magic))
            .ok_or_else(cut)?;
        let is_skippable = magic & !0xf == 0x184d_2a50;
        let mut has_window = false;
        let (content_size_at, len) = if is_skippable {
            (4, 8)
        } else if magic == Self::MAGIC {
            let descriptor = *input.get(Self::DESCRIPTOR_AT).ok_or_else(cut)?;
            let single_segment = descriptor >> 5 & 1 != 0;
            has_window = !single_segment;
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
            is_skippable,
            content_size,
        })
    }

    /// Refuses content that is stated to be larger than `budget`, or than the blocks
    /// in `len` bytes of frame can become.
    pub(super) fn check_content_size(
        &self,
        len: usize,
        budget: usize,
    ) -> Result<(), CompressionError> {
        /// The least bytes of a block, of equal bytes, and the most of any.
        const BLOCK: (usize, u64) = (4, 128 << 10);
        let Some(size) = self.content_size.filter(|_| !self.is_skippable) else {
            return Ok(());
        };
        if size > budget as u64 {
            return Err(CompressionError::TooLarge {
                codec: Compression::Zstd,
                limit: budget,
            });
        }
        let blocks = (len / BLOCK.0) as u64 + 1;
        if size > blocks.saturating_mul(BLOCK.1) {
            return Err(malformed("a frame states a size that it can't have"));
        }
        Ok(())
    }
}

fn malformed(reason: &'static str) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Zstd,
        reason: reason.into(),
    }
}
