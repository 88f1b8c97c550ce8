//! The zig-zag variable-length integers of record batches: up to five bytes for
//! an `i32`, ten for an `i64`, seven bits a byte, lowest first.

/// Bytes that [`Front::varint`] writes for `value`.
pub(super) const fn varint_len(value: i32) -> usize {
    unsigned_len(zigzag(value as i64))
}

/// Bytes that [`Front::varlong`] writes for `value`.
pub(super) const fn varlong_len(value: i64) -> usize {
    unsigned_len(zigzag(value))
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const fn unsigned_len(value: u64) -> usize {
    // One byte for each seven bits begun; `(9 * bits + 64) / 64` is
    // `(bits + 6) / 7` without a division, for 1 to 64 bits.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    (bits * 9 + 64) >> 6
}

/// A few fixed and variable fields, gathered on the stack and then appended to a
/// buffer at once.
///
/// Holds what precedes a record's value at most: length, attributes, timestamp
/// delta, offset delta, a null key and a value length, 5 + 1 + 10 + 5 + 1 + 5
/// bytes.
pub(super) struct Front {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl Front {
    /// Bytes that fit, and that [`Front::append_to`] writes beyond the end for a
    /// moment.
    pub(super) const CAPACITY: usize = 32;

    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
        }
    }

    #[inline(always)]
    pub(super) fn byte(&mut self, value: u8) {
        self.bytes[self.len] = value;
        self.len += 1;
    }

    #[inline(always)]
    pub(super) fn varint(&mut self, value: i32) {
        self.unsigned(zigzag(value as i64));
    }

    #[inline(always)]
    pub(super) fn varlong(&mut self, value: i64) {
        self.unsigned(zigzag(value));
    }

    #[inline(always)]
    fn unsigned(&mut self, value: u64) {
        if value < 1 << 7 {
            self.bytes[self.len] = value as u8;
            self.len += 1;
        } else if value < 1 << 14 {
            let spread = (value & 0x7f) | 0x80 | (value & 0x3f80) << 1;
            self.bytes[self.len..self.len + 2].copy_from_slice(&(spread as u16).to_le_bytes());
            self.len += 2;
        } else {
            self.unsigned_long(value);
        }
    }

    #[cold]
    #[inline(never)]
    fn unsigned_long(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// Appends the gathered bytes. `buffer` should have [`Front::CAPACITY`] bytes
    /// to spare: a copy of constant length is a couple of moves, one of variable
    /// length a call, so all is copied and the excess cut off.
    #[inline(always)]
    pub(super) fn append_to(&self, buffer: &mut Vec<u8>) {
        let end = buffer.len() + self.len;
        buffer.extend_from_slice(&self.bytes);
        buffer.truncate(end);
    }

    /// Appends the gathered bytes and not one byte of capacity more.
    pub(super) fn append_exactly_to(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.bytes[..self.len]);
    }
}

/// Why a varint can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InvalidVarint;

/// Reads from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline(always)]
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    #[inline(always)]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    #[inline(always)]
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    #[inline(always)]
    pub(super) fn varint(&mut self) -> Result<i32, InvalidVarint> {
        match *self.rest {
            [a, ref rest @ ..] if a < 0x80 => {
                self.rest = rest;
                Ok(unzigzag32(u32::from(a)))
            }
            [a, b, ref rest @ ..] if b < 0x80 => {
                self.rest = rest;
                Ok(unzigzag32(u32::from(a & 0x7f) | u32::from(b) << 7))
            }
            _ => self.long_varint(),
        }
    }

    #[inline(always)]
    pub(super) fn varlong(&mut self) -> Result<i64, InvalidVarint> {
        match *self.rest {
            [a, ref rest @ ..] if a < 0x80 => {
                self.rest = rest;
                Ok(unzigzag(u64::from(a)))
            }
            [a, b, ref rest @ ..] if b < 0x80 => {
                self.rest = rest;
                Ok(unzigzag(u64::from(a & 0x7f) | u64::from(b) << 7))
            }
            _ => self.long_varlong(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<i32, InvalidVarint> {
        let value = self.unsigned(5)?;
        u32::try_from(value)
            .map(unzigzag32)
            .map_err(|_| InvalidVarint)
    }

    #[inline(never)]
    fn long_varlong(&mut self) -> Result<i64, InvalidVarint> {
        self.unsigned(10).map(unzigzag)
    }

    /// At most `max` bytes; more, or bits beyond the 64th, are refused.
    fn unsigned(&mut self, max: usize) -> Result<u64, InvalidVarint> {
        let mut value = 0_u64;
        for index in 0..max {
            let byte = self.byte().ok_or(InvalidVarint)?;
            let bits = u64::from(byte & 0x7f);
            let shift = 7 * index as u32;
            if bits << shift >> shift != bits {
                return Err(InvalidVarint);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(InvalidVarint)
    }
}

const fn unzigzag32(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(fill: impl FnOnce(&mut Front)) -> Vec<u8> {
        let mut front = Front::new();
        fill(&mut front);
        let (mut loose, mut exact) = (Vec::new(), Vec::new());
        front.append_to(&mut loose);
        front.append_exactly_to(&mut exact);
        assert_eq!(loose, exact);
        exact
    }

    fn check_varint(value: i32) {
        let bytes = written(|front| front.varint(value));
        assert_eq!(bytes.len(), varint_len(value), "{value}");
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.varint(), Ok(value));
        assert!(cursor.rest.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(Cursor::new(&bytes[..end]).varint(), Err(InvalidVarint));
        }
    }

    fn check_varlong(value: i64) {
        let bytes = written(|front| front.varlong(value));
        assert_eq!(bytes.len(), varlong_len(value), "{value}");
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.varlong(), Ok(value));
        assert!(cursor.rest.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(Cursor::new(&bytes[..end]).varlong(), Err(InvalidVarint));
        }
    }

    #[test]
    fn every_width() {
        for shift in 0..32 {
            for value in [(1_i64 << shift) - 1, 1 << shift, (1 << shift) + 1] {
                for value in [value, -value] {
                    if let Ok(value) = i32::try_from(value) {
                        check_varint(value);
                    }
                }
            }
        }
        for shift in 0..64 {
            for value in [(1_u64 << shift) - 1, 1 << shift, (1 << shift) + 1] {
                check_varlong(value as i64);
                check_varlong((value as i64).wrapping_neg());
            }
        }
        check_varint(i32::MIN);
        check_varint(i32::MAX);
        check_varlong(i64::MIN);
        check_varlong(i64::MAX);
    }

    #[test]
    fn known_bytes() {
        assert_eq!(written(|f| f.varint(-1)), [0x01]);
        assert_eq!(written(|f| f.varint(63)), [0x7e]);
        assert_eq!(written(|f| f.varint(64)), [0x80, 0x01]);
        assert_eq!(written(|f| f.varint(-8193)), [0x81, 0x80, 0x01]);
        assert_eq!(
            written(|f| f.varint(i32::MIN)),
            [0xff, 0xff, 0xff, 0xff, 0x0f]
        );
    }

    #[test]
    fn overlong_and_overflowing_are_refused() {
        for bytes in [
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x00][..],
            &[0xff, 0xff, 0xff, 0xff, 0x1f],
            &[0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(
                Cursor::new(bytes).varint(),
                Err(InvalidVarint),
                "{bytes:x?}"
            );
        }
        for last in [0x02, 0x03, 0x7f, 0x80, 0xff] {
            let mut bytes = [0xff; 11];
            bytes[9] = last;
            assert_eq!(
                Cursor::new(&bytes).varlong(),
                Err(InvalidVarint),
                "{last:x}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_value(short: i32, long: i64) {
            check_varint(short);
            check_varlong(long);
        }
    }
}
