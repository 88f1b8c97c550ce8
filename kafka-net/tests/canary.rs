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
use std::sync::{Arc, Mutex};

use kafka_net::{Credentials, Sasl, Secret};
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
    shown
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
    ] {
        assert!(
            lines.contains(expected),
            "there is output: {expected} in {lines}"
        );
    }
    // Tokens begin with their header, {"alg":"none"} in base64, and "dHdl…" is how
    // the password begins in base64.
    let secrets = [CANARY, "eyJhbGciOiJub25lIn0", "dHdlZXR5"];
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
