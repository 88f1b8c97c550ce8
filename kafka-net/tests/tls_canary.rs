//! Keys and certificates stay out of every log line, at TRACE as well.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]
#![allow(dead_code, reason = "shared with the other TLS tests")]

#[path = "tls/authority.rs"]
mod authority;
#[path = "tls/support.rs"]
mod support;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use authority::{Authority, Issued, Valid};
use kafka_net::{Error, TlsConfig};
use rustls::DEFAULT_VERSIONS;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use support::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Every event and span of the process, with its fields.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Subscriber for Log {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "{} ", event.metadata().target()).unwrap();
        event.record(&mut Line(&mut text));
        text.push('\n');
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

/// What of these shows in `text`: a line of the PEM, or the key's bytes as
/// Rust prints them or in hexadecimal.
fn leaks(text: &str, secrets: &[&Issued]) -> Vec<String> {
    let mut found = Vec::new();
    for secret in secrets {
        for line in secret.key.lines().chain(secret.certificate.lines()) {
            if text.contains(line) {
                found.push(line.to_owned());
            }
        }
        let key = PrivateKeyDer::from_pem_slice(secret.key.as_bytes()).unwrap();
        // Each key begins like all others of its kind.
        let own = &key.secret_der()[48..64];
        let listed = format!("{own:?}");
        let hex: String = own.iter().map(|byte| format!("{byte:02x}")).collect();
        for form in [listed.trim_matches(['[', ']']), &hex] {
            if text.contains(form) {
                found.push(form.to_owned());
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_hold_no_key_and_no_pem() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let mut told = String::new();

    let authority = Authority::new("ours");
    let first = authority.client(Valid::Now);
    let second = authority.client(Valid::Now);
    let given = authority.client(Valid::Now);
    let foreign = Authority::new("theirs").client(Valid::Now);
    let secrets = [&first, &second, &given, &foreign];
    let server = authority.server(&["localhost"]);
    let network = Network::secured(server.listener_of(DEFAULT_VERSIONS, Some(&authority))).await;

    // From files: used, broken, renewed.
    let files = Files::new("canary");
    let tls = TlsConfig::new()
        .with_root_pem(authority.pem())
        .with_client_files(
            files.write("client.pem", &first.certificate),
            files.write("client.key", &first.key),
        );
    let pool = network.pool(tls.clone());
    let mut go_on = async || {
        let connection = connect(&pool, "localhost").await.unwrap();
        question(&connection).await.unwrap();
        connection.close_with(Error::config("the test is done with it"));
        write!(told, "{connection:?} {pool:?}").unwrap();
    };
    go_on().await;
    files.write("client.key", &second.key);
    go_on().await;
    files.write("client.key", &second.key[..100]);
    go_on().await;
    files.write("client.key", &second.key);
    files.write("client.pem", &second.certificate);
    go_on().await;
    assert_eq!(pool.stats().tls_reloads, 1);
    assert_eq!(pool.stats().tls_reload_failures, 2);

    // From memory: used, and refused by each side.
    let from_memory = |issued: &Issued| {
        TlsConfig::new()
            .with_root_pem(authority.pem())
            .with_client_pem(issued.certificate.clone(), issued.key.clone())
    };
    network.ask(from_memory(&given), "localhost").await.unwrap();
    let pair = TlsConfig::new().with_client_pem(given.certificate.clone(), first.key.clone());
    for error in [
        network.refusal(from_memory(&foreign)).await,
        network.ask(from_memory(&given), "other").await.unwrap_err(),
        kafka_net::NetConfig::default()
            .with_tls(pair)
            .validate()
            .unwrap_err(),
    ] {
        write!(told, "{error} {error:?} {error:#?}").unwrap();
    }
    write!(told, "{tls:?} {:?}", from_memory(&given)).unwrap();

    // There is something to look at, of each part.
    let text = log.text();
    for part in [
        "connected",
        "encrypted",
        "changed TLS files cannot be used",
        "is not for the private key",
        "changed TLS files are used from now on",
        "connecting failed",
    ] {
        assert!(text.contains(part), "nothing of {part:?} in:\n{text}");
    }
    assert_eq!(leaks(&text, &secrets), [""; 0]);
    assert_eq!(leaks(&told, &secrets), [""; 0]);

    // And a leak would be seen, in whichever form.
    let key = PrivateKeyDer::from_pem_slice(given.key.as_bytes()).unwrap();
    let before = log.text().len();
    let mut planted = 0;
    tracing::trace!(key = %given.key, "planted");
    tracing::trace!(key = ?key.secret_der(), "planted");
    tracing::trace!(certificate = given.certificate.as_str(), "planted");
    for line in log.text()[before..].lines() {
        planted += usize::from(!leaks(line, &secrets).is_empty());
    }
    assert!(planted >= 3, "{planted}");
}
