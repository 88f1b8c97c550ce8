//! Logging in to brokers by SASL.

mod credentials;
mod mechanism;
mod oauth;
mod plain;
mod scram;
mod secret;
mod token;

use std::fmt;
use std::sync::Arc;

pub use credentials::{Credentials, CredentialsProvider, ProviderError};
pub use mechanism::{SaslExchange, SaslLogin, SaslMechanism, SaslStep};
pub use secret::Secret;
pub use token::{OAuthToken, TokenProvider};

use oauth::OAuthBearer;
use plain::Plain;
use scram::{Scram, ScramHash};

/// How to log in to brokers, on every connection.
///
/// One mechanism, and no other: where a broker does not enable it, connecting
/// fails. Where a broker limits how long a login is good (KIP-368), connections
/// log in anew in time, without an interruption.
///
/// Clones share the mechanism; two are equal when they share it.
#[derive(Clone)]
pub struct Sasl {
    mechanism: Arc<dyn SaslMechanism>,
    without_tls: bool,
}

impl Sasl {
    /// PLAIN: user and password in the clear, so only over TLS.
    pub fn plain(credentials: impl CredentialsProvider) -> Self {
        Self::mechanism(Plain(Arc::new(credentials)))
    }

    /// SCRAM-SHA-256: the password is not sent, and the broker shows that it
    /// knows it, too. Brokers from 0.10.2 on.
    pub fn scram_sha_256(credentials: impl CredentialsProvider) -> Self {
        Self::scram(ScramHash::Sha256, credentials)
    }

    /// SCRAM-SHA-512; as [`Sasl::scram_sha_256`].
    pub fn scram_sha_512(credentials: impl CredentialsProvider) -> Self {
        Self::scram(ScramHash::Sha512, credentials)
    }

    /// OAUTHBEARER: tokens of an identity provider, so only over TLS. Brokers
    /// from 2.0 on.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use kafka_net::{BoxFuture, OAuthToken, ProviderError, Sasl, TokenProvider};
    ///
    /// #[derive(Debug)]
    /// struct Metadata;
    ///
    /// impl TokenProvider for Metadata {
    ///     fn token(&self) -> BoxFuture<'_, Result<OAuthToken, ProviderError>> {
    ///         Box::pin(async {
    ///             let token = fetch().await?;
    ///             Ok(OAuthToken::new(token).with_lifetime(Duration::from_secs(3600)))
    ///         })
    ///     }
    /// }
    ///
    /// # async fn fetch() -> Result<String, ProviderError> {
    /// #     Ok("token".to_owned())
    /// # }
    /// let sasl = Sasl::oauth_bearer(Metadata);
    /// assert_eq!(sasl.name(), "OAUTHBEARER");
    /// ```
    pub fn oauth_bearer(tokens: impl TokenProvider) -> Self {
        Self::mechanism(OAuthBearer::new(Arc::new(tokens)))
    }

    /// A mechanism of one's own.
    pub fn mechanism(mechanism: impl SaslMechanism) -> Self {
        Self {
            mechanism: Arc::new(mechanism),
            without_tls: false,
        }
    }

    /// Lets a mechanism whose secrets can be read on the wire be used without
    /// TLS: for tests, and where something else encrypts.
    #[must_use]
    pub fn dangerous_without_tls(mut self) -> Self {
        self.without_tls = true;
        self
    }

    /// The mechanism's name.
    pub fn name(&self) -> &str {
        self.mechanism.name()
    }

    pub(crate) fn is_fit_for_plaintext(&self) -> bool {
        self.without_tls || !self.mechanism.needs_encryption()
    }

    pub(crate) fn shared(&self) -> &Arc<dyn SaslMechanism> {
        &self.mechanism
    }

    fn scram(hash: ScramHash, credentials: impl CredentialsProvider) -> Self {
        Self::mechanism(Scram {
            hash,
            provider: Arc::new(credentials),
        })
    }
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sasl").field(&self.name()).finish()
    }
}

impl PartialEq for Sasl {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.mechanism, &other.mechanism) && self.without_tls == other.without_tls
    }
}

impl Eq for Sasl {}
