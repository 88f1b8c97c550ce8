use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use bytestring::ByteString;

/// A Kafka string: valid UTF-8 in a shared buffer.
///
/// A decoded string is a view on its frame, checked once; cloning takes a
/// reference, not a copy. A string that outlives its frame for long keeps the
/// whole frame alive: use [`StrBytes::detach`] for what is stored.
///
/// Compares, orders and hashes as `str`, so a map keyed by `StrBytes` can be
/// asked with a `&str`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StrBytes(ByteString);

impl StrBytes {
    /// The empty string. Allocates nothing.
    #[inline]
    pub const fn new() -> Self {
        Self(ByteString::new())
    }

    /// A view on a string literal. Allocates nothing.
    pub const fn from_static(text: &'static str) -> Self {
        Self(ByteString::from_static(text))
    }

    /// The bytes as they are on the wire.
    pub fn as_bytes(&self) -> &Bytes {
        self.0.as_bytes()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text in an allocation of its own, which no longer keeps the
    /// frame alive that it was decoded from.
    pub fn detach(&self) -> Self {
        Self::from(self.as_str())
    }

    /// The underlying buffer.
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }
}

impl Deref for StrBytes {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for StrBytes {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for StrBytes {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StrBytes {
    fn from(text: &str) -> Self {
        Self(ByteString::from(text))
    }
}

impl From<String> for StrBytes {
    fn from(text: String) -> Self {
        Self(ByteString::from(text))
    }
}

impl From<&String> for StrBytes {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&StrBytes> for StrBytes {
    fn from(text: &StrBytes) -> Self {
        text.clone()
    }
}

/// Fails when the bytes are not UTF-8.
impl TryFrom<Bytes> for StrBytes {
    type Error = std::str::Utf8Error;

    #[inline]
    fn try_from(bytes: Bytes) -> Result<Self, Self::Error> {
        ByteString::try_from(bytes).map(Self)
    }
}

impl From<StrBytes> for String {
    fn from(text: StrBytes) -> Self {
        text.as_str().to_owned()
    }
}

impl From<StrBytes> for Bytes {
    fn from(text: StrBytes) -> Self {
        text.into_bytes()
    }
}

impl PartialEq<str> for StrBytes {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for StrBytes {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for StrBytes {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl fmt::Debug for StrBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for StrBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn maps_are_asked_with_a_str() {
        let key = StrBytes::from("orders");
        let hashed = HashMap::from([(key.clone(), 1)]);
        let ordered = BTreeMap::from([(key, 1)]);
        assert_eq!(hashed.get("orders"), Some(&1));
        assert_eq!(ordered.get("orders"), Some(&1));
        assert_eq!(ordered.get("order"), None);
    }

    #[test]
    fn only_utf8_becomes_a_string() {
        assert!(StrBytes::try_from(Bytes::from_static(b"\xff")).is_err());
        let text = StrBytes::try_from(Bytes::from_static("zażółć".as_bytes())).unwrap();
        assert_eq!(text, "zażółć");
        assert_eq!(format!("{text} {text:?}"), "zażółć \"zażółć\"");
    }

    #[test]
    fn detached_text_has_its_own_buffer() {
        let frame = Bytes::from(vec![b'a'; 1000]);
        let text = StrBytes::try_from(frame.slice(10..13)).unwrap();
        let own = text.detach();
        assert_eq!(own, text);
        assert_ne!(own.as_bytes().as_ptr(), text.as_bytes().as_ptr());
        drop(text);
        assert!(frame.is_unique(), "the detached copy holds no reference");
    }
}
