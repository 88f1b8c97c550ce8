use std::error::Error as StdError;
use std::fmt;

use super::Secret;
use crate::{BoxFuture, Error, ErrorKind};

/// A user name and a password, or a delegation token's id and HMAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: Secret,
    delegation_token: bool,
}

impl Credentials {
    /// A user and their password.
    ///
    /// Both are sent or hashed as they are, in UTF-8: Kafka does not prepare them
    /// by SASLprep, in spite of RFC 4616 and RFC 5802, and would not know a
    /// password again that a client had prepared.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
            delegation_token: false,
        }
    }

    /// A delegation token (KIP-48): its id, and its HMAC in base64. SCRAM only,
    /// brokers from 1.1 on.
    pub fn delegation_token(id: impl Into<String>, hmac: impl Into<Secret>) -> Self {
        Self {
            user: id.into(),
            password: hmac.into(),
            delegation_token: true,
        }
    }

    /// The user, or the delegation token's id.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password, or the delegation token's HMAC.
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// Whether it is a delegation token.
    pub fn is_delegation_token(&self) -> bool {
        self.delegation_token
    }
}

/// Where user names and passwords come from.
///
/// Asked before each login and each time a connection logs in anew, so that a
/// password that was changed is picked up. [`Credentials`] are such a provider
/// that always gives the same.
pub trait CredentialsProvider: Send + Sync + 'static + fmt::Debug {
    /// What to log in with now.
    ///
    /// Runs on the client's runtime, within the time for connecting; may be
    /// dropped at any await. An error is shown to whoever waits for the
    /// connection, and another attempt is made after a pause: its text must not
    /// contain a secret.
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>>;
}

/// Why a provider has nothing to log in with.
pub type ProviderError = Box<dyn StdError + Send + Sync>;

impl CredentialsProvider for Credentials {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

/// The error of a provider, as the client's.
#[cold]
pub(super) fn not_provided(what: &str, cause: &ProviderError) -> Error {
    Error::new(ErrorKind::Credentials).with_message(format!("{what}: {cause}"))
}

/// What the mechanism cannot express.
#[cold]
pub(super) fn unusable(text: &'static str) -> Error {
    Error::new(ErrorKind::Authentication).with_message(text)
}
