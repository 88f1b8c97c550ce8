//! The same brokers behind TLS.

use std::sync::Arc;

use kafka_protocol::messages::MetadataRequest;
use kafka_test_broker::TestCluster;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::Client;

/// A cluster behind TLS, and a client's side that trusts it.
async fn encrypted() -> (TestCluster, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let cluster = TestCluster::builder()
        .tls(Arc::new(server))
        .start()
        .await
        .unwrap();
    (cluster, TlsConnector::from(Arc::new(client)))
}

#[tokio::test]
async fn brokers_answer_behind_tls() {
    let (cluster, connector) = encrypted().await;
    let stream = TcpStream::connect(cluster.bootstrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    let metadata = Client::new(stream).call(&MetadataRequest::new(), 12).await;
    assert_eq!(metadata.brokers.len(), 1);
}

#[tokio::test]
async fn plain_text_gets_no_answer_behind_tls() {
    let (cluster, _) = encrypted().await;
    let stream = TcpStream::connect(cluster.bootstrap()).await.unwrap();
    let mut client = Client::new(stream);
    client.send(&MetadataRequest::new(), 12).await;
    // An alert, and the end.
    let bytes = client.bytes().await;
    assert!(bytes.first().is_none_or(|kind| *kind == 21), "{bytes:?}");
}
