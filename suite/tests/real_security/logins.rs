//! Logging in by each mechanism, by TLS and without: records, and refusals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use kafka_client::{
    BoxFuture, Credentials, Error, ErrorKind, Kafka, OAuthToken, ProviderError, Sasl,
    TokenProvider, WallClock as _,
};
use kafka_net::{SystemWallClock, clock};
use kafka_suite::BoxError;

use crate::broker::{OPEN_LOGIN, PLAIN_LOGIN, SecureBroker, alice};
use crate::records_both_ways;

const RECORDS: usize = 200;

/// Tokens without a signature, which Kafka takes when nothing else is set up. The clone
/// counts with the original.
#[derive(Clone, Debug)]
pub(crate) struct Unsecured {
    lifetime_ms: i64,
    /// After so many there are none.
    limit: u64,
    given: Arc<AtomicU64>,
}

impl Unsecured {
    /// Tokens that end so long after they were given; a negative time, before.
    pub(crate) fn ending_after_ms(lifetime_ms: i64) -> Self {
        Self {
            lifetime_ms,
            limit: u64::MAX,
            given: Arc::default(),
        }
    }

    /// Gives one token, and then none.
    pub(crate) fn once(mut self) -> Self {
        self.limit = 1;
        self
    }

    pub(crate) fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    fn next(&self) -> Result<OAuthToken, ProviderError> {
        if self.given.fetch_add(1, Ordering::Relaxed) >= self.limit {
            return Err("the provider is out of tokens".into());
        }
        let now_ms = SystemWallClock.now_ms();
        let seconds = |ms: i64| format!("{}.{:03}", ms / 1000, ms % 1000);
        let claims = format!(
            r#"{{"sub":"alice","iat":{},"exp":{}}}"#,
            seconds(now_ms - 3_600_000),
            seconds(now_ms + self.lifetime_ms),
        );
        let encode = |part: &str| BASE64URL.encode(part);
        let token = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims));
        // A provider can be wrong about the end.
        let lifetime = Duration::from_millis(u64::try_from(self.lifetime_ms).unwrap_or(60_000));
        Ok(OAuthToken::new(token).with_lifetime(lifetime))
    }
}

impl TokenProvider for Unsecured {
    fn token(&self) -> BoxFuture<'_, Result<OAuthToken, ProviderError>> {
        Box::pin(std::future::ready(self.next()))
    }
}

/// By a mechanism of this name, as alice.
pub(crate) fn as_alice(mechanism: &str) -> Sasl {
    match mechanism {
        "OAUTHBEARER" => Sasl::oauth_bearer(Unsecured::ending_after_ms(3_600_000)),
        _ => by_password(mechanism, alice()),
    }
}

fn by_password(mechanism: &str, credentials: Credentials) -> Sasl {
    match mechanism {
        "PLAIN" => Sasl::plain(credentials),
        "SCRAM-SHA-256" => Sasl::scram_sha_256(credentials),
        "SCRAM-SHA-512" => Sasl::scram_sha_512(credentials),
        _ => panic!("{mechanism} has no passwords"),
    }
}

/// Records go both ways, by TLS and without.
pub(crate) async fn check_each(broker: &SecureBroker) -> Result<(), BoxError> {
    for mechanism in broker.release.mechanisms {
        for by_tls in [false, true] {
            let kafka = first_login(broker, by_tls, as_alice(mechanism)).await;
            let kafka = kafka.map_err(|error| format!("{mechanism}: {error}"))?;
            let topic = format!("{mechanism}-{by_tls}");
            records_both_ways(&kafka, &topic, RECORDS).await?;
        }
    }
    Ok(())
}

/// Brokers learn of SCRAM passwords a moment after Kafka's tool has set them.
pub(crate) async fn first_login(
    broker: &SecureBroker,
    by_tls: bool,
    sasl: Sasl,
) -> Result<Kafka, Error> {
    let deadline = clock::now() + Duration::from_secs(30);
    loop {
        match broker.log_in(by_tls, sasl.clone()).await {
            Err(error) if error.kind() == &ErrorKind::Authentication && clock::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            result => return result,
        }
    }
}

/// Kafka does not prepare passwords: SASLprep would make this "aab".
pub(crate) async fn check_passwords_as_they_are(broker: &SecureBroker) -> Result<(), BoxError> {
    let carol = Credentials::new("carol", "a\u{aa}b");
    broker.log_in(false, Sasl::plain(carol)).await?;
    Ok(())
}

/// Wrong passwords, ended tokens and mechanisms that are not enabled are told at once.
pub(crate) async fn check_refusals(broker: &SecureBroker) {
    for mechanism in broker.release.mechanisms {
        for by_tls in [false, true] {
            for sasl in wrong(mechanism).into_iter().flatten() {
                let error = broker.log_in(by_tls, sasl).await.unwrap_err();
                println!("{mechanism}: {error}");
                is_refusal(&error, &[mechanism, "SASL_AUTHENTICATION_FAILED", "check "]);
            }
        }
    }
    let ended = Unsecured::ending_after_ms(-5_000);
    let sasl = Sasl::oauth_bearer(ended);
    let error = broker.log_in(true, sasl).await.unwrap_err();
    println!("{error}");
    is_refusal(&error, &["OAUTHBEARER", "invalid_token", "check the token"]);
    let sasl = Sasl::scram_sha_256(alice());
    check_not_enabled(broker, PLAIN_LOGIN, sasl, "SCRAM-SHA-256").await;
}

/// Before 1.0 all that a broker does is close: a client that is given time goes on
/// trying, and says so in the end.
pub(crate) async fn check_closed_without_a_word(broker: &SecureBroker) {
    for mechanism in broker.release.mechanisms {
        let [password, user] = wrong(mechanism).unwrap();
        tokio::join!(
            check_closed(broker, false, password, mechanism),
            check_closed(broker, true, user, mechanism),
        );
    }
    let sasl = as_alice("OAUTHBEARER").dangerous_without_tls();
    check_not_enabled(broker, OPEN_LOGIN, sasl, "OAUTHBEARER").await;
}

async fn check_closed(broker: &SecureBroker, by_tls: bool, sasl: Sasl, mechanism: &str) {
    let limit = Duration::from_secs(15);
    let error = broker.log_in_within(limit, by_tls, sasl).await.unwrap_err();
    println!("{mechanism}: {error}");
    let text = error.to_string();
    assert!(text.contains("brokers before 1.0"), "{error}");
    assert!(!text.contains("not-hers"), "{error}");
}

/// A password, and a user, if the mechanism has them.
fn wrong(mechanism: &str) -> Option<[Sasl; 2]> {
    let all = [("alice", "not-hers"), ("nobody", "alice-secret")];
    let sasl = |(user, password)| by_password(mechanism, Credentials::new(user, password));
    (mechanism != "OAUTHBEARER").then(|| all.map(sasl))
}

/// What is enabled there, PLAIN among it, is told.
async fn check_not_enabled(broker: &SecureBroker, listener: &str, sasl: Sasl, mechanism: &str) {
    let limit = Duration::from_secs(60);
    let connecting = broker.connect_within(limit, listener, None, Some(sasl));
    let error = connecting.await.unwrap_err();
    println!("{error}");
    is_refusal(&error, &[mechanism, "it enables: ", "PLAIN"]);
}

fn is_refusal(error: &Error, parts: &[&str]) {
    assert_eq!(error.kind(), &ErrorKind::Authentication, "{error}");
    let text = error.to_string();
    for part in parts.iter().chain(&["127.0.0.1:"]) {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
    assert!(!text.contains("not-hers"), "{text}");
}
