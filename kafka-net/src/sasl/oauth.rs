//! OAUTHBEARER (RFC 7628, KIP-255): a token instead of a password.
//!
//! ```text
//! client                                          broker
//!   n,,^Aauth=Bearer <token>^A…^A^A   ─────────►
//!                                     ◄─────────  nothing: taken
//!                                     ◄─────────  {"status":"invalid_token",…}: not taken
//!   ^A                                ─────────►
//!                                     ◄─────────  the refusal
//! ```

use std::fmt;
use std::sync::{Arc, Mutex as Shared, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Mutex;

use super::credentials::{ProviderError, not_provided, unusable};
use super::{OAuthToken, SaslExchange, SaslLogin, SaslMechanism, SaslStep, TokenProvider};
use crate::clock::{after, now};
use crate::text::Untrusted;
use crate::{BoxFuture, Error, ErrorKind};

pub(super) struct OAuthBearer {
    provider: Arc<dyn TokenProvider>,
    held: Arc<Shared<Option<Held>>>,
    /// One at a time asks the provider; the others take what it got.
    asking: Mutex<()>,
}

/// The last token.
#[derive(Clone)]
struct Held {
    token: OAuthToken,
    /// When to ask for the next one; `None` when its end is not known, which is
    /// at once.
    renew_at: Option<Instant>,
    ends_at: Option<Instant>,
}

struct OAuthExchange {
    token: OAuthToken,
    held: Arc<Shared<Option<Held>>>,
    /// What the broker said of the token.
    complaint: Option<String>,
}

/// Of a token's life, this much passes before the next one is asked for: as in
/// Kafka's own client, and before connections log in anew.
const RENEW_AT: f64 = 0.8;

/// `^A`, which separates, and which alone admits the failure.
const SEPARATOR: char = '\u{1}';

impl OAuthBearer {
    pub(super) fn new(provider: Arc<dyn TokenProvider>) -> Self {
        Self {
            provider,
            held: Arc::default(),
            asking: Mutex::new(()),
        }
    }

    async fn token(&self) -> Result<OAuthToken, Error> {
        if let Some(token) = self.fresh(now()) {
            return Ok(token);
        }
        let _turn = self.asking.lock().await;
        if let Some(token) = self.fresh(now()) {
            return Ok(token);
        }
        let asked = now();
        match self.provider.token().await {
            Ok(token) => {
                tracing::debug!(
                    principal = token.principal(), lifetime = ?token.lifetime(),
                    "got a token for OAUTHBEARER",
                );
                *lock(&self.held) = Some(Held::new(asked, token.clone()));
                Ok(token)
            }
            Err(cause) => self.last_resort(&cause),
        }
    }

    fn fresh(&self, now: Instant) -> Option<OAuthToken> {
        let held = lock(&self.held);
        let held = held.as_ref()?;
        held.renew_at
            .is_some_and(|at| now < at)
            .then(|| held.token.clone())
    }

    /// Without a new token, the last one is used until it ends.
    fn last_resort(&self, cause: &ProviderError) -> Result<OAuthToken, Error> {
        let held = lock(&self.held).clone();
        match held {
            Some(held) if held.ends_at.is_some_and(|end| now() < end) => {
                tracing::warn!(%cause, "no new token for OAUTHBEARER: the last one is used on");
                Ok(held.token)
            }
            Some(_) => Err(not_provided(
                "the token has ended and no new one is to be had",
                cause,
            )),
            None => Err(not_provided("no token is to be had", cause)),
        }
    }
}

impl Held {
    fn new(asked: Instant, token: OAuthToken) -> Self {
        let part = |lifetime: Duration| lifetime.mul_f64(RENEW_AT);
        Self {
            renew_at: token.lifetime().map(|life| after(asked, part(life))),
            ends_at: token.lifetime().map(|life| after(asked, life)),
            token,
        }
    }
}

impl SaslMechanism for OAuthBearer {
    fn name(&self) -> &'static str {
        "OAUTHBEARER"
    }

    fn begin<'a>(
        &'a self,
        _login: SaslLogin<'a>,
    ) -> BoxFuture<'a, Result<Box<dyn SaslExchange>, Error>> {
        Box::pin(async {
            let exchange = OAuthExchange {
                token: self.token().await?,
                held: self.held.clone(),
                complaint: None,
            };
            Ok(Box::new(exchange) as _)
        })
    }
}

impl SaslExchange for OAuthExchange {
    fn initial(&mut self) -> Result<Bytes, Error> {
        let value = self.token.value().expose();
        if !is_token(value) {
            return Err(unusable(
                "the token has characters that no bearer token has",
            ));
        }
        let mut message = format!("n,,{SEPARATOR}auth=Bearer {value}");
        for (name, text) in self.token.extensions() {
            if !is_extension_name(name) || !is_extension_value(text) {
                return Err(unusable("a SASL extension of the token is not valid"));
            }
            message.push(SEPARATOR);
            message.push_str(name);
            message.push('=');
            message.push_str(text);
        }
        message.push(SEPARATOR);
        message.push(SEPARATOR);
        Ok(message.into())
    }

    fn challenge(&mut self, challenge: &[u8]) -> Result<SaslStep, Error> {
        if let Some(complaint) = self.complaint.take() {
            // Whatever follows a complaint, the token was not taken.
            return Err(Error::new(ErrorKind::Authentication)
                .with_message(format!("the broker did not take the token: {complaint}")));
        }
        if challenge.is_empty() {
            return Ok(SaslStep::Done);
        }
        self.forget();
        let text = self.without_secrets(&String::from_utf8_lossy(challenge));
        self.complaint = Some(Untrusted(&text).to_string());
        Ok(SaslStep::Respond(Bytes::from_static(b"\x01")))
    }

    fn refused(&mut self) -> Option<String> {
        self.forget();
        self.complaint.take()
    }

    fn without_secrets(&self, text: &str) -> String {
        self.token.value().hidden_in(text)
    }
}

impl OAuthExchange {
    /// A token that was refused is not shown to the next broker.
    fn forget(&self) {
        let mut held = lock(&self.held);
        if held.as_ref().is_some_and(|held| held.token == self.token) {
            *held = None;
        }
    }
}

/// RFC 6750, section 2.1.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

fn is_extension_name(name: &str) -> bool {
    !name.is_empty() && name != "auth" && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_extension_value(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || b" \t\r\n".contains(&byte))
}

impl fmt::Debug for OAuthBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBearer")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// A panic elsewhere never leaves the token half changed.
fn lock<T>(shared: &Shared<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::{BrokerAddress, Random};

    /// Gives what it was handed; nothing left is a failure.
    #[derive(Debug)]
    struct Script(Shared<VecDeque<OAuthToken>>);

    impl TokenProvider for Script {
        fn token(&self) -> BoxFuture<'_, Result<OAuthToken, ProviderError>> {
            let next = lock(&self.0).pop_front();
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                next.ok_or_else(|| "the provider is down".into())
            })
        }
    }

    fn mechanism(tokens: &[OAuthToken]) -> OAuthBearer {
        OAuthBearer::new(Arc::new(Script(Shared::new(tokens.to_vec().into()))))
    }

    async fn initial(mechanism: &OAuthBearer) -> Result<String, Error> {
        let broker = BrokerAddress::new("b", 1);
        let random = Random::from_seed(1);
        let mut exchange = mechanism.begin(SaslLogin::new(&broker, &random)).await?;
        let message = exchange.initial()?;
        Ok(String::from_utf8(message.to_vec()).unwrap())
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn exchange(token: OAuthToken) -> OAuthExchange {
        OAuthExchange {
            token,
            held: Arc::default(),
            complaint: None,
        }
    }

    #[test]
    fn messages_as_in_the_standard() {
        let token = OAuthToken::new("dG9rZW4=");
        let mut bare = exchange(token.clone());
        assert_eq!(
            &bare.initial().unwrap()[..],
            b"n,,\x01auth=Bearer dG9rZW4=\x01\x01"
        );
        let extended = token
            .with_extension("logicalCluster", "lkc-1")
            .with_extension("traceId", "a b");
        assert_eq!(
            &exchange(extended).initial().unwrap()[..],
            b"n,,\x01auth=Bearer dG9rZW4=\x01logicalCluster=lkc-1\x01traceId=a b\x01\x01"
        );
        assert_eq!(bare.challenge(b"").unwrap(), SaslStep::Done);
    }

    #[test]
    fn what_would_forge_a_field_is_refused_without_showing_it() {
        let tokens = [
            OAuthToken::new(""),
            OAuthToken::new("canary\u{1}x"),
            OAuthToken::new("canary b"),
            OAuthToken::new("canary").with_extension("auth", "x"),
            OAuthToken::new("canary").with_extension("a1", "x"),
            OAuthToken::new("canary").with_extension("a", "x\u{1}b=c"),
            OAuthToken::new("canary").with_extension("a", ""),
        ];
        for token in tokens {
            let error = exchange(token).initial().unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Authentication);
            assert!(!format!("{error}{error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_complaint_is_admitted_and_told_without_the_token() {
        let mut exchange = exchange(OAuthToken::new("canary"));
        exchange.initial().unwrap();
        let said = b"{\"status\":\"invalid_token\",\"t\":\"canary\"}";
        let step = exchange.challenge(said).unwrap();
        assert_eq!(step, SaslStep::Respond(Bytes::from_static(b"\x01")));
        let told = exchange.refused().unwrap();
        assert!(told.contains("invalid_token"), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }

    #[test]
    fn a_broker_that_goes_on_after_its_complaint_did_not_take_the_token() {
        let mut exchange = exchange(OAuthToken::new("t"));
        exchange.initial().unwrap();
        exchange.challenge(b"{}").unwrap();
        let error = exchange.challenge(b"").unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Authentication);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_serves_all_until_it_is_renewed_in_time() {
        let token = |value: &str| OAuthToken::new(value).with_lifetime(seconds(100));
        let mechanism = mechanism(&[token("one"), token("two")]);
        let (a, b) = tokio::join!(initial(&mechanism), initial(&mechanism));
        assert!(a.unwrap().contains("one") && b.unwrap().contains("one"));
        tokio::time::advance(seconds(75)).await;
        assert!(initial(&mechanism).await.unwrap().contains("one"));
        tokio::time::advance(seconds(10)).await;
        assert!(initial(&mechanism).await.unwrap().contains("two"));
    }

    /// Row 52 of the table of faults.
    #[tokio::test(start_paused = true)]
    async fn row_52_the_old_token_is_used_until_it_ends() {
        let mechanism = mechanism(&[OAuthToken::new("one").with_lifetime(seconds(100))]);
        initial(&mechanism).await.unwrap();
        tokio::time::advance(seconds(90)).await;
        assert!(initial(&mechanism).await.unwrap().contains("one"));
        tokio::time::advance(seconds(20)).await;
        let error = initial(&mechanism).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Credentials);
        assert_eq!(
            error.to_string(),
            "the token has ended and no new one is to be had: the provider is down"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_without_an_end_is_asked_for_each_time() {
        let mechanism = mechanism(&[OAuthToken::new("one"), OAuthToken::new("two")]);
        assert!(initial(&mechanism).await.unwrap().contains("one"));
        assert!(initial(&mechanism).await.unwrap().contains("two"));
        let error = initial(&mechanism).await.unwrap_err();
        assert!(error.is_retriable(), "it may be up again soon");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_not_shown_again() {
        let token = |value: &str| OAuthToken::new(value).with_lifetime(seconds(100));
        let mechanism = mechanism(&[token("one"), token("two")]);
        let broker = BrokerAddress::new("b", 1);
        let random = Random::from_seed(1);
        let mut first = mechanism
            .begin(SaslLogin::new(&broker, &random))
            .await
            .unwrap();
        first.initial().unwrap();
        first.refused();
        assert!(initial(&mechanism).await.unwrap().contains("two"));
    }
}
