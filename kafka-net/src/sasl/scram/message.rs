//! What the broker says in SCRAM (RFC 5802, section 7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::text::Untrusted;
use crate::{Error, ErrorKind};

/// `r=<nonce>,s=<salt>,i=<iterations>`, and extensions that are of no interest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerFirst {
    /// Ours, and what the broker put behind it.
    pub(super) nonce: String,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

/// Longer messages are not read: no broker has that much to say.
const MAX_LEN: usize = 4096;

/// As Kafka's own client wants them: fewer would make the password easy to
/// guess from what is on the wire.
pub(super) const MIN_ITERATIONS: u32 = 4096;

/// Sixty times of what Kafka's own tools set at most. More would be a way to keep
/// clients busy.
pub(super) const MAX_ITERATIONS: u32 = 1_000_000;

impl ServerFirst {
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`], saying what is wrong with it.
    pub(super) fn parse(message: &[u8], our_nonce: &str) -> Result<Self, Error> {
        let text = text(message)?;
        let mut fields = text.split(',');
        let first = fields.next().unwrap_or_default();
        refusal_in(first)?;
        if first.starts_with("m=") {
            return Err(wrong("the broker demands an extension that is not known"));
        }
        let nonce = value(Some(first), "r=", "nonce")?;
        let salt = value(fields.next(), "s=", "salt")?;
        let iterations = value(fields.next(), "i=", "number of iterations")?;
        // What others would have answered must be of no use here.
        if !nonce.starts_with(our_nonce) || nonce.len() == our_nonce.len() {
            return Err(wrong("the broker's nonce does not continue this client's"));
        }
        if !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(
                "the broker's nonce has characters that none may have",
            ));
        }
        let salt = BASE64.decode(salt).ok().filter(|salt| !salt.is_empty());
        let salt = salt.ok_or_else(|| wrong("the broker's salt is not base64"))?;
        let digits = iterations.bytes().all(|byte| byte.is_ascii_digit());
        let iterations = iterations.parse().ok().filter(|_| digits);
        let iterations: u32 =
            iterations.ok_or_else(|| wrong("the broker's number of iterations is none"))?;
        if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations) {
            return Err(Error::new(ErrorKind::Authentication).with_message(format!(
                "the broker asks for {iterations} iterations, outside of {MIN_ITERATIONS} to \
                 {MAX_ITERATIONS}"
            )));
        }
        Ok(Self {
            nonce: nonce.to_owned(),
            salt,
            iterations,
        })
    }
}

/// `v=<signature>`: returns the signature.
///
/// # Errors
///
/// [`ErrorKind::Authentication`]: the broker's own refusal, or what is wrong.
pub(super) fn server_signature(message: &[u8]) -> Result<Vec<u8>, Error> {
    let text = text(message)?;
    let first = text.split(',').next().unwrap_or_default();
    refusal_in(first)?;
    let signature = value(Some(first), "v=", "signature")?;
    let signature = BASE64.decode(signature);
    signature.map_err(|_| wrong("the broker's signature is not base64"))
}

/// A user name as it is written in the client's message.
pub(super) fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

fn text(message: &[u8]) -> Result<&str, Error> {
    if message.len() > MAX_LEN {
        return Err(wrong("the broker's message is too long"));
    }
    std::str::from_utf8(message).map_err(|_| wrong("the broker's message is not UTF-8"))
}

/// `e=<reason>`.
fn refusal_in(field: &str) -> Result<(), Error> {
    match field.strip_prefix("e=") {
        Some(reason) => Err(Error::new(ErrorKind::Authentication)
            .with_message(format!("the broker refused: {}", Untrusted(reason)))),
        None => Ok(()),
    }
}

fn value<'a>(field: Option<&'a str>, prefix: &str, what: &str) -> Result<&'a str, Error> {
    field
        .and_then(|field| field.strip_prefix(prefix))
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            Error::new(ErrorKind::Authentication)
                .with_message(format!("the broker's message lacks its {what}"))
        })
}

#[cold]
fn wrong(text: &'static str) -> Error {
    Error::new(ErrorKind::Authentication).with_message(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &str) {
        let error = ServerFirst::parse(message.as_bytes(), "abc").unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Authentication);
        assert!(error.to_string().contains(expected), "{message}: {error}");
    }

    #[test]
    fn hostile_first_messages() {
        check("r=abcd,s=AAAA,i=4095", "asks for 4095 iterations");
        check("r=abcd,s=AAAA,i=1000001", "asks for 1000001 iterations");
        check("r=abcd,s=AAAA,i=4294967295", "asks for 4294967295");
        check(
            "r=abcd,s=AAAA,i=99999999999",
            "number of iterations is none",
        );
        check("r=abcd,s=AAAA,i=+4096", "number of iterations is none");
        check("r=abcd,s=AAAA,i=-1", "number of iterations is none");
        check("r=abcd,s=AAAA,i=", "lacks its number of iterations");
        check("r=abcd,s=AAAA", "lacks its number of iterations");
        check("r=abcd,s=,i=4096", "lacks its salt");
        check("r=abcd,s=A!,i=4096", "salt is not base64");
        check("r=abcd,i=4096,s=AAAA", "lacks its salt");
        check("r=abc,s=AAAA,i=4096", "does not continue");
        check("r=abd1,s=AAAA,i=4096", "does not continue");
        check("r=xabc1,s=AAAA,i=4096", "does not continue");
        check("r=abc\u{7},s=AAAA,i=4096", "characters that none may have");
        check("r=,s=AAAA,i=4096", "lacks its nonce");
        check("", "lacks its nonce");
        check("m=x,r=abcd,s=AAAA,i=4096", "demands an extension");
        check("e=unknown-user", "refused: unknown-user");
        check("e=a\nb", "refused: a\\nb");
        check(
            &format!("r=abcd,s=AAAA,i=4096,x={}", "y".repeat(4096)),
            "too long",
        );
        let error = ServerFirst::parse(b"r=abc\xff,s=AAAA,i=4096", "abc").unwrap_err();
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }

    #[test]
    fn extensions_that_are_not_demanded_are_passed_over() {
        let message = ServerFirst::parse(b"r=abcd,s=AAAA,i=8192,x=y", "abc").unwrap();
        assert_eq!(message.iterations, 8192);
        assert_eq!(message.nonce, "abcd");
        assert_eq!(message.salt, [0, 0, 0]);
    }

    #[test]
    fn last_messages() {
        assert_eq!(server_signature(b"v=AAAA").unwrap(), [0, 0, 0]);
        assert_eq!(server_signature(b"v=AAAA,x=y").unwrap(), [0, 0, 0]);
        for wrong in ["", "v=", "v=!", "x=AAAA", "e=invalid-proof"] {
            let error = server_signature(wrong.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Authentication);
        }
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(escaped("a=b,c"), "a=3Db=2Cc");
        assert_eq!(escaped("=2C"), "=3D2C");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(message in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ServerFirst::parse(&message, "abc");
            let _ = server_signature(&message);
        }

        #[test]
        fn what_is_written_is_read(
            more in "[!-+--~]{1,40}",
            salt in prop::collection::vec(any::<u8>(), 1..64),
            iterations in MIN_ITERATIONS..=MAX_ITERATIONS,
        ) {
            let message = format!("r=abc{more},s={},i={iterations}", BASE64.encode(&salt));
            let read = ServerFirst::parse(message.as_bytes(), "abc").unwrap();
            prop_assert_eq!(read, ServerFirst { nonce: format!("abc{more}"), salt, iterations });
        }

        #[test]
        fn damaged_messages_never_pass_for_other_nonces(
            at in 0usize..20, byte in any::<u8>(),
        ) {
            let mut message = b"r=abcd,s=AAAA,i=4096".to_vec();
            message[at] = byte;
            if let Ok(read) = ServerFirst::parse(&message, "abc") {
                prop_assert!(read.nonce.starts_with("abc") && read.nonce.len() > 3);
            }
        }
    }
}
