//! PLAIN (RFC 4616, KIP-43): user and password in the clear.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::credentials::{not_provided, unusable};
use super::{Credentials, CredentialsProvider, SaslExchange, SaslLogin, SaslMechanism, SaslStep};
use crate::{BoxFuture, Error};

pub(super) struct Plain(pub(super) Arc<dyn CredentialsProvider>);

struct PlainExchange(Credentials);

impl SaslMechanism for Plain {
    fn name(&self) -> &'static str {
        "PLAIN"
    }

    fn begin<'a>(
        &'a self,
        _login: SaslLogin<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn SaslExchange>, Error>> {
        Box::pin(async {
            let credentials = self.0.credentials().await;
            let credentials =
                credentials.map_err(|cause| not_provided("no password is to be had", &cause))?;
            Ok(Box::new(PlainExchange(credentials)) as _)
        })
    }
}

impl SaslExchange for PlainExchange {
    fn initial(&mut self) -> Result<Bytes, Error> {
        let (user, password) = (self.0.user(), self.0.password().expose());
        if self.0.is_delegation_token() {
            return Err(unusable("a delegation token works with SCRAM only"));
        }
        if user.is_empty() || password.is_empty() {
            return Err(unusable("PLAIN takes no empty user name or password"));
        }
        if user.contains('\0') || password.contains('\0') {
            return Err(unusable("PLAIN takes no NUL in user name or password"));
        }
        let mut message = Vec::with_capacity(user.len() + password.len() + 2);
        for part in [user, password] {
            message.push(0);
            message.extend_from_slice(part.as_bytes());
        }
        Ok(message.into())
    }

    /// The broker has nothing to say but yes or no.
    fn challenge(&mut self, _challenge: &[u8]) -> Result<SaslStep, Error> {
        Ok(SaslStep::Done)
    }

    fn without_secrets(&self, text: &str) -> String {
        self.0.password().hidden_in(text)
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plain").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn initial(credentials: Credentials) -> Result<Bytes, Error> {
        PlainExchange(credentials).initial()
    }

    #[test]
    fn user_and_password_each_behind_a_nul() {
        let message = initial(Credentials::new("tim", "tanstaaftanstaaf")).unwrap();
        assert_eq!(&message[..], b"\0tim\0tanstaaftanstaaf");
        let message = initial(Credentials::new("ü", "\u{b5}")).unwrap();
        assert_eq!(message, "\0ü\0\u{b5}".as_bytes());
    }

    #[test]
    fn what_it_cannot_express_is_refused_without_showing_it() {
        for (user, password) in [
            ("", "pencil"),
            ("a", ""),
            ("a\0b", "pencil"),
            ("a", "pen\0cil"),
        ] {
            let error = initial(Credentials::new(user, password)).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Authentication);
            assert!(!format!("{error:?}{error}").contains("cil"), "{error}");
        }
        initial(Credentials::delegation_token("id", "hmac")).unwrap_err();
    }
}
