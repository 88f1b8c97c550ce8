//! What listens there is not what the client expects.

use std::time::Duration;

use kafka_net::{ErrorKind, NetConfig, TlsConfig};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};

use crate::authority::Authority;
use crate::support::*;

fn trusting(authority: &Authority) -> TlsConfig {
    TlsConfig::new().with_root_pem(authority.pem())
}

/// As Kafka does: it takes the greeting's first bytes for the length of a
/// request, too large a one, and closes.
#[tokio::test]
async fn a_plaintext_listener_behind_a_tls_client() {
    let network = Network::new().await;
    network.accept(|mut stream| {
        Box::pin(async move {
            let mut length = [0; 4];
            stream.read_exact(&mut length).await.unwrap();
            assert!(u32::from_be_bytes(length) > 100 << 20);
        })
    });
    let error = network.refusal(trusting(&Authority::new("ours"))).await;
    // A broker that is being stopped does the same, so it is tried again.
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    let text = error.to_string();
    assert_eq!(
        text,
        "localhost:9093: the connection was closed during the TLS handshake; check that this is a \
         TLS listener: one for plain text closes like this, and so does a broker that is being \
         stopped"
    );
    assert_eq!(
        network.first_bytes(),
        [0x16],
        "once, and never in plain text"
    );
}

#[tokio::test]
async fn the_embedded_broker_in_plain_text_behind_a_tls_client() {
    let network = Network::new().await;
    let weak = std::sync::Arc::downgrade(&network);
    network.accept(move |mut stream| {
        let mut broker = weak.upgrade().unwrap().broker();
        Box::pin(async move {
            let _ = copy_bidirectional(&mut stream, &mut broker).await;
        })
    });
    let error = network.refusal(trusting(&Authority::new("ours"))).await;
    assert_eq!(error.kind(), &ErrorKind::Disconnected);
    assert!(error.to_string().contains("is a TLS listener"), "{error}");
    assert_eq!(network.first_bytes(), [0x16]);
}

#[tokio::test]
async fn another_protocol_behind_a_tls_client() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\0\0\0\x0a\0\0\0\0\0\x23",
        b"SSH-2.0-OpenSSH_9.6\r\n",
    ] {
        let network = Network::new().await;
        network.accept(move |mut stream| {
            Box::pin(async move {
                let _ = stream.write_all(answer).await;
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            })
        });
        let error = network.refusal(trusting(&Authority::new("ours"))).await;
        assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
        let text = error.to_string();
        assert!(text.contains("what answers does not speak TLS"), "{text}");
        assert!(text.contains("check that this is a TLS listener"), "{text}");
        assert_eq!(network.first_bytes(), [0x16]);
    }
}

#[tokio::test]
async fn a_tls_listener_behind_a_plaintext_client() {
    let authority = Authority::new("ours");
    let network = Network::secured(authority.server(&["localhost"]).listener()).await;
    // The alert's first bytes are the length of an answer of 336 MiB.
    for max_response_len in [128 << 20, i32::MAX as usize] {
        let config = NetConfig::default().with_max_response_len(max_response_len);
        let error = connect(&network.pool_with(config), "localhost").await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
        assert!(!error.is_retriable());
        let text = error.to_string();
        assert!(
            text.ends_with(
                "this looks like a TLS listener, and TLS is off here; turn TLS on \
                 (NetConfig::with_tls), or dial a plaintext listener"
            ),
            "{text}"
        );
        assert!(text.contains("localhost:9093"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_stays_silent() {
    let network = Network::new().await;
    network.accept(|stream| {
        Box::pin(async move {
            let _open = stream;
            std::future::pending().await
        })
    });
    let tls = trusting(&Authority::new("ours"));
    let config = NetConfig::default()
        .with_tls(tls)
        .with_connect_timeout(Duration::from_secs(3));
    let start = kafka_net::clock::now();
    let error = ask(&network.pool_with(config), "localhost").await;
    let error = error.unwrap_err();
    // The clock is virtual.
    let took = kafka_net::clock::now() - start;
    assert!(took < Duration::from_millis(3100), "{took:?}");
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.is_retriable());
    let text = error.to_string();
    assert!(text.contains("no TLS handshake within 3s"), "{text}");
    assert!(text.contains("check that it is a TLS listener"), "{text}");
}

#[tokio::test]
async fn no_cipher_suite_in_common() {
    use rustls::crypto::ring;
    let authority = Authority::new("ours");
    let issued = authority.server(&["localhost"]);
    // The server offers RSA's alone, and its certificate is of another kind.
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256];
    let key = issued.certified();
    #[derive(Debug)]
    struct Shown(std::sync::Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Shown {
        fn resolve(
            &self,
            _hello: rustls::server::ClientHello<'_>,
        ) -> Option<std::sync::Arc<rustls::sign::CertifiedKey>> {
            Some(self.0.clone())
        }
    }
    let listener = ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(std::sync::Arc::new(Shown(key)));
    let network = Network::secured(listener.into()).await;
    let error = network.refusal(trusting(&authority)).await;
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
    let text = error.to_string();
    assert!(text.contains("found nothing in common"), "{text}");
    assert!(text.contains("ssl.cipher.suites"), "{text}");
}
