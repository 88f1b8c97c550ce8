use bytes::Bytes;
use smallvec::SmallVec;

use super::{Body, MAX_STRING_LEN, Run, Segments, zigzag, zigzag_long};
use crate::error::{EncodeError, EncodeErrorKind};
use crate::{RecordBytes, Uuid};

/// Collects what is written.
///
/// Small values go into one buffer of the sink's own; [`Sink::put_shared`]
/// takes a shared buffer as it is, which is how record data reaches the socket
/// without a copy. [`Sink::finish`] cuts the sink into [`Segments`], in order.
#[derive(Debug, Default)]
pub struct Sink {
    own: Body,
    /// Shared buffers, each with the length that `own` had before it.
    shared: SmallVec<[(usize, Bytes); 4]>,
    shared_len: usize,
}

impl Sink {
    /// From this length on, [`Sink::put_shared`] takes a reference; shorter
    /// buffers are copied, because one more entry in a vectored write costs more
    /// than that.
    pub const SHARE_FROM: usize = 128;
    /// What is allocated at least.
    const LEAST_CAPACITY: usize = 64;

    /// An empty sink. Allocates nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty sink with room for `capacity` bytes of its own.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            own: Body::with_capacity(capacity),
            ..Self::default()
        }
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.own.len() + self.shared_len
    }

    /// Whether nothing is written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was written, in order.
    pub fn finish(self) -> Segments {
        let mut segments = SmallVec::with_capacity(2 * self.shared.len() + 1);
        let mut own = Bytes::from(self.own.into_bytes());
        let mut cut = 0;
        for (at, bytes) in self.shared {
            if at > cut {
                segments.push(own.split_to(at - cut));
                cut = at;
            }
            segments.push(bytes);
        }
        if !own.is_empty() {
            segments.push(own);
        }
        Segments::new(segments)
    }

    /// A byte: one for true, zero for false.
    #[inline]
    pub fn put_bool(&mut self, value: bool) {
        self.put_array([value.into()]);
    }

    /// An unsigned byte.
    #[inline]
    pub fn put_u8(&mut self, value: u8) {
        self.put_array([value]);
    }

    /// A signed byte.
    #[inline]
    pub fn put_i8(&mut self, value: i8) {
        self.put_array(value.to_be_bytes());
    }

    /// A big-endian 16-bit integer.
    #[inline]
    pub fn put_i16(&mut self, value: i16) {
        self.put_array(value.to_be_bytes());
    }

    /// A big-endian unsigned 16-bit integer.
    #[inline]
    pub fn put_u16(&mut self, value: u16) {
        self.put_array(value.to_be_bytes());
    }

    /// A big-endian 32-bit integer.
    #[inline]
    pub fn put_i32(&mut self, value: i32) {
        self.put_array(value.to_be_bytes());
    }

    /// A big-endian unsigned 32-bit integer.
    #[inline]
    pub fn put_u32(&mut self, value: u32) {
        self.put_array(value.to_be_bytes());
    }

    /// A big-endian 64-bit integer.
    #[inline]
    pub fn put_i64(&mut self, value: i64) {
        self.put_array(value.to_be_bytes());
    }

    /// A big-endian IEEE 754 double.
    #[inline]
    pub fn put_f64(&mut self, value: f64) {
        self.put_array(value.to_be_bytes());
    }

    /// A 16-byte id.
    #[inline]
    pub fn put_uuid(&mut self, value: Uuid) {
        self.put_array(*value.as_bytes());
    }

    /// An unsigned variable-length integer.
    #[inline]
    pub fn put_unsigned_varint(&mut self, value: u32) {
        // Nearly every length and count takes one byte.
        if value < 0x80 {
            self.put_u8(value as u8);
        } else {
            self.put_base128(value.into());
        }
    }

    /// A zigzag variable-length 32-bit integer.
    #[inline]
    pub fn put_varint(&mut self, value: i32) {
        self.put_unsigned_varint(zigzag(value));
    }

    /// A zigzag variable-length 64-bit integer.
    pub fn put_varlong(&mut self, value: i64) {
        self.put_base128(zigzag_long(value));
    }

    /// Raw bytes, copied.
    #[inline]
    pub fn put_slice(&mut self, bytes: &[u8]) {
        match self.own.ahead(bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.own.advance(bytes.len());
            }
            None => self.grow_and_put(bytes),
        }
    }

    /// Raw bytes, taken by reference when they are [`Sink::SHARE_FROM`] or more.
    pub fn put_shared(&mut self, bytes: Bytes) {
        if bytes.len() < Self::SHARE_FROM {
            self.put_slice(&bytes);
        } else {
            self.shared_len += bytes.len();
            self.shared.push((self.own.len(), bytes));
        }
    }

    /// A string with its length.
    #[inline]
    pub fn put_string(&mut self, value: &str, flexible: bool) -> Result<(), EncodeError> {
        let len = value.len();
        if len > MAX_STRING_LEN {
            return Err(too_long(len, MAX_STRING_LEN));
        }
        if flexible {
            self.put_unsigned_varint(len as u32 + 1);
        } else {
            self.put_i16(len as i16);
        }
        if len != 0 {
            self.put_slice(value.as_bytes());
        }
        Ok(())
    }

    /// The null string.
    pub fn put_null_string(&mut self, flexible: bool) {
        if flexible {
            self.put_unsigned_varint(0)
        } else {
            self.put_i16(-1)
        }
    }

    /// Bytes with their length; long ones are taken by reference.
    pub fn put_bytes(&mut self, value: &Bytes, flexible: bool) -> Result<(), EncodeError> {
        self.put_len(value.len(), flexible)?;
        self.put_piece(value);
        Ok(())
    }

    /// Record data with its length; never copied but for short pieces.
    pub fn put_records(&mut self, value: &RecordBytes, flexible: bool) -> Result<(), EncodeError> {
        self.put_len(value.len(), flexible)?;
        for segment in value.segments() {
            self.put_piece(segment);
        }
        Ok(())
    }

    /// The length of bytes or records, or the count of an array.
    #[inline(always)]
    pub fn put_len(&mut self, len: usize, flexible: bool) -> Result<(), EncodeError> {
        match i32::try_from(len) {
            Ok(len) if flexible => self.put_unsigned_varint(len as u32 + 1),
            Ok(len) => self.put_i32(len),
            Err(_) => return Err(too_long(len, i32::MAX as usize)),
        }
        Ok(())
    }

    /// An array of values of `N` bytes each, with its count.
    #[doc(hidden)]
    pub fn put_scalars<const N: usize, T: Copy>(
        &mut self,
        values: &[T],
        flexible: bool,
        to_bytes: impl Fn(T) -> [u8; N],
    ) -> Result<(), EncodeError> {
        self.put_len(values.len(), flexible)?;
        let len = N * values.len();
        if self.own.ahead(len).is_none() {
            self.grow(len);
        }
        if let Some(room) = self.own.ahead(len) {
            let (places, _) = room.as_chunks_mut::<N>();
            for (place, value) in places.iter_mut().zip(values) {
                *place = to_bytes(*value);
            }
            self.own.advance(len);
        }
        Ok(())
    }

    /// Null bytes, records or array.
    pub fn put_null(&mut self, flexible: bool) {
        if flexible {
            self.put_unsigned_varint(0)
        } else {
            self.put_i32(-1)
        }
    }

    /// Whether a nullable structure follows.
    pub fn put_presence(&mut self, present: bool) {
        self.put_i8(if present { 1 } else { -1 });
    }

    /// Overwrites four bytes at the very start, written before as a place
    /// holder, with the length of everything after them.
    pub(crate) fn fill_length_prefix(&mut self) -> Result<(), EncodeError> {
        let len = self.len().saturating_sub(4);
        let prefix = i32::try_from(len).map_err(|_| too_long(len, i32::MAX as usize))?;
        if let Some(place) = self.own.first_chunk_mut::<4>() {
            *place = prefix.to_be_bytes();
        }
        Ok(())
    }

    /// Room for numbers of `LEN` bytes together.
    #[doc(hidden)]
    #[inline(always)]
    pub fn run<const LEN: usize>(&mut self) -> Run<'_, LEN> {
        if self.own.ahead_chunk::<LEN>().is_none() {
            self.grow(LEN);
        }
        Run::new(&mut self.own)
    }

    /// Seven bits a byte, least significant first.
    #[inline(never)]
    fn put_base128(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.put_u8(value as u8);
    }

    #[inline(always)]
    fn put_array<const N: usize>(&mut self, bytes: [u8; N]) {
        match self.own.ahead_chunk::<N>() {
            Some(place) => {
                *place = bytes;
                self.own.advance(N);
            }
            None => self.grow_and_put(&bytes),
        }
    }

    /// The same as [`Sink::put_shared`]; no reference is taken to what is copied.
    #[inline]
    fn put_piece(&mut self, bytes: &Bytes) {
        if bytes.len() < Self::SHARE_FROM {
            self.put_slice(bytes);
        } else {
            self.put_shared(bytes.clone());
        }
    }

    /// The next `len` bytes to write to.
    #[inline]
    fn room(&mut self, len: usize) -> &mut [u8] {
        self.own.make_room(len, Self::LEAST_CAPACITY, usize::MAX)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) {
        self.room(len);
    }

    #[cold]
    #[inline(never)]
    fn grow_and_put(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.own.advance(bytes.len());
    }
}

#[cold]
fn too_long(len: usize, max: usize) -> EncodeError {
    EncodeError::new(EncodeErrorKind::TooLong { len, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_buffers_keep_their_place_and_are_not_copied() {
        let big = Bytes::from(vec![7; Sink::SHARE_FROM]);
        let mut sink = Sink::new();
        sink.put_shared(big.clone());
        sink.put_i16(1);
        sink.put_shared(big.clone());
        sink.put_shared(big.clone());
        sink.put_shared(Bytes::from_static(b"short"));
        assert_eq!(sink.len(), 3 * big.len() + 7);
        let segments = sink.finish();
        let lens: Vec<_> = segments.segments().iter().map(Bytes::len).collect();
        assert_eq!(lens, [128, 2, 128, 128, 5]);
        assert_eq!(segments.segments()[2].as_ptr(), big.as_ptr());
    }

    #[test]
    fn varints_of_every_width_are_read_back() {
        let values = (0..64).flat_map(|bits| {
            [
                1i64 << bits,
                (1i64 << bits).wrapping_sub(1),
                -(1i64 << (bits % 63)),
            ]
        });
        for value in values {
            let mut sink = Sink::new();
            sink.put_varlong(value);
            sink.put_varint(value as i32);
            sink.put_unsigned_varint(value as u32);
            assert_eq!(
                sink.len(),
                super::super::varlong_len(value)
                    + super::super::varint_len(value as i32)
                    + super::super::unsigned_varint_len(value as u32)
            );
            let mut reader = super::super::Reader::new(sink.finish().into_bytes());
            assert_eq!(reader.read_varlong(), Ok(value));
            assert_eq!(reader.read_varint(), Ok(value as i32));
            assert_eq!(reader.read_unsigned_varint(), Ok(value as u32));
            reader.expect_end().unwrap();
        }
    }

    #[test]
    fn long_strings_are_refused() {
        let text = "x".repeat(MAX_STRING_LEN + 1);
        for flexible in [false, true] {
            let error = Sink::new().put_string(&text, flexible).unwrap_err();
            assert_eq!(
                error.kind(),
                &EncodeErrorKind::TooLong {
                    len: 32768,
                    max: 32767
                }
            );
            Sink::new().put_string(&text[1..], flexible).unwrap();
        }
    }
}
