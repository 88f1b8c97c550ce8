use std::fmt;

use zeroize::Zeroizing;

/// A password or token: Debug hides it, there is no Display, and its memory is
/// zeroed when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself: for whoever sends it, never for a log line.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` from somebody else, without this secret in it.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        match self.0.is_empty() {
            true => text.to_owned(),
            false => text.replace(self.0.as_str(), "[hidden]"),
        }
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(Zeroizing::new(secret.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_show() {
        let secret = Secret::from("pencil");
        assert_eq!(format!("{secret:?}"), "[hidden]");
        assert_eq!(secret.hidden_in("no pencil, no"), "no [hidden], no");
        assert_eq!(Secret::from("").hidden_in("abc"), "abc");
    }
}
