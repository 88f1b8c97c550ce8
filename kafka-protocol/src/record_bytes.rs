use std::{fmt, slice};

use bytes::{Bytes, BytesMut};

/// What a `records` field holds: record batches, one after the other, as raw
/// bytes.
///
/// Kept as segments, so that a request can carry a batch's header and its body
/// from two buffers without copying either; a decoded value is one slice of its
/// frame. [`crate::records`] reads and builds the batches themselves. Two values
/// are equal when their bytes are, however they are cut.
#[derive(Clone)]
pub struct RecordBytes(Pieces);

/// As small as one buffer: a decoded partition is moved more than once.
#[derive(Clone)]
enum Pieces {
    /// All bytes, maybe none.
    One(Bytes),
    /// Two or more, none empty.
    Several(Box<[Bytes]>),
}

impl RecordBytes {
    /// No bytes: not the same as a null `records` field, which is `None`.
    pub const fn new() -> Self {
        Self(Pieces::One(Bytes::new()))
    }

    /// The concatenation of `segments`; empty ones are dropped.
    pub fn from_segments(segments: impl IntoIterator<Item = Bytes>) -> Self {
        let mut segments: Vec<Bytes> = segments.into_iter().collect();
        segments.retain(|segment| !segment.is_empty());
        match segments.len() {
            0 | 1 => Self(Pieces::One(segments.pop().unwrap_or_default())),
            _ => Self(Pieces::Several(segments.into())),
        }
    }

    /// Bytes in all segments together.
    pub fn len(&self) -> usize {
        match &self.0 {
            Pieces::One(bytes) => bytes.len(),
            Pieces::Several(segments) => segments.iter().map(Bytes::len).sum(),
        }
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.segments().is_empty()
    }

    /// The non-empty pieces, in order.
    pub fn segments(&self) -> &[Bytes] {
        match &self.0 {
            Pieces::One(bytes) if bytes.is_empty() => &[],
            Pieces::One(bytes) => slice::from_ref(bytes),
            Pieces::Several(segments) => segments,
        }
    }

    /// The bytes in one piece: a copy only when there is more than one segment.
    pub fn into_bytes(self) -> Bytes {
        let len = self.len();
        match self.0 {
            Pieces::One(bytes) => bytes,
            Pieces::Several(segments) => {
                let mut joined = BytesMut::with_capacity(len);
                for segment in &segments {
                    joined.extend_from_slice(segment);
                }
                joined.freeze()
            }
        }
    }
}

impl Default for RecordBytes {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Bytes> for RecordBytes {
    #[inline]
    fn from(bytes: Bytes) -> Self {
        Self(Pieces::One(bytes))
    }
}

impl PartialEq for RecordBytes {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        if let ([a], [b]) = (self.segments(), other.segments()) {
            return a == b;
        }
        let (bytes, others) = (self.segments(), other.segments());
        bytes.iter().flatten().eq(others.iter().flatten())
    }
}

impl Eq for RecordBytes {}

/// Shows the sizes only: record contents do not belong in logs.
impl fmt::Debug for RecordBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RecordBytes({} bytes in {} segments)",
            self.len(),
            self.segments().len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_by_content_however_cut() {
        let whole = RecordBytes::from(Bytes::from_static(b"abcdef"));
        let cut = RecordBytes::from_segments([
            Bytes::from_static(b"ab"),
            Bytes::new(),
            Bytes::from_static(b"cdef"),
        ]);
        assert_eq!(whole, cut);
        assert_eq!(cut.segments().len(), 2);
        assert_eq!(cut.len(), 6);
        assert_eq!(cut.into_bytes(), "abcdef");
        assert_ne!(whole, RecordBytes::from(Bytes::from_static(b"abcdeF")));
        assert_ne!(whole, RecordBytes::from(Bytes::from_static(b"abcde")));
    }

    #[test]
    fn one_segment_is_not_copied() {
        let bytes = Bytes::from(vec![1; 100]);
        let pointer = bytes.as_ptr();
        assert_eq!(RecordBytes::from(bytes).into_bytes().as_ptr(), pointer);
        assert!(RecordBytes::new().into_bytes().is_empty());
    }

    #[test]
    fn debug_hides_the_contents() {
        let shown = format!("{:?}", RecordBytes::from(Bytes::from_static(b"secret")));
        assert_eq!(shown, "RecordBytes(6 bytes in 1 segments)");
    }
}
