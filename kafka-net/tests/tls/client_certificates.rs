//! Mutual TLS.

use base64::Engine;
use kafka_net::{Error, ErrorKind, TlsConfig};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::authority::{Authority, Issued, Valid};
use crate::repeating::Repeating;
use crate::support::*;

fn showing(authority: &Authority, client: &Issued) -> TlsConfig {
    TlsConfig::new()
        .with_root_pem(authority.pem())
        .with_client_pem(client.certificate.clone(), client.key.clone())
}

/// In TLS 1.3 the refusal comes after the client's side of the handshake.
#[track_caller]
fn check(error: &Error, part: &str) {
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
    assert!(!error.is_retriable());
    let text = error.to_string();
    assert!(text.starts_with("localhost:9093: "), "{text}");
    assert!(text.contains(part), "{text}");
}

#[tokio::test]
async fn a_known_certificate_lets_in() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"]);
    let client = authority.client(Valid::Now);
    for version in [&TLS12, &TLS13] {
        let listener = server.listener_of(&[version], Some(&authority));
        let network = Network::secured(listener).await;
        let tls = showing(&authority, &client);
        network.ask(tls, "localhost").await.unwrap();
    }
}

#[tokio::test]
async fn key_and_certificate_may_be_one_file() {
    let authority = Authority::new("ours");
    let client = authority.client(Valid::Now);
    let listener = authority
        .server(&["localhost"])
        .listener_of(rustls::DEFAULT_VERSIONS, Some(&authority));
    let network = Network::secured(listener).await;
    let files = Files::new("one");
    let both = files.write("client.pem", client.key + &client.certificate);
    let tls = TlsConfig::new()
        .with_root_pem(authority.pem())
        .with_client_files(&both, &both);
    network.ask(tls, "localhost").await.unwrap();
}

#[tokio::test]
async fn none_where_one_is_demanded() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"]);
    for (version, said) in [
        (&TLS12, "demands"),
        (&TLS13, "the broker demands a client certificate"),
    ] {
        let listener = server.listener_of(&[version], Some(&authority));
        let network = Network::secured(listener).await;
        let tls = TlsConfig::new().with_root_pem(authority.pem());
        let error = network.refusal(tls).await;
        check(&error, said);
        assert!(error.to_string().contains("with_client_files"), "{error}");
    }
}

#[tokio::test]
async fn one_of_an_unknown_authority() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = ours.server(&["localhost"]);
    for version in [&TLS12, &TLS13] {
        let listener = server.listener_of(&[version], Some(&ours));
        let network = Network::secured(listener).await;
        let error = network
            .refusal(showing(&ours, &theirs.client(Valid::Now)))
            .await;
        check(&error, "does not know the authority of the client");
    }
}

#[tokio::test]
async fn an_expired_one() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"]);
    for version in [&TLS12, &TLS13] {
        let listener = server.listener_of(&[version], Some(&authority));
        let network = Network::secured(listener).await;
        let error = network
            .refusal(showing(&authority, &authority.client(Valid::Past)))
            .await;
        check(&error, "the client certificate: it has expired");
    }
}

#[tokio::test]
async fn a_refusal_without_an_alert() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = ours.server(&["localhost"]);
    let none = TlsConfig::new().with_root_pem(ours.pem());
    let stranger = showing(&ours, &theirs.client(Valid::Now));
    for version in [&TLS12, &TLS13] {
        for tls in [&none, &stranger] {
            let acceptor = TlsAcceptor::from(server.listener_of(&[version], Some(&ours)));
            let network = Network::new().await;
            network.accept(move |stream| {
                let accepting = acceptor.accept(Repeating::new(stream));
                Box::pin(async move { assert!(accepting.await.is_err()) })
            });
            let error = network.refusal(tls.clone()).await;
            check(&error, "refuse the client certificate, or to demand one");
            assert!(error.to_string().contains("with_client_files"), "{error}");
        }
    }
}

#[tokio::test]
async fn garbage_from_a_broker_that_has_nothing_to_refuse() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"]);
    let open = (
        server.listener(),
        TlsConfig::new().with_root_pem(authority.pem()),
    );
    // It has judged by the end of the handshake.
    let judged = (
        server.listener_of(&[&TLS12], Some(&authority)),
        showing(&authority, &authority.client(Valid::Now)),
    );
    for (listener, tls) in [open, judged] {
        let acceptor = TlsAcceptor::from(listener);
        let network = Network::new().await;
        network.accept(move |stream| {
            let accepting = acceptor.accept(stream);
            Box::pin(async move {
                let (mut below, _) = accepting.await.unwrap().into_inner();
                // The client's side of the handshake has ended when it asks something.
                below.read_u8().await.unwrap();
                below.write_all(&[0x17, 3, 3, 0, 32]).await.unwrap();
                below.write_all(&[0x55; 32]).await.unwrap();
            })
        });
        let error = network.refusal(tls).await;
        assert_eq!(error.kind(), &ErrorKind::Disconnected, "{error}");
        assert!(error.is_retriable());
    }
}

/// SEC1 is what lies inside of PKCS#8 for a key of an elliptic curve.
#[tokio::test]
async fn a_key_in_sec1() {
    let authority = Authority::new("ours");
    let client = authority.client(Valid::Now);
    let PrivateKeyDer::Pkcs8(key) = PrivateKeyDer::from_pem_slice(client.key.as_bytes()).unwrap()
    else {
        panic!("not PKCS#8");
    };
    let (header, inner) = key.secret_pkcs8_der().split_at(29);
    assert_eq!(header[27..], [0x04, 0x6d], "an octet string of 109 bytes");
    let sec1 = pem("EC PRIVATE KEY", inner);
    lets_in(&authority, &client.with_key(sec1)).await;
}

/// PKCS#1 is what lies inside of PKCS#8 for an RSA key.
#[tokio::test]
async fn a_key_in_pkcs1() {
    let authority = Authority::new("ours");
    let pkcs1 = include_str!("rsa_pkcs1.key");
    let PrivateKeyDer::Pkcs1(inner) = PrivateKeyDer::from_pem_slice(pkcs1.as_bytes()).unwrap()
    else {
        panic!("not PKCS#1");
    };
    let inner = inner.secret_pkcs1_der();
    let mut pkcs8 = vec![0x30, 0x82, 0, 0, 2, 1, 0, 0x30, 13, 6, 9];
    pkcs8.extend_from_slice(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0, 4, 0x82]);
    pkcs8.extend_from_slice(&u16::try_from(inner.len()).unwrap().to_be_bytes());
    pkcs8.extend_from_slice(inner);
    let length = u16::try_from(pkcs8.len() - 4).unwrap();
    pkcs8[2..4].copy_from_slice(&length.to_be_bytes());
    let client = authority.client_with(rcgen::KeyPair::try_from(pkcs8).unwrap());
    lets_in(&authority, &client.with_key(pkcs1)).await;
}

async fn lets_in(authority: &Authority, client: &Issued) {
    let listener = authority
        .server(&["localhost"])
        .listener_of(rustls::DEFAULT_VERSIONS, Some(authority));
    let network = Network::secured(listener).await;
    network
        .ask(showing(authority, client), "localhost")
        .await
        .unwrap();
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}
