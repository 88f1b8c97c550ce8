/// What one message may cost to decode, whatever its bytes claim.
///
/// Besides these, an array's count is always checked against the bytes left in
/// the frame, and decoding never holds more memory than [`Limits::EXPANSION`]
/// times the frame and 64 KiB, not even for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Elements of one array. Default 1,000,000, as in Kafka 4.4.
    pub max_elements: usize,
    /// Tagged fields of one structure. Default 10,000, as in Kafka 4.4.
    pub max_tagged_fields: usize,
    /// Bytes of all decoded structures of one message together; strings and
    /// byte fields are views on the frame and cost nothing. Default 1 GiB.
    pub max_allocation: usize,
}

impl Limits {
    /// Bytes of decoded structures allowed per byte of the frame. A field that
    /// takes one byte on the wire can be an empty string (32 bytes in memory), so
    /// that a message of nothing else comes near it; real ones stay below ten.
    pub const EXPANSION: usize = 32;

    /// The memory allowed for a frame of `frame_len` bytes.
    pub(crate) fn budget(&self, frame_len: usize) -> usize {
        frame_len
            .saturating_mul(Self::EXPANSION)
            .saturating_add(SMALL_FRAME_ALLOWANCE)
            .min(self.max_allocation)
            // No array can be larger, which on 32 bits would be within reach.
            .min(isize::MAX as usize)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_elements: 1_000_000,
            max_tagged_fields: 10_000,
            max_allocation: 1 << 30,
        }
    }
}

/// Free for every frame, since in a small one all fields may be empty. The rest of
/// the 64 KiB is for what is not charged: the first part of an array while it moves
/// to where all of it fits, and an error with its path.
const SMALL_FRAME_ALLOWANCE: usize = 32 << 10;
