//! A cluster inside the process that wants a login, reached over in-memory
//! links.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use kafka_net::clock::now;
use kafka_net::{
    BoxFuture, BrokerAddress, Connection, Credentials, CredentialsProvider, Environment, Error,
    Lane, NetConfig, OAuthToken, Pool, ProviderError, Random, Sasl, SendOptions, SystemWallClock,
    TokenProvider,
};
use kafka_protocol::messages::metadata::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse};
use kafka_test_broker::{SaslMechanism, TestCluster, TestClusterBuilder};
use tokio::runtime::Handle;

#[path = "../links/mod.rs"]
mod links;

use links::Links;

pub(crate) const ALL: [SaslMechanism; 4] = [
    SaslMechanism::Plain,
    SaslMechanism::ScramSha256,
    SaslMechanism::ScramSha512,
    SaslMechanism::OAuthBearer,
];

/// 2026-01-01, where the cluster's wall clock starts.
pub(crate) const NOW_MS: i64 = 1_767_225_600_000;

pub(crate) fn secured() -> TestClusterBuilder {
    TestCluster::builder()
        .sasl(ALL)
        .user("alice", "alice-secret")
        .topic("orders", 1)
        .wall_clock_ms(NOW_MS)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn alice() -> Credentials {
    Credentials::new("alice", "alice-secret")
}

pub(crate) fn plain(credentials: impl CredentialsProvider) -> Sasl {
    Sasl::plain(credentials).dangerous_without_tls()
}

pub(crate) fn bearer(tokens: impl TokenProvider) -> Sasl {
    Sasl::oauth_bearer(tokens).dangerous_without_tls()
}

/// Every mechanism, with what it takes for alice.
pub(crate) fn mechanisms() -> [Sasl; 4] {
    [
        plain(alice()),
        Sasl::scram_sha_256(alice()),
        Sasl::scram_sha_512(alice()),
        bearer(Tokens::of_length(seconds(3600))),
    ]
}

/// A client of the cluster.
pub(crate) struct Client {
    pub(crate) pool: Pool,
    pub(crate) broker: BrokerAddress,
}

impl Client {
    pub(crate) fn new(cluster: &TestCluster, sasl: Sasl) -> Self {
        Self::with(cluster, NetConfig::default().with_sasl(sasl))
    }

    pub(crate) fn with(cluster: &TestCluster, config: NetConfig) -> Self {
        let links = Arc::new(Links::to(cluster));
        let random = Random::from_seed(7);
        let env = Environment::new(Handle::current(), links, Arc::new(SystemWallClock), random);
        let (host, port) = cluster.broker_address(1).unwrap();
        Self {
            pool: Pool::new(config, env).unwrap(),
            broker: BrokerAddress::new(host, port).with_id(1),
        }
    }

    pub(crate) async fn connect(&self) -> Result<Connection, Error> {
        self.connect_within(seconds(30)).await
    }

    pub(crate) async fn connect_within(&self, limit: Duration) -> Result<Connection, Error> {
        let deadline = now() + limit;
        self.pool
            .connection(&self.broker, Lane::Control, deadline)
            .await
    }
}

/// Asks something that only those who are logged in are answered.
pub(crate) async fn ask(connection: &Connection) -> Result<MetadataResponse, Error> {
    let options = SendOptions::new(seconds(30));
    let topic = MetadataRequestTopic::new().with_name(Some("orders".into()));
    let request = MetadataRequest::new().with_topics(Some(vec![topic]));
    connection.request(&request, &options).await
}

/// Unsecured tokens that end after a while.
#[derive(Debug)]
pub(crate) struct Tokens {
    length: Duration,
    start: std::time::Instant,
    pub(crate) given: Arc<AtomicU32>,
    /// Of the tokens asked for, this many are given.
    limit: u32,
}

impl Tokens {
    pub(crate) fn of_length(length: Duration) -> Self {
        Self {
            length,
            start: now(),
            given: Arc::default(),
            limit: u32::MAX,
        }
    }

    pub(crate) fn limited(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }
}

impl TokenProvider for Tokens {
    fn token(&self) -> BoxFuture<'_, Result<OAuthToken, ProviderError>> {
        Box::pin(async {
            if self.given.fetch_add(1, Ordering::Relaxed) >= self.limit {
                return Err("the identity provider is down".into());
            }
            // The cluster's wall clock goes with the runtime's.
            let end = NOW_MS as f64 / 1e3 + (now() - self.start + self.length).as_secs_f64();
            let claims = format!(r#"{{"sub":"alice","exp":{end}}}"#);
            let encode = |part: &str| BASE64URL.encode(part);
            let token = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims));
            Ok(OAuthToken::new(token).with_lifetime(self.length))
        })
    }
}

/// What it was last set to.
#[derive(Clone, Debug)]
pub(crate) struct Vault(pub(crate) Arc<Mutex<Result<Credentials, &'static str>>>);

impl Vault {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self(Arc::new(Mutex::new(Ok(credentials))))
    }

    pub(crate) fn set(&self, credentials: Result<Credentials, &'static str>) {
        *self.0.lock().unwrap() = credentials;
    }
}

impl CredentialsProvider for Vault {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, ProviderError>> {
        let found = self.0.lock().unwrap().clone();
        Box::pin(async { found.map_err(Into::into) })
    }
}
