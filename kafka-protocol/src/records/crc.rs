//! CRC-32C (Castagnoli) of two pieces that are never put together.
//!
//! A batch's body is checksummed once, when it is sealed; its header is stamped
//! and checksummed at each send. Appending a body of known length to a prefix
//! multiplies the prefix's CRC by x^(8·length) modulo the polynomial, so that
//! power is computed with the body's CRC and each stamp costs one polynomial
//! multiplication instead of a second pass over the body.

/// The CRC-32C of `bytes`.
#[inline]
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    // The iSCSI name of the same checksum. The crate takes the widest carry-less
    // multiplication that the processor has: twice as fast as the instruction made
    // for this polynomial.
    crc_fast::crc32_iscsi(bytes)
}

/// The reversed Castagnoli polynomial without its highest term.
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// The polynomial 1, reversed.
const ONE: u32 = 1 << 31;

/// The CRC-32C of a body, and what combines it with the CRC of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyCrc {
    crc: u32,
    /// x^(8·length) modulo the polynomial.
    shift: u32,
}

impl BodyCrc {
    pub(super) fn of(body: &[u8]) -> Self {
        Self {
            crc: crc32c(body),
            shift: byte_power(body.len() as u64),
        }
    }

    /// The CRC-32C of `prefix` followed by the body.
    pub(super) fn after(self, prefix: &[u8]) -> u32 {
        multiply(crc32c(prefix), self.shift) ^ self.crc
    }
}

/// `a·b` modulo the polynomial, all reversed (the highest bit is x^0). Without
/// branches: what they would depend on is random.
const fn multiply(mut a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    let mut bits = 32;
    while bits != 0 {
        product ^= b & (a >> 31).wrapping_neg();
        b = b >> 1 ^ POLYNOMIAL & (b & 1).wrapping_neg();
        a <<= 1;
        bits -= 1;
    }
    product
}

/// `POWERS[n][digit]` is x^(8·digit·16^n) modulo the polynomial.
const POWERS: [[u32; 16]; 16] = {
    let mut powers = [[ONE; 16]; 16];
    let mut first = ONE >> 8;
    let mut n = 0;
    while n < 16 {
        let mut digit = 1;
        while digit < 16 {
            powers[n][digit] = multiply(powers[n][digit - 1], first);
            digit += 1;
        }
        first = multiply(powers[n][15], first);
        n += 1;
    }
    powers
};

/// x^(8·`bytes`) modulo the polynomial: one multiplication for each hexadecimal
/// digit but the first that is not zero.
fn byte_power(bytes: u64) -> u32 {
    let digit = |n: usize| (bytes >> (4 * n) & 15) as usize;
    let powers = POWERS.iter().enumerate();
    let powers = powers.filter_map(|(n, row)| row.get(digit(n)).filter(|_| digit(n) != 0));
    powers.copied().reduce(multiply).unwrap_or(ONE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_value() {
        assert_eq!(BodyCrc::of(b"123456789").after(b""), 0xe306_9283);
        assert_eq!(BodyCrc::of(b"56789").after(b"1234"), 0xe306_9283);
        assert_eq!(BodyCrc::of(b"").after(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn every_power_of_two_length() {
        let bytes: Vec<u8> = (0..1 << 20).map(|i: u32| ((i * 31) >> 3) as u8).collect();
        for n in 0..=20 {
            for len in [(1 << n) - 1, 1 << n] {
                let (prefix, body) = bytes[..len].split_at(len.min(40));
                let combined = BodyCrc::of(body).after(prefix);
                assert_eq!(combined, crc32c::crc32c(&bytes[..len]), "{len}");
                assert_eq!(
                    combined,
                    crc32c::crc32c_combine(
                        crc32c::crc32c(prefix),
                        crc32c::crc32c(body),
                        body.len()
                    )
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_cut(bytes in proptest::collection::vec(any::<u8>(), 0..5000), cut: proptest::sample::Index) {
            let cut = cut.index(bytes.len() + 1);
            let (prefix, body) = bytes.split_at(cut);
            prop_assert_eq!(BodyCrc::of(body).after(prefix), crc32c::crc32c(&bytes));
        }
    }
}
