use bytes::Bytes;

use super::primitives::{self, Leaf, LeafError};
use super::{Limits, MAX_STRING_LEN, unzigzag, unzigzag_long};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{RecordBytes, StrBytes, Uuid};

/// Takes one frame apart.
///
/// Strings, bytes and records come out as views on the frame. Every length and
/// count is checked against what is left before anything is allocated, and
/// memory for decoded structures comes out of one budget for the whole message
/// ([`Limits`]), so that hostile bytes cannot cost more than a constant times
/// their own length. After an error the position is unspecified.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Cut only for what is handed out: to move the start of a shared buffer for
    /// each field costs more than most fields.
    frame: Bytes,
    /// What is not read yet: `frame[at..end]`.
    at: usize,
    end: usize,
    limits: Limits,
    budget: usize,
}

impl Reader {
    /// A reader over `frame` with the default limits.
    pub fn new(frame: Bytes) -> Self {
        Self::with_limits(frame, Limits::default())
    }

    /// A reader over `frame` that allows what `limits` allows.
    pub fn with_limits(frame: Bytes, limits: Limits) -> Self {
        let budget = limits.budget(frame.len());
        Self {
            at: 0,
            end: frame.len(),
            frame,
            limits,
            budget,
        }
    }

    /// Bytes not read yet.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.end - self.at
    }

    /// The bytes not read yet, without reading them.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        self.frame.get(self.at..self.end).unwrap_or_default()
    }

    /// The bytes not read yet, as one slice of the frame.
    pub fn into_rest(mut self) -> Bytes {
        self.frame.truncate(self.end);
        self.frame.split_off(self.at)
    }

    /// Fails when bytes are left over.
    pub fn expect_end(&self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(DecodeError::new(DecodeErrorKind::Trailing(left))),
        }
    }

    /// A boolean: any byte but zero is true.
    #[inline]
    pub fn read_bool(&mut self) -> Result<bool, DecodeError> {
        self.leaf(primitives::boolean)
    }

    /// A signed byte.
    #[inline]
    pub fn read_i8(&mut self) -> Result<i8, DecodeError> {
        self.leaf(primitives::int8)
    }

    /// A big-endian 16-bit integer.
    #[inline]
    pub fn read_i16(&mut self) -> Result<i16, DecodeError> {
        self.leaf(primitives::int16)
    }

    /// A big-endian unsigned 16-bit integer.
    #[inline]
    pub fn read_u16(&mut self) -> Result<u16, DecodeError> {
        self.leaf(primitives::uint16)
    }

    /// A big-endian 32-bit integer.
    #[inline]
    pub fn read_i32(&mut self) -> Result<i32, DecodeError> {
        self.leaf(primitives::int32)
    }

    /// A big-endian unsigned 32-bit integer.
    #[inline]
    pub fn read_u32(&mut self) -> Result<u32, DecodeError> {
        self.leaf(primitives::uint32)
    }

    /// A big-endian 64-bit integer.
    #[inline]
    pub fn read_i64(&mut self) -> Result<i64, DecodeError> {
        self.leaf(primitives::int64)
    }

    /// A big-endian IEEE 754 double.
    #[inline]
    pub fn read_f64(&mut self) -> Result<f64, DecodeError> {
        self.leaf(primitives::float64)
    }

    /// A 16-byte id.
    #[inline]
    pub fn read_uuid(&mut self) -> Result<Uuid, DecodeError> {
        self.leaf(primitives::fixed::<16>).map(Uuid::from_bytes)
    }

    /// An unsigned variable-length integer.
    #[inline]
    pub fn read_unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        self.leaf(primitives::unsigned_varint)
    }

    /// A zigzag variable-length 32-bit integer, as records use.
    #[inline]
    pub fn read_varint(&mut self) -> Result<i32, DecodeError> {
        self.leaf(primitives::unsigned_varint).map(unzigzag)
    }

    /// A zigzag variable-length 64-bit integer, as records use.
    #[inline]
    pub fn read_varlong(&mut self) -> Result<i64, DecodeError> {
        self.leaf(primitives::unsigned_varlong).map(unzigzag_long)
    }

    /// The next `len` bytes as a view on the frame.
    #[inline]
    pub fn read_slice(&mut self, len: usize) -> Result<Bytes, DecodeError> {
        self.require(len)?;
        let start = self.at;
        self.at += len;
        Ok(self.frame.slice(start..self.at))
    }

    /// A string that must not be null.
    pub fn read_string(&mut self, flexible: bool) -> Result<StrBytes, DecodeError> {
        let mut text = StrBytes::new();
        self.fill_string(&mut text, flexible)?;
        Ok(text)
    }

    /// A string or null.
    pub fn read_nullable_string(
        &mut self,
        flexible: bool,
    ) -> Result<Option<StrBytes>, DecodeError> {
        let mut text = None;
        self.fill_nullable_string(&mut text, flexible, true)?;
        Ok(text)
    }

    /// Bytes that must not be null.
    pub fn read_bytes(&mut self, flexible: bool) -> Result<Bytes, DecodeError> {
        self.read_nullable_bytes(flexible)?
            .ok_or_else(unexpected_null)
    }

    /// Bytes or null.
    pub fn read_nullable_bytes(&mut self, flexible: bool) -> Result<Option<Bytes>, DecodeError> {
        match self.read_len(flexible)? {
            Some(len) => self.read_slice(len).map(Some),
            None => Ok(None),
        }
    }

    /// Record data that must not be null, as one view on the frame.
    pub fn read_records(&mut self, flexible: bool) -> Result<RecordBytes, DecodeError> {
        self.read_bytes(flexible).map(RecordBytes::from)
    }

    /// Record data or null, as one view on the frame.
    pub fn read_nullable_records(
        &mut self,
        flexible: bool,
    ) -> Result<Option<RecordBytes>, DecodeError> {
        Ok(self.read_nullable_bytes(flexible)?.map(RecordBytes::from))
    }

    /// The count of an array, its elements checked against what is left and
    /// charged: `None` for null.
    #[inline]
    pub(crate) fn read_count<T>(
        &mut self,
        flexible: bool,
        min_len: usize,
    ) -> Result<Option<usize>, DecodeError> {
        let count = self.read_len(flexible)?;
        if let Some(count) = count {
            self.charge_elements::<T>(count, min_len)?;
        }
        Ok(count)
    }

    /// An array that must not be null. `min_len` is the least that one element
    /// takes on the wire.
    #[inline]
    pub fn read_array<T>(
        &mut self,
        flexible: bool,
        min_len: usize,
        element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        self.read_nullable_array(flexible, min_len, element)?
            .ok_or_else(unexpected_null)
    }

    /// An array or null. `min_len` is the least that one element takes on the
    /// wire.
    #[inline]
    pub fn read_nullable_array<T>(
        &mut self,
        flexible: bool,
        min_len: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let Some(count) = self.read_count::<T>(flexible, min_len)? else {
            return Ok(None);
        };
        let mut elements = Vec::new();
        for index in 0..count {
            make_room(&mut elements, count - index);
            elements.push(element(self).map_err(|error| error.at_index(index))?);
        }
        Ok(Some(elements))
    }

    /// `count` values, all of which are known to be there.
    #[inline]
    pub(super) fn scalars<const N: usize, T>(
        &mut self,
        count: usize,
        from_bytes: impl Fn([u8; N]) -> T,
    ) -> Vec<T> {
        let end = self.at + N * count;
        let (values, _) = self
            .frame
            .get(self.at..end)
            .unwrap_or_default()
            .as_chunks::<N>();
        self.at = end;
        let mut all = Vec::with_capacity(values.len());
        all.extend(values.iter().map(|value| from_bytes(*value)));
        all
    }

    /// Whether a nullable structure follows (one signed byte: negative means
    /// null).
    pub fn read_presence(&mut self) -> Result<bool, DecodeError> {
        self.read_i8().map(|marker| marker >= 0)
    }

    /// Runs `read` on exactly the next `len` bytes.
    pub(crate) fn within<T>(
        &mut self,
        len: usize,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.require(len)?;
        let end = self.end;
        self.end = self.at + len;
        let value = read(self)?;
        self.expect_end()?;
        self.end = end;
        Ok(value)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes memory for decoded structures out of the budget.
    #[inline]
    pub(crate) fn charge(&mut self, needed: usize) -> Result<(), DecodeError> {
        match self.budget.checked_sub(needed) {
            Some(left) => self.budget = left,
            None => {
                let left = self.budget;
                return Err(DecodeError::new(DecodeErrorKind::OverBudget {
                    needed,
                    left,
                }));
            }
        }
        Ok(())
    }

    #[inline]
    fn charge_elements<T>(&mut self, count: usize, min_len: usize) -> Result<(), DecodeError> {
        let remaining = self.remaining();
        // Not a division: it takes as long as a few fields.
        if count.saturating_mul(min_len.max(1)) > remaining {
            return Err(DecodeError::new(DecodeErrorKind::CountBeyondFrame {
                count,
                remaining,
            }));
        }
        let limit = self.limits.max_elements;
        if count > limit {
            return Err(DecodeError::new(DecodeErrorKind::TooManyElements {
                count,
                limit,
            }));
        }
        self.charge(count.saturating_mul(size_of::<T>()))
    }

    #[inline]
    pub(super) fn text(&mut self, len: usize) -> Result<StrBytes, DecodeError> {
        StrBytes::try_from(self.read_slice(len)?)
            .map_err(|_| DecodeError::new(DecodeErrorKind::InvalidUtf8))
    }

    /// The length of a string: `None` for null.
    #[inline(always)]
    pub(super) fn string_len(&mut self, flexible: bool) -> Result<Option<usize>, DecodeError> {
        let len = if flexible {
            self.compact_len()?
        } else {
            nullable_len(self.read_i16()?.into())?
        };
        match len {
            Some(len) if len > MAX_STRING_LEN => {
                Err(DecodeError::new(DecodeErrorKind::StringTooLong(len)))
            }
            len => Ok(len),
        }
    }

    /// The length of bytes or the count of an array: `None` for null.
    #[inline(always)]
    pub(super) fn read_len(&mut self, flexible: bool) -> Result<Option<usize>, DecodeError> {
        if flexible {
            self.compact_len()
        } else {
            nullable_len(self.read_i32()?.into())
        }
    }

    #[inline(always)]
    fn compact_len(&mut self) -> Result<Option<usize>, DecodeError> {
        Ok((self.read_unsigned_varint()? as usize).checked_sub(1))
    }

    #[inline]
    fn require(&self, len: usize) -> Result<(), DecodeError> {
        match len.checked_sub(self.remaining()) {
            None | Some(0) => Ok(()),
            Some(missing) => Err(bytes_missing(missing)),
        }
    }

    #[inline]
    fn leaf<T>(
        &mut self,
        parse: impl for<'a> Fn(&'a [u8]) -> Leaf<'a, T>,
    ) -> Result<T, DecodeError> {
        match parse(self.as_slice()) {
            Ok((rest, value)) => {
                self.at = self.end - rest.len();
                Ok(value)
            }
            Err(error) => Err(leaf_error(error)),
        }
    }
}

/// Makes room for the next of `left` elements whose memory was charged: in two
/// steps, so that a frame that breaks off soon costs little, and all of them no
/// more than they were charged.
#[inline]
pub(crate) fn make_room<T>(elements: &mut Vec<T>, left: usize) {
    if elements.len() == elements.capacity() {
        let first = (FIRST_ALLOCATION / size_of::<T>().max(1)).max(1);
        elements.reserve_exact(if elements.is_empty() {
            left.min(first)
        } else {
            left
        });
    }
}

/// Bytes made ready before the first element is read: a claimed count is not yet
/// a received element.
const FIRST_ALLOCATION: usize = 16 << 10;

/// Minus one is null; other negative lengths are errors.
fn nullable_len(len: i64) -> Result<Option<usize>, DecodeError> {
    match usize::try_from(len) {
        Ok(len) => Ok(Some(len)),
        Err(_) if len == -1 => Ok(None),
        Err(_) => Err(DecodeError::new(DecodeErrorKind::NegativeLength(len))),
    }
}

#[cold]
fn bytes_missing(bytes: usize) -> DecodeError {
    DecodeError::new(DecodeErrorKind::Missing(bytes))
}

#[cold]
pub(super) fn unexpected_null() -> DecodeError {
    DecodeError::new(DecodeErrorKind::UnexpectedNull)
}

#[cold]
fn leaf_error(error: nom::Err<LeafError>) -> DecodeError {
    DecodeError::new(match error {
        nom::Err::Error(LeafError::Missing(bytes))
        | nom::Err::Failure(LeafError::Missing(bytes)) => DecodeErrorKind::Missing(bytes),
        nom::Err::Error(LeafError::VarintOverflow(bits))
        | nom::Err::Failure(LeafError::VarintOverflow(bits)) => {
            DecodeErrorKind::VarintOverflow(bits)
        }
        // The leaf parsers work on complete input and use no other error.
        _ => DecodeErrorKind::Missing(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Reader {
        Reader::new(Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn strings_are_views_on_the_frame() {
        let frame = Bytes::from_static(b"\x00\x03abc\x04def\xff\xff\x00");
        let mut reader = Reader::new(frame.clone());
        let text = reader.read_string(false).unwrap();
        assert_eq!(text, "abc");
        assert_eq!(text.as_bytes().as_ptr(), frame[2..].as_ptr());
        assert_eq!(reader.read_string(true).unwrap(), "def");
        assert_eq!(reader.read_nullable_string(false), Ok(None));
        assert_eq!(reader.read_nullable_string(true), Ok(None));
        reader.expect_end().unwrap();
    }

    #[test]
    fn refused_strings() {
        let check = |bytes: &[u8], flexible, expected| {
            let found = reader(bytes).read_string(flexible).unwrap_err();
            assert_eq!(found.kind(), &expected, "{bytes:x?}");
        };
        check(b"\x00\x05ab", false, DecodeErrorKind::Missing(3));
        check(b"\x00", false, DecodeErrorKind::Missing(1));
        check(b"\xff\xff", false, DecodeErrorKind::UnexpectedNull);
        check(b"\xff\xfe", false, DecodeErrorKind::NegativeLength(-2));
        check(b"\x00", true, DecodeErrorKind::UnexpectedNull);
        check(b"\x02\xff", true, DecodeErrorKind::InvalidUtf8);
        check(
            b"\x81\x80\x02",
            true,
            DecodeErrorKind::StringTooLong(0x8000),
        );
    }

    #[test]
    fn counts_are_checked_before_allocation() {
        let check = |bytes: &[u8], expected| {
            let found = reader(bytes)
                .read_array(false, 4, Reader::read_i32)
                .unwrap_err();
            assert_eq!(found.kind(), &expected, "{bytes:x?}");
        };
        check(
            b"\x7f\xff\xff\xff\0\0\0\0",
            DecodeErrorKind::CountBeyondFrame {
                count: 0x7fff_ffff,
                remaining: 4,
            },
        );
        check(
            b"\0\0\0\x02\0\0\0\0\0",
            DecodeErrorKind::CountBeyondFrame {
                count: 2,
                remaining: 5,
            },
        );
        check(b"\xff\xff\xff\xff", DecodeErrorKind::UnexpectedNull);
        check(
            b"\x80\x00\x00\x00",
            DecodeErrorKind::NegativeLength(i32::MIN.into()),
        );
        assert_eq!(
            reader(b"\xff\xff\xff\xff").read_nullable_array(false, 4, Reader::read_i32),
            Ok(None)
        );
    }

    #[test]
    fn siblings_share_one_budget() {
        // Two arrays of 50 one-byte elements, each of which takes 32 bytes here.
        let mut bytes = Vec::new();
        for _ in 0..2 {
            bytes.push(51);
            bytes.extend([1; 50]);
        }
        let limits = Limits {
            max_allocation: 50 * size_of::<StrBytes>() + 10,
            ..Limits::default()
        };
        let mut reader = Reader::with_limits(Bytes::from(bytes), limits);
        let element = |reader: &mut Reader| reader.read_string(true);
        assert_eq!(reader.read_array(true, 1, element).unwrap().len(), 50);
        let error = reader.read_array(true, 1, element).unwrap_err();
        let needed = 50 * size_of::<StrBytes>();
        assert_eq!(
            error.kind(),
            &DecodeErrorKind::OverBudget { needed, left: 10 }
        );
    }

    #[test]
    fn element_limit() {
        let limits = Limits {
            max_elements: 2,
            ..Limits::default()
        };
        let mut reader = Reader::with_limits(Bytes::from_static(b"\x04abc"), limits);
        let error = reader.read_array(true, 1, Reader::read_i8).unwrap_err();
        assert_eq!(
            error.kind(),
            &DecodeErrorKind::TooManyElements { count: 3, limit: 2 }
        );
    }

    #[test]
    fn large_arrays_grow_to_their_count() {
        let count = 5000;
        let mut bytes = Vec::from(i32::to_be_bytes(count));
        bytes.extend((0..count).flat_map(i32::to_be_bytes));
        let found = reader(&bytes)
            .read_array(false, 4, Reader::read_i32)
            .unwrap();
        assert!(found.into_iter().eq(0..count));
    }
}
