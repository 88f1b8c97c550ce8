use std::fmt;
use std::str::FromStr;

/// A 128-bit id, as topics and directories carry it (KIP-516).
///
/// Written and read in Kafka's form: 22 characters of unpadded base64url.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// All bits zero: "no id".
    pub const ZERO: Self = Self([0; 16]);

    /// The id with these bytes, most significant first.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, most significant first.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether this is [`Uuid::ZERO`], which stands for "no id".
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 16]
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(ENCODED_LEN);
        for group in self.0.chunks(3) {
            let word = group
                .iter()
                .fold(0u32, |word, byte| word << 8 | u32::from(*byte));
            let bits = group.len() * 8;
            let digits = bits.div_ceil(6);
            let word = word << (digits * 6 - bits);
            for digit in (0..digits).rev() {
                text.push(char::from(digit_of((word >> (digit * 6)) as u8 & 63)));
            }
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != ENCODED_LEN {
            return Err(ParseUuidError(()));
        }
        // 22 digits hold 132 bits; the last four must be zero, so that every
        // id has one form only.
        let mut value = 0u128;
        let mut spare = 0;
        for (index, digit) in text.bytes().enumerate() {
            let digit = value_of(digit).ok_or(ParseUuidError(()))?;
            if index + 1 == ENCODED_LEN {
                value = value << 2 | u128::from(digit >> 4);
                spare = digit & 15;
            } else {
                value = value << 6 | u128::from(digit);
            }
        }
        if spare != 0 {
            return Err(ParseUuidError(()));
        }
        Ok(Self(value.to_be_bytes()))
    }
}

/// The text is not 22 characters of base64url that stand for 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Kafka uuid: 22 characters of unpadded base64url expected")]
pub struct ParseUuidError(());

const ENCODED_LEN: usize = 22;

fn digit_of(value: u8) -> u8 {
    match value {
        0..=25 => b'A' + value,
        26..=51 => b'a' + value - 26,
        52..=61 => b'0' + value - 52,
        62 => b'-',
        _ => b'_',
    }
}

fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_forms() {
        assert_eq!(Uuid::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        let mut bytes = [0; 16];
        bytes[15] = 1;
        // Kafka's own id of the cluster metadata topic.
        assert_eq!(Uuid(bytes).to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(Uuid([0xff; 16]).to_string(), "_____________________w");
    }

    #[test]
    fn text_and_back() {
        for seed in 0..=255u8 {
            let id = Uuid(std::array::from_fn(|i| {
                seed.wrapping_mul(31).wrapping_add(i as u8 * 17)
            }));
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "AAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAA+A",
            "AAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(text.parse::<Uuid>().is_err(), "{text:?}");
        }
    }
}
