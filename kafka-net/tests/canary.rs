//! No secret shows in a log line: in a binary of its own, so that nobody else's
//! subscriber is in the way.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]

#[path = "sasl/support.rs"]
mod support;

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use kafka_net::clock::now;
use kafka_net::{
    BoxFuture, BoxStream, BrokerAddress, Connector, Credentials, Environment, Lane, NetConfig,
    Pool, Proxy, Random, Sasl, Secret, SystemWallClock,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::Handle;
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use support::{Client, Tokens, Vault, ask, bearer, plain, seconds, secured};

const CANARY: &str = "tweety-4711";

/// Keeps every event of every level, and every span, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut text = self.0.lock().unwrap();
        span.record(&mut Text(&mut text));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Text(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        text.push_str(event.metadata().target());
        event.record(&mut Text(&mut text));
        text.push('\n');
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

impl Log {
    fn lines(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

/// Logs in, is refused, logs in anew and fails to, by each mechanism.
async fn everything() -> String {
    let cluster = secured()
        .user("carol", CANARY)
        .max_reauth(seconds(10))
        .build_offline();
    let mut shown = String::new();
    let carol = || Credentials::new("carol", CANARY);
    let wrong = || Credentials::new("alice", CANARY);
    let vault = Vault::new(carol());
    for sasl in [
        plain(vault.clone()),
        plain(wrong()),
        Sasl::scram_sha_256(carol()),
        Sasl::scram_sha_512(wrong()),
        bearer(Tokens::of_length(seconds(15)).limited(1)),
        bearer(Tokens::of_length(seconds(0))),
    ] {
        let client = Client::new(&cluster, sasl.clone());
        let _ = write!(
            shown,
            "{sasl:?} {:?} {:?}",
            client.pool,
            client.pool.config()
        );
        match client.connect_within(seconds(5)).await {
            Ok(connection) => {
                let _ = write!(shown, "{:?}", ask(&connection).await);
                vault.set(Ok(Credentials::new("carol", format!("{CANARY}-wrong"))));
                sleep(seconds(20)).await;
                let _ = write!(shown, "{:?}", ask(&connection).await);
                let _ = write!(shown, "{connection:?}");
            }
            Err(error) => {
                let _ = write!(shown, "{error} {error:?}");
            }
        }
    }
    let _ = write!(shown, "{:?} {vault:?}", Secret::from(CANARY));
    shown + &proxies().await
}

/// Logs in to proxies that refuse it.
async fn proxies() -> String {
    let mut shown = String::new();
    for (proxy, refusal) in [
        (Proxy::socks5("proxy", 1080), &[5, 2, 1, 1][..]),
        (
            Proxy::http_connect("proxy", 3128),
            b"HTTP/1.1 407 No\r\n\r\n",
        ),
        (
            Proxy::http_connect("proxy", 3128),
            b"HTTP/1.1 502 No\r\n\r\n",
        ),
    ] {
        let proxy = proxy.with_credentials("carol", CANARY);
        let config = NetConfig::default().with_proxy(proxy.clone());
        let env = Environment::new(
            Handle::current(),
            Arc::new(Refusing(refusal)),
            Arc::new(SystemWallClock),
            Random::from_seed(7),
        );
        let pool = Pool::new(config, env).unwrap();
        let broker = BrokerAddress::new("kafka-1", 9092);
        let attempt = pool.attempt(&broker, Lane::Control, now() + seconds(5));
        let error = attempt.await.unwrap_err();
        let _ = write!(shown, "{proxy:?} {pool:?} {:?} {error:#?}", pool.config());
    }
    shown
}

/// Where each connection is answered with this, whatever is said.
#[derive(Debug)]
struct Refusing(&'static [u8]);

impl Connector for Refusing {
    fn resolve(&self, _: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from(([10, 0, 0, 1], port))]) })
    }

    fn connect(&self, _: SocketAddr) -> BoxFuture<'static, io::Result<BoxStream>> {
        let refusal = self.0;
        Box::pin(async move {
            let (ours, mut theirs) = duplex(1024);
            theirs.write_all(refusal).await?;
            // Until the client has said all it has to say.
            tokio::spawn(async move { theirs.read_to_end(&mut Vec::new()).await });
            Ok(Box::new(ours) as BoxStream)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn no_secret_shows_in_any_log_line_or_debug() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let shown = everything().await;
    let lines = log.lines();
    for expected in [
        "logged in",
        "logging in anew failed",
        "got a token",
        "no new token",
        "connecting failed",
        "connection closed",
        "the proxy proxy:3128 wants a login",
    ] {
        assert!(
            lines.contains(expected),
            "there is output: {expected} in {lines}"
        );
    }
    // Tokens begin with their header, {"alg":"none"} in base64, "dHdl…" is how the
    // password begins in base64, and "Y2Fy…" is how user and password do.
    let secrets = [CANARY, "eyJhbGciOiJub25lIn0", "dHdlZXR5", "Y2Fyb2w6"];
    for secret in secrets {
        assert!(!lines.contains(secret), "{secret} in {lines}");
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    // It would be seen.
    let secret = Secret::from(CANARY);
    tracing::trace!(?secret, "hidden");
    assert!(!log.lines().contains(CANARY));
    tracing::trace!(secret = secret.expose(), "leaked");
    assert!(log.lines().contains(CANARY));
}
