//! Reading and writing Kafka's primitive types.
//!
//! [`Reader`] takes a frame apart without copying it, under a budget
//! ([`Limits`]); [`Sink`] collects what is written, taking shared buffers as
//! they are, and ends as [`Segments`], ready for vectored writes.
//!
//! `flexible` in this module means the encoding of KIP-482: lengths and counts
//! as unsigned variable-length integers, one added so that zero stands for null.

mod body;
mod fill;
mod limits;
mod primitives;
mod reader;
mod run;
mod segments;
mod sink;
mod tagged;

pub(crate) use body::Body;
pub use limits::Limits;
pub use reader::Reader;
pub(crate) use reader::make_room;
#[doc(hidden)]
pub use run::Run;
pub use segments::Segments;
pub use sink::Sink;
pub use tagged::TaggedFields;

/// The longest string, in bytes: Kafka refuses longer ones even where the
/// compact encoding could carry them.
pub const MAX_STRING_LEN: usize = i16::MAX as usize;

/// Bytes of `value` as an unsigned variable-length integer: 1 to 5.
pub const fn unsigned_varint_len(value: u32) -> usize {
    // Seven bits a byte; zero takes one.
    (38 - (value | 1).leading_zeros() as usize) / 7
}

/// Bytes of `value` as a zigzag variable-length integer: 1 to 5.
pub const fn varint_len(value: i32) -> usize {
    unsigned_varint_len(zigzag(value))
}

/// Bytes of `value` as a zigzag variable-length integer: 1 to 10.
pub const fn varlong_len(value: i64) -> usize {
    (70 - (zigzag_long(value) | 1).leading_zeros() as usize) / 7
}

const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

const fn zigzag_long(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const fn unzigzag(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

const fn unzigzag_long(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_keeps_small_numbers_small() {
        for (value, expected) in [
            (0, 0),
            (-1, 1),
            (1, 2),
            (-2, 3),
            (i32::MAX, u32::MAX - 1),
            (i32::MIN, u32::MAX),
        ] {
            assert_eq!(zigzag(value), expected);
            assert_eq!(unzigzag(expected), value);
        }
        for (value, expected) in [
            (0, 0),
            (-1, 1),
            (i64::MAX, u64::MAX - 1),
            (i64::MIN, u64::MAX),
        ] {
            assert_eq!(zigzag_long(value), expected);
            assert_eq!(unzigzag_long(expected), value);
        }
    }

    #[test]
    fn varint_lengths_at_every_boundary() {
        for bits in 0..32 {
            let value = 1u32 << bits;
            assert_eq!(unsigned_varint_len(value), bits / 7 + 1, "2^{bits}");
            assert_eq!(
                unsigned_varint_len(value - 1),
                usize::max(bits, 1).div_ceil(7),
                "2^{bits} - 1"
            );
        }
        assert_eq!(unsigned_varint_len(u32::MAX), 5);
        for (value, len) in [
            (0, 1),
            (63, 1),
            (-64, 1),
            (64, 2),
            (-65, 2),
            (i64::MAX, 10),
            (i64::MIN, 10),
        ] {
            assert_eq!(varlong_len(value), len, "{value}");
        }
        assert_eq!(
            (varint_len(i32::MIN), varint_len(-64), varint_len(-65)),
            (5, 1, 2)
        );
    }
}
