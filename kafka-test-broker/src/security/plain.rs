//! PLAIN, the broker's side (RFC 4616, KIP-43).

use super::SaslFailure;

/// Who logs in, with which password.
#[derive(PartialEq, Eq)]
pub(super) struct Login<'a> {
    pub user: &'a str,
    pub password: &'a str,
}

/// Reads the client's only message: `[identity]\0user\0password`.
pub(super) fn read(message: &[u8]) -> Result<Login<'_>, SaslFailure> {
    let message = std::str::from_utf8(message).map_err(|_| SaslFailure::Malformed)?;
    let mut fields = message.split('\0');
    let (Some(identity), Some(user), Some(password), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(SaslFailure::Malformed);
    };
    if user.is_empty() || password.is_empty() {
        return Err(SaslFailure::Malformed);
    }
    // Nobody may act for somebody else.
    if !identity.is_empty() && identity != user {
        return Err(SaslFailure::Refused);
    }
    Ok(Login { user, password })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_fields_and_nobody_for_somebody_else() {
        let of = |message: &'static str| read(message.as_bytes()).map(|l| (l.user, l.password));
        assert_eq!(of("\0a\0b"), Ok(("a", "b")));
        assert_eq!(of("a\0a\0b"), Ok(("a", "b")));
        assert_eq!(of("c\0a\0b"), Err(SaslFailure::Refused));
        for wrong in ["", "a\0b", "\0\0b", "\0a\0", "\0a\0b\0"] {
            assert_eq!(of(wrong), Err(SaslFailure::Malformed), "{wrong:?}");
        }
    }
}
