//! The zig-zag variable-length integers of record batches: up to five bytes for
//! an `i32`, ten for an `i64`, seven bits a byte, lowest first.

/// Bytes that [`put_varint`] writes for `value`, be its type `i32` or `i64`.
pub(super) const fn varint_len(value: i64) -> usize {
    // One byte for each seven bits begun; `(9 * bits + 64) / 64` is
    // `(bits + 6) / 7` without a division, for 1 to 64 bits.
    let bits = 64 - (zigzag(value) | 1).leading_zeros() as usize;
    (bits * 9 + 64) >> 6
}

pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Writes `value` to the start of `room` and returns its length.
#[inline]
pub(super) fn put_varint(room: &mut [u8], value: i64) -> usize {
    let mut rest = zigzag(value);
    let mut at = 0;
    while rest >= 0x80 {
        room[at] = rest as u8 | 0x80;
        rest >>= 7;
        at += 1;
    }
    room[at] = rest as u8;
    at + 1
}

/// One or a few short fields, put together in a register to be written at once.
#[derive(Clone, Copy)]
pub(super) struct Word {
    bytes: u64,
    len: u32,
}

impl Word {
    /// Bytes that fit, and that [`Word::write`] writes, used or not.
    pub(super) const CAPACITY: usize = 8;
    /// The byte 0.
    pub(super) const ZERO: Self = Self { bytes: 0, len: 1 };
    /// The varint -1.
    pub(super) const MINUS_ONE: Self = Self { bytes: 1, len: 1 };

    /// The varint of a zig-zag value below 2^14: one or two bytes.
    #[inline(always)]
    pub(super) const fn two(zigzag: u32) -> Self {
        if zigzag < 1 << 7 {
            Self {
                bytes: zigzag as u64,
                len: 1,
            }
        } else {
            Self {
                bytes: (zigzag & 0x7f | 0x80 | (zigzag & 0x3f80) << 1) as u64,
                len: 2,
            }
        }
    }

    /// The varint of a zig-zag value below 2^21: one to three bytes.
    #[inline(always)]
    pub(super) const fn three(zigzag: u32) -> Self {
        if zigzag < 1 << 14 {
            return Self::two(zigzag);
        }
        let bytes = zigzag & 0x7f | (zigzag & 0x3f80) << 1 | (zigzag & 0x1f_c000) << 2;
        Self {
            bytes: (bytes | 0x8080) as u64,
            len: 3,
        }
    }

    #[inline(always)]
    pub(super) const fn len(self) -> usize {
        self.len as usize
    }

    /// This and `next`; the caller sees to it that both fit, and that this one
    /// leaves a byte.
    #[inline(always)]
    pub(super) const fn then(self, next: Self) -> Self {
        Self {
            bytes: self.bytes | next.bytes << (8 * self.len % 64),
            len: self.len + next.len,
        }
    }

    /// Writes to `buffer` at `at` and returns where it ends. All of
    /// [`Word::CAPACITY`] is written, because a copy of constant length is one
    /// move, of variable length a call; so the next field is to be written
    /// afterwards.
    #[inline(always)]
    pub(super) fn write(self, buffer: &mut [u8], at: usize) -> usize {
        buffer[at..at + Self::CAPACITY].copy_from_slice(&self.bytes.to_le_bytes());
        at + self.len()
    }
}

/// Why a varint can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VarintError {
    /// The bytes end within it.
    Cut,
    /// It is longer than its type, in bytes or bits.
    Malformed,
}

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
    pub(super) fn varint(&mut self) -> Result<i32, VarintError> {
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
    pub(super) fn varlong(&mut self) -> Result<i64, VarintError> {
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
    fn long_varint(&mut self) -> Result<i32, VarintError> {
        let value = self.unsigned(5)?;
        u32::try_from(value)
            .map(unzigzag32)
            .map_err(|_| VarintError::Malformed)
    }

    #[inline(never)]
    fn long_varlong(&mut self) -> Result<i64, VarintError> {
        self.unsigned(10).map(unzigzag)
    }

    /// At most `max` bytes; more, or bits beyond the 64th, are refused.
    fn unsigned(&mut self, max: usize) -> Result<u64, VarintError> {
        let mut value = 0_u64;
        for index in 0..max {
            let byte = self.byte().ok_or(VarintError::Cut)?;
            let bits = u64::from(byte & 0x7f);
            let shift = 7 * index as u32;
            if bits << shift >> shift != bits {
                return Err(VarintError::Malformed);
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(VarintError::Malformed)
    }
}

pub(super) const fn unzigzag32(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: i64) -> Vec<u8> {
        let mut room = [0xee; 10];
        let len = put_varint(&mut room, value);
        let bytes = room[..len].to_vec();
        if let Ok(zigzag @ 0..0x20_0000) = u32::try_from(zigzag(value)) {
            let field = if zigzag < 1 << 14 {
                Word::two(zigzag)
            } else {
                Word::three(zigzag)
            };
            let word = Word::ZERO.then(field).then(Word::MINUS_ONE);
            let mut room = [0xee; 20];
            let end = word.write(&mut room, 2);
            assert_eq!(end, 2 + word.len());
            assert_eq!(room[2..end], [&[0], &bytes[..], &[1]].concat(), "{value}");
        }
        bytes
    }

    fn check_varint(value: i32) {
        let bytes = written(value.into());
        assert_eq!(bytes.len(), varint_len(value.into()), "{value}");
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.varint(), Ok(value));
        assert!(cursor.rest.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(Cursor::new(&bytes[..end]).varint(), Err(VarintError::Cut));
        }
    }

    fn check_varlong(value: i64) {
        let bytes = written(value);
        assert_eq!(bytes.len(), varint_len(value), "{value}");
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.varlong(), Ok(value));
        assert!(cursor.rest.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(Cursor::new(&bytes[..end]).varlong(), Err(VarintError::Cut));
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
        assert_eq!(written(-1), [0x01]);
        assert_eq!(written(63), [0x7e]);
        assert_eq!(written(64), [0x80, 0x01]);
        assert_eq!(written(-8193), [0x81, 0x80, 0x01]);
        assert_eq!(written(i64::from(i32::MIN)), [0xff, 0xff, 0xff, 0xff, 0x0f]);
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
                Err(VarintError::Malformed),
                "{bytes:x?}"
            );
        }
        for last in [0x02, 0x03, 0x7f, 0x80, 0xff] {
            let mut bytes = [0xff; 11];
            bytes[9] = last;
            assert_eq!(
                Cursor::new(&bytes).varlong(),
                Err(VarintError::Malformed),
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
