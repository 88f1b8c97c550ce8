//! TLS through a proxy, and to brokers that are dialled elsewhere than they say: the
//! name that counts is the broker's.

use std::sync::Arc;

use kafka_net::{AddressMap, BrokerAddress, ErrorKind, NetConfig, Proxy, TlsConfig};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::support::*;

/// A proxy that takes CONNECT, with a listener behind it that speaks TLS.
async fn behind_a_proxy(config: Arc<ServerConfig>) -> Arc<Network> {
    let network = Network::new().await;
    let weak = Arc::downgrade(&network);
    network.accept(move |mut stream| {
        let acceptor = TlsAcceptor::from(config.clone());
        let network = weak.clone();
        Box::pin(async move {
            let mut heard = Vec::new();
            while !heard.ends_with(b"\r\n\r\n") {
                heard.push(stream.read_u8().await.unwrap());
            }
            assert!(heard.starts_with(b"CONNECT kafka-1:9093 HTTP/1.1\r\n"));
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            // A refusal is the client's to tell.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let Some(mut broker) = network.upgrade().map(|network| network.broker()) else {
                return;
            };
            let _ = copy_bidirectional(&mut stream, &mut broker).await;
        })
    });
    network
}

#[tokio::test]
async fn through_a_proxy_the_certificate_is_the_brokers() {
    let authority = Authority::new("ours");
    let config = NetConfig::default()
        .with_tls(TlsConfig::new().with_root_pem(authority.pem()))
        .with_proxy(Proxy::http_connect("proxy", 3128));
    let listener = authority.server(&["kafka-1"]).listener();
    let network = behind_a_proxy(listener).await;
    let pool = network.pool_with(config.clone());
    ask(&pool, "kafka-1").await.unwrap();
    assert_eq!(network.first_bytes(), *b"C");

    // The proxy's own would not do.
    let listener = authority.server(&["proxy"]).listener();
    let network = behind_a_proxy(listener).await;
    let error = ask(&network.pool_with(config), "kafka-1").await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("not for kafka-1"), "{error}");
}

#[tokio::test]
async fn where_addresses_are_mapped_the_certificate_is_for_the_advertised_name() {
    let authority = Authority::new("ours");
    let tls = TlsConfig::new().with_root_pem(authority.pem());
    let map = AddressMap::new(|_| BrokerAddress::new("forward", 19093));
    let mapped = |map| {
        let config = NetConfig::default().with_tls(tls.clone());
        config.with_address_map(map)
    };
    let advertised = Network::secured(authority.server(&["kafka-1"]).listener()).await;
    let pool = advertised.pool_with(mapped(map.clone()));
    ask(&pool, "kafka-1").await.unwrap();
    let pool = advertised.pool_with(mapped(map.clone().with_dialled_tls_name()));
    let error = ask(&pool, "kafka-1").await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");

    let dialled = Network::secured(authority.server(&["forward"]).listener()).await;
    let pool = dialled.pool_with(mapped(map.clone().with_dialled_tls_name()));
    ask(&pool, "kafka-1").await.unwrap();
    let error = ask(&dialled.pool_with(mapped(map)), "kafka-1").await;
    assert_eq!(error.unwrap_err().kind(), &ErrorKind::Tls);
}
