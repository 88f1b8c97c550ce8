//! The header of a Zstandard frame (RFC 8878, 3.1.1.1), which says how large what
//! follows claims to become.

use super::{Compression, CompressionError};

/// What precedes the blocks of a frame.
pub(super) struct FrameHeader {
    bytes: [u8; Self::MAX_LEN],
    pub(super) len: usize,
    pub(super) is_skippable: bool,
    has_window: bool,
    /// Bytes that it says to decompress to, or, of a skippable frame, to skip.
    pub(super) content_size: Option<u64>,
}

impl FrameHeader {
    const MAGIC: u32 = 0xfd2f_b528;
    const MAX_LEN: usize = 4 + 1 + 1 + 4 + 8;
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
        let mut header = Self {
            bytes: [0; Self::MAX_LEN],
            len: 0,
            is_skippable: magic & !0xf == 0x184d_2a50,
            has_window: false,
            content_size: None,
        };
        let content_size_at = if header.is_skippable {
            header.len = 8;
            4
        } else if magic == Self::MAGIC {
            let descriptor = *input.get(Self::DESCRIPTOR_AT).ok_or_else(cut)?;
            let single_segment = descriptor >> 5 & 1 != 0;
            header.has_window = !single_segment;
            let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
            let content_size_len = match descriptor >> 6 {
                0 => usize::from(single_segment),
                exponent => 1 << exponent,
            };
            let at = Self::WINDOW_AT + usize::from(header.has_window) + dictionary_len;
            header.len = at + content_size_len;
            at
        } else {
            return Err(malformed("it does not start with a frame's magic number"));
        };
        let bytes = input.get(..header.len).ok_or_else(cut)?;
        header.bytes[..header.len].copy_from_slice(bytes);
        if header.has_window && bytes[Self::WINDOW_AT] > Self::MAX_WINDOW {
            return Err(malformed("a frame's window is larger than 128 MiB"));
        }
        let size = &bytes[content_size_at..];
        if !size.is_empty() {
            let mut wide = [0; 8];
            wide[..size.len()].copy_from_slice(size);
            // Two bytes start counting where one byte ends.
            let base = if size.len() == 2 { 256 } else { 0 };
            header.content_size = Some(u64::from_le_bytes(wide).saturating_add(base));
        }
        Ok(header)
    }

    /// The header, its window no larger than what `budget` bytes of output need.
    ///
    /// The decoder holds back a window of output, during which the budget can't be
    /// checked, so that a few bytes could claim a window and fill it. Within the
    /// budget no reference reaches further back than the budget.
    pub(super) fn with_window_for(&self, budget: usize) -> Vec<u8> {
        let mut bytes = self.bytes[..self.len].to_vec();
        if self.has_window {
            let needed = budget
                .checked_next_power_of_two()
                .unwrap_or(usize::MAX)
                .ilog2();
            let exponent = (needed.max(17) - 10).min(31) as u8;
            let limit = exponent << 3;
            bytes[Self::WINDOW_AT] = bytes[Self::WINDOW_AT].min(limit);
        }
        bytes
    }
}

fn malformed(reason: &'static str) -> CompressionError {
    CompressionError::Malformed {
        codec: Compression::Zstd,
        reason: reason.into(),
    }
}
