use std::fmt;

/// The buffer that records and messages are encoded into.
///
/// A few kilobytes after what is filled are initialised ahead, so that several
/// fields can be written through one slice: pushing each field onto a `Vec` costs a
/// round trip of its length through memory each time, which was most of the time
/// that encoding took.
#[derive(Default)]
pub(crate) struct Body {
    bytes: Vec<u8>,
    filled: usize,
}

impl Body {
    /// Bytes initialised at a time: they stay in the fastest cache until written.
    const AHEAD: usize = 16 << 10;

    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            filled: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.filled
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The next `len` bytes to write to, if they are initialised.
    #[inline(always)]
    pub(crate) fn ahead(&mut self, len: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(self.filled..)?.get_mut(..len)
    }

    /// The next `N` bytes to write to, if they are initialised.
    #[inline(always)]
    pub(crate) fn ahead_chunk<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.bytes.get_mut(self.filled..)?.first_chunk_mut()
    }

    /// The next `len` bytes to write to. If there is no room for them, the buffer
    /// grows to twice its capacity or more, to `least` at least, but not above `max`
    /// for its own sake.
    pub(crate) fn make_room(&mut self, len: usize, least: usize, max: usize) -> &mut [u8] {
        let end = self.filled + len;
        if end > self.bytes.capacity() {
            let doubled = self.bytes.capacity().saturating_mul(2);
            let wanted = doubled.max(least).min(max).max(end);
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
    pub(crate) fn advance(&mut self, len: usize) {
        self.filled += len;
    }

    /// The initialised bytes from the first that is not filled on, and the count
    /// of those that are.
    #[inline(always)]
    pub(crate) fn parts(&mut self) -> (&mut [u8], &mut usize) {
        let ahead = self.bytes.get_mut(self.filled..).unwrap_or_default();
        (ahead, &mut self.filled)
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// The first `N` bytes, if as many are filled.
    pub(crate) fn first_chunk_mut<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.bytes.get_mut(..self.filled)?.first_chunk_mut()
    }

    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.filled);
        self.bytes
    }
}

/// Shows sizes only: record contents do not belong in logs.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("filled", &self.filled)
            .field("capacity", &self.bytes.capacity())
            .finish()
    }
}
