//! Bytes as text. A buffer may be of megabytes.

use bytes::Bytes;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

pub(super) fn of(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

pub(super) fn parse(text: &str) -> Option<Bytes> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.filter(|_| rest.is_empty()).map(Bytes::from)
}

/// As much of `bytes` as a person may want to see.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MAX: usize = 200;
    let head = of(bytes.get(..MAX).unwrap_or(bytes));
    if bytes.len() <= MAX {
        return head;
    }
    format!("{head}… ({} bytes)", bytes.len())
}

/// As much of `text` as a person may want to see.
pub(super) fn cut(text: &str) -> String {
    const MAX: usize = 240;
    match text.char_indices().nth(MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(parse(&of(&bytes)), Some(Bytes::from(bytes)));
        assert_eq!(of(&[0x0f, 0xa0]), "0fa0");
        for wrong in ["0", "0g", "0A", "rest=0"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
