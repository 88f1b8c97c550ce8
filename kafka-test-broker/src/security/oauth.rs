//! OAUTHBEARER, the broker's side (RFC 7628, KIP-255), with unsecured tokens
//! (RFC 7515, appendix A.5): what Kafka itself checks when nothing else is
//! configured, and enough for tests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use super::SaslFailure;

/// What a token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub principal: String,
    /// When it expires, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// What the client may be told about a token that is not taken.
pub(super) const INVALID_TOKEN: &str = r#"{"status":"invalid_token"}"#;

/// Reads the client's only message: `n,[a=…],\x01auth=Bearer TOKEN\x01\x01`,
/// with extensions between.
pub(super) fn authenticate(message: &[u8], wall_ms: i64) -> Result<Token, SaslFailure> {
    let message = std::str::from_utf8(message).map_err(|_| SaslFailure::Malformed)?;
    let malformed = || SaslFailure::Malformed;
    let (header, fields) = message.split_once('\u{1}').ok_or_else(malformed)?;
    if !header.starts_with("n,") || !fields.ends_with("\u{1}\u{1}") {
        return Err(SaslFailure::Malformed);
    }
    let bearer = fields.split('\u{1}').find_map(|field| {
        let value = field.strip_prefix("auth=")?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    let token = read(bearer.ok_or_else(malformed)?).ok_or(SaslFailure::Refused)?;
    if token.expires_ms <= wall_ms {
        return Err(SaslFailure::Refused);
    }
    Ok(token)
}

/// An unsecured token: header and claims, and an empty signature.
fn read(token: &str) -> Option<Token> {
    let mut parts = token.split('.');
    let (header, claims) = (parts.next()?, parts.next()?);
    if parts.next() != Some("") || parts.next().is_some() {
        return None;
    }
    let object = |part: &str| -> Option<serde_json::Value> {
        // Some libraries pad, though the standard does not.
        let bytes = BASE64URL.decode(part.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    let (header, claims) = (object(header)?, object(claims)?);
    if header.get("alg")?.as_str() != Some("none") {
        return None;
    }
    let principal = claims.get("sub")?.as_str()?.to_owned();
    // In seconds, possibly with a fraction.
    let expires = claims.get("exp")?.as_f64().filter(|at| at.is_finite())?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is cast stops at the bounds"
    )]
    let expires_ms = (expires * 1e3) as i64;
    (!principal.is_empty()).then_some(Token {
        principal,
        expires_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(header: &str, claims: &str, signature: &str) -> Vec<u8> {
        let encode = |part: &str| BASE64URL.encode(part);
        let token = format!("{}.{}.{signature}", encode(header), encode(claims));
        format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}").into_bytes()
    }

    const HEADER: &str = r#"{"alg":"none"}"#;

    #[test]
    fn token_names_the_principal_until_it_expires() {
        let good = message(HEADER, r#"{"sub":"alice","exp":10.5}"#, "");
        let token = authenticate(&good, 10_000).unwrap();
        assert_eq!(
            (token.principal.as_str(), token.expires_ms),
            ("alice", 10_500)
        );
        assert_eq!(authenticate(&good, 10_500), Err(SaslFailure::Refused));
        let extended = String::from_utf8(good).unwrap();
        let extended = extended.replacen("n,,\u{1}", "n,a=alice,\u{1}k=v\u{1}", 1);
        assert!(authenticate(extended.as_bytes(), 0).is_ok());
    }

    #[test]
    fn other_tokens_are_refused() {
        for (header, claims, signature) in [
            (r#"{"alg":"RS256"}"#, r#"{"sub":"a","exp":10}"#, ""),
            (HEADER, r#"{"sub":"a","exp":10}"#, "c2ln"),
            (HEADER, r#"{"exp":10}"#, ""),
            (HEADER, r#"{"sub":"","exp":10}"#, ""),
            (HEADER, r#"{"sub":"a"}"#, ""),
            (HEADER, r#"{"sub":"a","exp":"10"}"#, ""),
            (HEADER, "no json", ""),
        ] {
            let refused = authenticate(&message(header, claims, signature), 0);
            assert_eq!(refused, Err(SaslFailure::Refused), "{header} {claims}");
        }
        for malformed in [
            "",
            "n,,",
            "n,,\u{1}auth=Bearer x",
            "x\u{1}auth=Bearer x\u{1}\u{1}",
        ] {
            let refused = authenticate(malformed.as_bytes(), 0);
            assert_eq!(refused, Err(SaslFailure::Malformed), "{malformed:?}");
        }
    }
}
