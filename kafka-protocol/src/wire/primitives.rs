//! Leaf parsers: nom parsers over complete input, one per primitive type.

use nom::IResult;
use nom::error::{ErrorKind, ParseError};

/// Why a leaf does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeafError {
    Missing(usize),
    VarintOverflow(u32),
    Other,
}

impl<I> ParseError<I> for LeafError {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Self::Other
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

pub(super) type Leaf<'a, T> = IResult<&'a [u8], T, LeafError>;

/// Exactly `N` bytes.
#[inline]
pub(super) fn fixed<const N: usize>(input: &[u8]) -> Leaf<'_, [u8; N]> {
    match input.split_first_chunk::<N>() {
        Some((value, rest)) => Ok((rest, *value)),
        None => Err(missing(N - input.len())),
    }
}

#[inline]
pub(super) fn int8(input: &[u8]) -> Leaf<'_, i8> {
    fixed(input).map(|(rest, bytes)| (rest, i8::from_be_bytes(bytes)))
}

#[inline]
pub(super) fn boolean(input: &[u8]) -> Leaf<'_, bool> {
    fixed::<1>(input).map(|(rest, [byte])| (rest, byte != 0))
}

#[inline]
pub(super) fn int16(input: &[u8]) -> Leaf<'_, i16> {
    fixed(input).map(|(rest, bytes)| (rest, i16::from_be_bytes(bytes)))
}

#[inline]
pub(super) fn uint16(input: &[u8]) -> Leaf<'_, u16> {
    fixed(input).map(|(rest, bytes)| (rest, u16::from_be_bytes(bytes)))
}

#[inline]
pub(super) fn int32(input: &[u8]) -> Leaf<'_, i32> {
    fixed(input).map(|(rest, bytes)| (rest, i32::from_be_bytes(bytes)))
}

#[inline]
pub(super) fn uint32(input: &[u8]) -> Leaf<'_, u32> {
    fixed(input).map(|(rest, bytes)| (rest, u32::from_be_bytes(bytes)))
}

#[inline]
pub(super) fn int64(input: &[u8]) -> Leaf<'_, i64> {
    fixed(input).map(|(rest, bytes)| (rest, i64::from_be_bytes(bytes)))
}

#[inline]
pub(super) fn float64(input: &[u8]) -> Leaf<'_, f64> {
    fixed(input).map(|(rest, bytes)| (rest, f64::from_be_bytes(bytes)))
}

/// Seven bits a byte, least significant first, at most five bytes.
#[inline]
pub(super) fn unsigned_varint(input: &[u8]) -> Leaf<'_, u32> {
    // Nearly every length and count takes one byte.
    match input.split_first() {
        Some((byte, rest)) if *byte < 0x80 => Ok((rest, u32::from(*byte))),
        _ => {
            let (rest, value) = base128(input, 32)?;
            // base128 has checked that 32 bits hold it.
            Ok((rest, value as u32))
        }
    }
}

/// Seven bits a byte, least significant first, at most ten bytes.
pub(super) fn unsigned_varlong(input: &[u8]) -> Leaf<'_, u64> {
    base128(input, 64)
}

fn base128(input: &[u8], bits: u32) -> Leaf<'_, u64> {
    let mut value = 0u64;
    let mut shift = 0;
    let mut rest = input;
    while let Some((byte, after)) = rest.split_first() {
        let part = u64::from(byte & 0x7f);
        if bits - shift < 7 && part >> (bits - shift) != 0 {
            return Err(nom::Err::Error(LeafError::VarintOverflow(bits)));
        }
        value |= part << shift;
        shift += 7;
        rest = after;
        if *byte < 0x80 {
            return Ok((rest, value));
        }
        if shift >= bits {
            return Err(nom::Err::Error(LeafError::VarintOverflow(bits)));
        }
    }
    Err(missing(1))
}

#[cold]
fn missing(bytes: usize) -> nom::Err<LeafError> {
    nom::Err::Error(LeafError::Missing(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_up_to_their_width() {
        let check = |bytes: &[u8], expected: Result<u32, LeafError>| {
            let found = unsigned_varint(bytes).map(|(rest, value)| {
                assert!(rest.is_empty());
                value
            });
            assert_eq!(found, expected.map_err(nom::Err::Error), "{bytes:x?}");
        };
        check(&[0], Ok(0));
        check(&[0x7f], Ok(127));
        check(&[0x80, 0x01], Ok(128));
        check(&[0xff, 0xff, 0xff, 0xff, 0x0f], Ok(u32::MAX));
        check(
            &[0xff, 0xff, 0xff, 0xff, 0x1f],
            Err(LeafError::VarintOverflow(32)),
        );
        check(
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
            Err(LeafError::VarintOverflow(32)),
        );
        check(&[], Err(LeafError::Missing(1)));
        check(&[0x80, 0x80], Err(LeafError::Missing(1)));
    }

    #[test]
    fn varlongs_up_to_their_width() {
        let mut bytes = [0xff; 10];
        bytes[9] = 1;
        assert_eq!(unsigned_varlong(&bytes), Ok((&[][..], u64::MAX)));
        bytes[9] = 2;
        let overflow = nom::Err::Error(LeafError::VarintOverflow(64));
        assert_eq!(unsigned_varlong(&bytes), Err(overflow.clone()));
        assert_eq!(unsigned_varlong(&[0x80; 11]), Err(overflow));
    }

    #[test]
    fn says_how_much_is_missing() {
        assert_eq!(
            int64(&[1, 2, 3]),
            Err(nom::Err::Error(LeafError::Missing(5)))
        );
    }
}
