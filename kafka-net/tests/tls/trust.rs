//! Whom the client trusts.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_net::{Environment, Pool, Random};
use kafka_net::{ErrorKind, NetConfig, TlsConfig, WallClock};
use rustls::version::{TLS12, TLS13};
use tokio::runtime::Handle;

use crate::authority::{Authority, Issued, Valid, self_signed};
use crate::support::*;

fn trusting(authority: &Authority) -> TlsConfig {
    TlsConfig::new().with_root_pem(authority.pem())
}

/// A broker with this certificate is refused with a text that says all of this.
#[track_caller]
fn check(error: &kafka_net::Error, parts: &[&str]) {
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
    assert!(!error.is_retriable(), "{error}");
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

#[tokio::test]
async fn a_chain_to_a_given_root_is_trusted() {
    let authority = Authority::new("ours");
    let listener = authority.server(&["localhost"]).listener();
    let network = Network::secured(listener).await;
    network
        .ask(trusting(&authority), "localhost")
        .await
        .unwrap();
    assert_eq!(network.first_bytes(), [0x16]);
}

#[tokio::test]
async fn any_of_several_roots_will_do() {
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let network = Network::secured(two.server(&["localhost"]).listener()).await;
    let separate = trusting(&one).with_root_pem(two.pem());
    network.ask(separate, "localhost").await.unwrap();
    let bundle = TlsConfig::new().with_root_pem(one.pem() + &two.pem());
    network.ask(bundle, "localhost").await.unwrap();
    let files = Files::new("roots");
    let file = TlsConfig::new().with_root_file(files.write("ca.pem", one.pem() + &two.pem()));
    network.ask(file, "localhost").await.unwrap();
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_only_when_given() {
    let alone = self_signed(&["localhost"]);
    let network = Network::secured(alone.listener()).await;
    let given = TlsConfig::new().with_root_pem(alone.certificate.clone());
    network.ask(given, "localhost").await.unwrap();
    let error = network.refusal(trusting(&Authority::new("other"))).await;
    check(
        &error,
        &["localhost:9093", "not signed by a trusted authority"],
    );
}

/// Row 53 of the fault list: wrong CA.
#[tokio::test]
async fn row_53_wrong_authority() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let network = Network::secured(theirs.server(&["localhost"]).listener()).await;
    let error = network.refusal(trusting(&ours)).await;
    check(
        &error,
        &[
            "localhost:9093: ",
            "not signed by a trusted authority",
            "check that the root certificates given are",
        ],
    );
    only_tls_was_spoken(&network);
}

/// Two authorities of one name: the signature gives it away.
#[tokio::test]
async fn row_53_authority_of_the_same_name() {
    let (ours, theirs) = (Authority::new("ca"), Authority::new("ca"));
    let network = Network::secured(theirs.server(&["localhost"]).listener()).await;
    let error = network.refusal(trusting(&ours)).await;
    check(&error, &["not signed by"]);
}

#[tokio::test]
async fn row_53_wrong_host_name() {
    let authority = Authority::new("ours");
    let issued = authority.server(&["kafka-1.example.org", "10.1.2.3"]);
    let network = Network::secured(issued.listener()).await;
    let error = network.refusal(trusting(&authority)).await;
    check(
        &error,
        &[
            "localhost:9093: the broker's certificate is for kafka-1.example.org, 10.1.2.3, not \
             for localhost",
            "advertised.listeners",
            "with_server_name",
        ],
    );
    only_tls_was_spoken(&network);
}

#[tokio::test]
async fn row_53_expired() {
    let authority = Authority::new("ours");
    let issued = authority.server_valid(&["localhost"], Valid::Past);
    let network = Network::secured(issued.listener()).await;
    let error = network.refusal(trusting(&authority)).await;
    check(&error, &["has expired ", " days ago", "renew it"]);
    only_tls_was_spoken(&network);
}

#[tokio::test]
async fn row_53_not_valid_yet() {
    let authority = Authority::new("ours");
    let issued = authority.server_valid(&["localhost"], Valid::Future);
    let network = Network::secured(issued.listener()).await;
    let error = network.refusal(trusting(&authority)).await;
    check(&error, &["is not valid yet, but in ", " days", "clock"]);
}

fn only_tls_was_spoken(network: &Network) {
    let bytes = network.first_bytes();
    assert!(!bytes.is_empty());
    assert!(bytes.iter().all(|byte| *byte == 0x16), "{bytes:?}");
}

/// Row 53: the pool pauses between attempts, callers hear at once, and no
/// connection is opened in plain text.
#[tokio::test(start_paused = true)]
async fn row_53_pauses_grow_and_callers_hear_at_once() {
    let authority = Authority::new("ours");
    let network = Network::secured(authority.server(&["elsewhere"]).listener()).await;
    let config = NetConfig::default()
        .with_tls(trusting(&authority))
        .with_reconnect_backoff(Duration::from_secs(1), Duration::from_secs(8));
    let pool = network.pool_with(config);
    let start = kafka_net::clock::now();
    let mut at = Vec::new();
    for _ in 0..4 {
        let broker = kafka_net::BrokerAddress::new("localhost", 9093);
        let deadline = kafka_net::clock::now() + Duration::from_secs(1000);
        // Not `attempt`: even who would wait for long is told.
        let error = pool.connection(&broker, kafka_net::Lane::Control, deadline);
        check(&error.await.unwrap_err(), &["not for localhost"]);
        at.push(kafka_net::clock::now().duration_since(start).as_secs_f64());
    }
    let pauses: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, nominal) in pauses.iter().zip([1.0, 2.0, 4.0]) {
        assert!(
            (nominal * 0.79..nominal * 1.21).contains(pause),
            "{pauses:?}"
        );
    }
    assert_eq!(pool.stats().connect_failures, 4);
    assert_eq!(network.first_bytes(), [0x16; 4]);
}

#[tokio::test]
async fn addresses_are_names_too() {
    let authority = Authority::new("ours");
    let issued = authority.server(&["127.0.0.1", "::1"]);
    let network = Network::secured(issued.listener()).await;
    for host in ["127.0.0.1", "::1"] {
        network.ask(trusting(&authority), host).await.unwrap();
    }
    let error = network
        .ask(trusting(&authority), "127.0.0.2")
        .await
        .unwrap_err();
    check(&error, &["is for 127.0.0.1, ::1, not for 127.0.0.2"]);
    // An address as a DNS name, as some make it, is none.
    let error = network.refusal(trusting(&authority)).await;
    check(&error, &["not for localhost"]);
}

#[tokio::test]
async fn wildcards_and_trailing_dots() {
    let authority = Authority::new("ours");
    let issued = authority.server(&["*.example.org"]);
    let network = Network::secured(issued.listener()).await;
    for host in ["a.example.org", "a.example.org.", "A.EXAMPLE.ORG"] {
        network.ask(trusting(&authority), host).await.unwrap();
    }
    for host in ["a.b.example.org", "example.org"] {
        let error = network.ask(trusting(&authority), host).await.unwrap_err();
        check(&error, &["not for", host]);
    }
}

#[tokio::test]
async fn the_expected_name_can_be_given() {
    let authority = Authority::new("ours");
    let network = Network::secured(authority.server(&["kafka"]).listener()).await;
    let tls = trusting(&authority).with_server_name("kafka");
    network.ask(tls, "localhost").await.unwrap();
    let tls = trusting(&authority).with_server_name("other");
    check(
        &network.refusal(tls).await,
        &["is for kafka, not for other"],
    );
}

#[tokio::test]
async fn a_host_that_is_no_name_says_so() {
    let authority = Authority::new("ours");
    let network = Network::secured(authority.server(&["kafka"]).listener()).await;
    let host = "not a name";
    let error = network.ask(trusting(&authority), host).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Config);
    assert!(error.to_string().contains("with_server_name"), "{error}");
    assert_eq!(network.first_bytes(), [0; 0]);
}

#[tokio::test]
async fn dangers_do_only_what_they_say() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let any_name = || trusting(&ours).dangerous_skip_host_name();
    let anything = || TlsConfig::new().dangerous_accept_any_certificate();

    let elsewhere = Network::secured(ours.server(&["elsewhere"]).listener()).await;
    elsewhere.ask(any_name(), "localhost").await.unwrap();
    elsewhere.ask(anything(), "localhost").await.unwrap();

    let foreign = Network::secured(theirs.server(&["localhost"]).listener()).await;
    let error = foreign.refusal(any_name()).await;
    check(&error, &["not signed by a trusted authority"]);
    foreign.ask(anything(), "localhost").await.unwrap();

    let old = ours.server_valid(&["localhost"], Valid::Past);
    let old = Network::secured(old.listener()).await;
    check(&old.refusal(any_name()).await, &["has expired"]);
    old.ask(anything(), "localhost").await.unwrap();
    for version in [&TLS12, &TLS13] {
        let listener = theirs.server(&["x"]).listener_of(&[version], None);
        old.secure(listener);
        old.ask(anything(), "localhost").await.unwrap();
    }
}

#[tokio::test]
async fn both_versions_are_spoken() {
    let authority = Authority::new("ours");
    let issued = authority.server(&["localhost"]);
    for version in [&TLS12, &TLS13] {
        let network = Network::secured(issued.listener_of(&[version], None)).await;
        network
            .ask(trusting(&authority), "localhost")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_clock_is_the_environments() {
    #[derive(Debug)]
    struct Late;
    impl WallClock for Late {
        fn now_ms(&self) -> i64 {
            // In 2110.
            4_418_000_000_000
        }
    }
    let authority = Authority::new("ours");
    let network = Network::secured(authority.server(&["localhost"]).listener()).await;
    let env = Environment::new(
        Handle::current(),
        network.clone(),
        Arc::new(Late),
        Random::from_seed(1),
    );
    let config = NetConfig::default().with_tls(trusting(&authority));
    let error = ask(&Pool::new(config, env).unwrap(), "localhost")
        .await
        .unwrap_err();
    check(&error, &["has expired"]);
}

/// The second connection is not a whole handshake.
#[tokio::test]
async fn sessions_are_resumed_until_the_files_change() {
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let authority = Authority::new("ours");
    let network = Network::new().await;
    let config = authority.server(&["localhost"]).listener();
    record_kinds(&network, config, &kinds);
    let files = Files::new("resumed");
    let tls = TlsConfig::new().with_root_file(files.write("ca.pem", authority.pem()));
    let pool = network.pool(tls);
    for turn in 0..3 {
        if turn == 2 {
            files.write("ca.pem", authority.pem() + &Authority::new("more").pem());
        }
        let connection = connect(&pool, "localhost").await.unwrap();
        // The ticket comes with the answer at the latest.
        question(&connection).await.unwrap();
        connection.close_with(kafka_net::Error::config("the test is done with it"));
    }
    use rustls::HandshakeKind::{Full, Resumed};
    assert_eq!(*kinds.lock().unwrap(), [Full, Resumed, Full]);
    assert_eq!(pool.stats().tls_reloads, 1);
}

fn record_kinds(
    network: &Arc<Network>,
    config: Arc<rustls::ServerConfig>,
    kinds: &Arc<Mutex<Vec<rustls::HandshakeKind>>>,
) {
    let weak = Arc::downgrade(network);
    let kinds = kinds.clone();
    network.accept(move |stream| {
        let (config, kinds, weak) = (config.clone(), kinds.clone(), weak.clone());
        Box::pin(async move {
            let acceptor = tokio_rustls::TlsAcceptor::from(config);
            let mut stream = acceptor.accept(stream).await.unwrap();
            let kind = stream.get_ref().1.handshake_kind().unwrap();
            kinds.lock().unwrap().push(kind);
            let mut broker = weak.upgrade().unwrap().broker();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut broker).await;
        })
    });
}

#[tokio::test]
async fn settings_in_memory_are_checked_at_once() {
    let refused = |tls: TlsConfig, parts: &[&str]| {
        let error = NetConfig::default().with_tls(tls).validate().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Config);
        let text = error.to_string();
        for part in parts {
            assert!(text.contains(part), "no {part:?} in {text:?}");
        }
        // Bytes of what was given stay out of it.
        assert!(!text.contains("CANARY"), "{text}");
    };
    let authority = Authority::new("ours");
    let Issued {
        certificate, key, ..
    } = authority.client(Valid::Now);
    let other = authority.client(Valid::Now).key;
    let with_key =
        |key: &str| TlsConfig::new().with_client_pem(certificate.clone(), key.to_owned());
    NetConfig::default()
        .with_tls(with_key(&key))
        .validate()
        .unwrap();

    let root = |bytes: &[u8]| TlsConfig::new().with_root_pem(bytes);
    refused(root(b""), &["root certificates", "has no certificate"]);
    refused(root(b"CANARY"), &["has no certificate"]);
    refused(root(key.as_bytes()), &["has no certificate"]);
    refused(
        root(b"-----BEGIN CERTIFICATE-----\nCANARY\n"),
        &["is not valid PEM"],
    );
    refused(
        root(b"-----BEGIN CERTIFICATE-----\nQ0FOQVJZ\n-----END CERTIFICATE-----\n"),
        &["root certificates in (from memory)"],
    );
    refused(root(&[0x30, 0x82, 1, 2]), &["PKCS#12", "openssl pkcs12"]);
    refused(
        root(&[0xfe, 0xed, 0xfe, 0xed, 0, 0]),
        &["JKS", "keytool -importkeystore"],
    );
    refused(with_key(&other), &["is not for the private key"]);
    refused(with_key(&certificate), &["has no private key"]);
    refused(
        with_key("-----BEGIN PRIVATE KEY-----\nQ0FOQVJZ\n-----END PRIVATE KEY-----\n"),
        &["damaged or of a kind"],
    );
    for encrypted in [
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nQ0FOQVJZ\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n\
         Q0FOQVJZ\n-----END RSA PRIVATE KEY-----\n",
    ] {
        refused(
            with_key(encrypted),
            &["encrypted private key", "openssl pkey -in"],
        );
    }
    refused(
        TlsConfig::new().with_server_name("a b"),
        &["\"a b\" is no name"],
    );
}

#[tokio::test]
async fn missing_files_say_which() {
    let network = Network::new().await;
    let files = Files::new("missing");
    let absent = files.path("absent.pem");
    let error = network
        .refusal(TlsConfig::new().with_root_file(&absent))
        .await;
    assert_eq!(error.kind(), &ErrorKind::Config);
    let text = error.to_string();
    assert!(text.contains("absent.pem cannot be read"), "{text}");
    assert!(text.starts_with("localhost:9093: "), "{text}");
    let error = network
        .refusal(TlsConfig::new().with_root_file(files.path(".")))
        .await;
    assert!(error.to_string().contains("regular file"), "{error}");
    assert_eq!(network.first_bytes(), [0; 0]);
}

#[test]
fn no_debug_shows_a_secret() {
    fn shown(value: &impl Debug) -> String {
        format!("{value:?}\n{value:#?}")
    }
    let issued = Authority::new("ours").client(Valid::Now);
    let tls = TlsConfig::new().with_client_pem(issued.certificate.clone(), issued.key.clone());
    let config = NetConfig::default().with_tls(tls.dangerous_accept_any_certificate());
    let text = shown(&config);
    for line in issued.key.lines().chain(issued.certificate.lines()) {
        assert!(!text.contains(line), "{text}");
    }
    assert!(text.contains("DangerousAnyCertificate"), "{text}");
}
