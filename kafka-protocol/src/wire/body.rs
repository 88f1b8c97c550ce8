/// The buffer that a batch's records are encoded into.
///
/// A few kilobytes after what is filled are initialised ahead, so that a record
/// can be written field by field through one slice: pushing each field onto a
/// `Vec` costs a round trip of its length through memory each time, which was
/// most of the time that encoding took.
#[derive(Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    filled: usize,
}

impl Body {
    /// What a buffer without a stated capacity starts with.
    const FIRST_CAPACITY: usize = 4 << 10;
    /// Bytes initialised at a time: they stay in the fastest cache until written.
    const AHEAD: usize = 16 << 10;

    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            filled: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.filled
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The next `len` bytes to write to, if they are initialised.
    #[inline(always)]
    pub(super) fn ahead(&mut self, len: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(self.filled..)?.get_mut(..len)
    }

    /// The next `len` bytes to write to. If there is no room for them, the buffer
    /// grows to twice its capacity or more, but not above `max` for its own sake.
    pub(super) fn make_room(&mut self, len: usize, max: usize) -> &mut [u8] {
        let end = self.filled + len;
        if end > self.bytes.capacity() {
            let doubled = self.bytes.capacity().saturating_mul(2);
            let wanted = doubled.max(Self::FIRST_CAPACITY).min(max).max(end);
            // Nothing of what is ahead needs to be copied.
            self.bytes.truncate(self.filled);
            self.bytes.reserve_exact(wanted - self.filled);
        }
        if end > self.bytes.len() {
            let ahead = (self.filled + Self::AHEAD).min(self.bytes.capacity());
            self.bytes.resize(ahead.max(end), 0);
        }
        &mut self.bytes[self.filled..end]
    }

    /// Counts `len` of the bytes that [`ahead`](Self::ahead) or
    /// [`make_room`](Self::make_room) gave as filled.
    #[inline(always)]
    pub(super) fn advance(&mut self, len: usize) {
        self.filled += len;
    }

    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.filled);
        self.bytes
    }
}
