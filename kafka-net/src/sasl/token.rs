use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Secret;
use super::credentials::ProviderError;
use crate::BoxFuture;

/// Where tokens for OAUTHBEARER come from.
///
/// Asked when a first connection is made and then in time before a token ends,
/// once for all connections of the client. If it fails while the last token is
/// still good, that one goes on being used.
pub trait TokenProvider: Send + Sync + 'static + fmt::Debug {
    /// A new token.
    ///
    /// Runs on the client's runtime, within the time for connecting; may be
    /// dropped at any await. An error is shown to whoever waits for a
    /// connection, and another attempt is made after a pause: its text must not
    /// contain a secret.
    fn token(&self) -> BoxFuture<'_, Result<OAuthToken, ProviderError>>;
}

/// A bearer token, and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthToken {
    value: Secret,
    lifetime: Option<Duration>,
    principal: Option<String>,
    extensions: BTreeMap<String, String>,
}

impl OAuthToken {
    /// A token as it is sent: for a JWT, its compact form.
    pub fn new(value: impl Into<Secret>) -> Self {
        Self {
            value: value.into(),
            lifetime: None,
            principal: None,
            extensions: BTreeMap::new(),
        }
    }

    /// From now until it ends. Default: not known; then the provider is asked
    /// before each login.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Whom it is for, for log lines: brokers read it from the token. Default:
    /// not known.
    #[must_use]
    pub fn with_principal(mut self, principal: impl Into<String>) -> Self {
        self.principal = Some(principal.into());
        self
    }

    /// Adds a SASL extension (KIP-342): what the broker is told besides. The
    /// name consists of letters and is not `auth`; the value of visible ASCII
    /// characters, spaces, tabs and line ends. Default: none.
    #[must_use]
    pub fn with_extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.insert(name.into(), value.into());
        self
    }

    /// The token itself.
    pub fn value(&self) -> &Secret {
        &self.value
    }

    /// See [`OAuthToken::with_lifetime`].
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime
    }

    /// See [`OAuthToken::with_principal`].
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref()
    }

    /// See [`OAuthToken::with_extension`].
    pub fn extensions(&self) -> &BTreeMap<String, String> {
        &self.extensions
    }
}
