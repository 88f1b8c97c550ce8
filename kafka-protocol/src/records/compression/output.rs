//! Buffers for what codecs produce.

use bytes::Bytes;

/// Where an encoder writes: kept between batches, so that only what it came to is
/// copied out, in a buffer that wastes nothing.
#[derive(Default)]
pub(super) struct Scratch {
    /// All initialised, so that spare room needs no filling each time.
    bytes: Vec<u8>,
    filled: usize,
}

impl Scratch {
    /// What is kept at most from one batch to the next.
    const KEPT: usize = 4 << 20;

    pub(super) fn clear(&mut self) {
        self.filled = 0;
        if self.bytes.len() > Self::KEPT {
            self.bytes = Vec::new();
        }
    }

    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// At least `len` bytes to write to; [`advance`](Self::advance) then tells how
    /// many were.
    pub(super) fn spare(&mut self, len: usize) -> &mut [u8] {
        let wanted = self.filled + len;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted.max(self.bytes.len() * 2), 0);
        }
        &mut self.bytes[self.filled..]
    }

    pub(super) fn advance(&mut self, len: usize) {
        self.filled = (self.filled + len).min(self.bytes.len());
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len());
    }
}

/// `output` as shared bytes, moved to a smaller buffer if much of its own is
/// unused and the two together are within `budget`.
pub(super) fn without_waste(mut output: Vec<u8>, budget: usize) -> Bytes {
    let (len, capacity) = (output.len(), output.capacity());
    if capacity - len > len / 4 && len <= budget.saturating_sub(capacity) {
        output.shrink_to_fit();
    }
    Bytes::from(output)
}
