use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};
use smallvec::SmallVec;

/// An encoded frame as a list of buffers, ready for vectored writes.
///
/// Implements [`Buf`]: write `chunks_vectored`, then `advance` by what the
/// socket took, and go on from there. A piece is let go as soon as it is passed,
/// so that a batch's buffer is not held longer than needed. Cloning takes
/// references.
#[derive(Clone, Debug, Default)]
pub struct Segments {
    /// One, unless there is record data.
    segments: SmallVec<[Bytes; 1]>,
    /// Segments before this one are used up, and empty.
    first: usize,
    remaining: usize,
}

impl Segments {
    pub(super) fn new(segments: SmallVec<[Bytes; 1]>) -> Self {
        let remaining = segments.iter().map(Bytes::len).sum();
        Self {
            segments,
            first: 0,
            remaining,
        }
    }

    /// Bytes left.
    pub fn len(&self) -> usize {
        self.remaining
    }

    /// Whether no byte is left.
    pub fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// The pieces left, in order; none is empty.
    pub fn segments(&self) -> &[Bytes] {
        self.segments.get(self.first..).unwrap_or_default()
    }

    /// What is left in one piece: a copy only when there is more than one
    /// segment.
    pub fn into_bytes(mut self) -> Bytes {
        if self.segments().len() <= 1 {
            return self.segments.pop().unwrap_or_default();
        }
        let mut joined = BytesMut::with_capacity(self.remaining);
        for segment in self.segments() {
            joined.extend_from_slice(segment);
        }
        joined.freeze()
    }
}

impl Buf for Segments {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.segments.get(self.first).map_or(&[], |segment| segment)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = slices.iter_mut().zip(self.segments());
        filled
            .map(|(slice, segment)| *slice = IoSlice::new(segment))
            .count()
    }

    /// Goes no further than the end: [`Buf`] leaves that choice, and a counting
    /// mistake of a caller is no reason to bring a process down.
    fn advance(&mut self, count: usize) {
        let mut count = count.min(self.remaining);
        self.remaining -= count;
        while let Some(segment) = self.segments.get_mut(self.first) {
            if count < segment.len() {
                segment.advance(count);
                return;
            }
            count -= segment.len();
            *segment = Bytes::new();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> Segments {
        Segments::new(
            ["abc", "d", "efgh"]
                .map(Bytes::from_static_str)
                .as_slice()
                .into(),
        )
    }

    trait FromStaticStr {
        fn from_static_str(text: &'static str) -> Bytes;
    }

    impl FromStaticStr for Bytes {
        fn from_static_str(text: &'static str) -> Bytes {
            Bytes::from_static(text.as_bytes())
        }
    }

    #[test]
    fn a_partial_write_is_resumed_at_every_place() {
        for taken in 0..=8 {
            let mut left = segments();
            left.advance(taken);
            assert_eq!(left.remaining(), 8 - taken);
            let mut slices = [IoSlice::new(&[]); 8];
            let count = left.chunks_vectored(&mut slices);
            let vectored: Vec<u8> = slices[..count]
                .iter()
                .flat_map(|slice| slice.to_vec())
                .collect();
            assert_eq!(vectored, &b"abcdefgh"[taken..]);
            assert_eq!(left.segments().len(), count);
            assert_eq!(left.into_bytes(), &b"abcdefgh"[taken..]);
        }
    }

    #[test]
    fn fewer_slices_than_segments() {
        let all = segments();
        let mut slices = [IoSlice::new(&[]); 2];
        assert_eq!(all.chunks_vectored(&mut slices), 2);
        assert_eq!((&*slices[0], &*slices[1]), (&b"abc"[..], &b"d"[..]));
    }

    #[test]
    fn passed_buffers_are_let_go() {
        let body = Bytes::from(vec![1; 200]);
        let mut left = Segments::new(
            [body.clone(), Bytes::from_static(b"tail")]
                .as_slice()
                .into(),
        );
        left.advance(200);
        assert!(body.is_unique());
    }

    #[test]
    fn advancing_past_the_end_stops_there() {
        let mut left = segments();
        left.advance(9);
        assert_eq!(
            (left.remaining(), left.chunk(), left.segments().len()),
            (0, &[][..], 0)
        );
        assert!(left.into_bytes().is_empty());
    }
}
