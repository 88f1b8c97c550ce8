//! The whole client with an embedded cluster behind TLS.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use kafka_client::{Error, ErrorKind, Kafka, Record, Start, TlsConfig};
use kafka_test_broker::TestCluster;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Three brokers that show a certificate for these names, and who trusts it.
async fn cluster(names: &[&str]) -> (TestCluster, TlsConfig) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let cluster = TestCluster::builder()
        .brokers(3)
        .topic("orders", 6)
        .tls(Arc::new(server))
        .start()
        .await
        .unwrap();
    (cluster, TlsConfig::new().with_root_pem(made.cert.pem()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_travel_to_every_broker_and_back() {
    let (cluster, tls) = cluster(&["localhost", "127.0.0.1"]).await;
    let kafka = Kafka::builder(cluster.bootstrap())
        .tls(tls)
        .connect()
        .await
        .unwrap();
    let producer = kafka.producer().build().await.unwrap();
    let mut deliveries = Vec::new();
    for n in 0..600 {
        let record = Record::to("orders").partition(n % 6).value(n.to_string());
        deliveries.push(producer.send(record).await.unwrap());
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    let mut consumer = kafka
        .consumer()
        .assign_topic("orders", Start::Earliest)
        .build()
        .await
        .unwrap();
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 600 {
        let batch = consumer.next_batch().await.unwrap().unwrap();
        for record in &batch {
            let value = std::str::from_utf8(record.value().unwrap()).unwrap();
            assert!(seen.insert(value.parse::<i32>().unwrap()));
        }
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        (0..600).collect::<Vec<_>>()
    );
}

/// Row 53 of the fault list, at the top: `connect` says why, and at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_53_connecting_says_why_it_is_refused() {
    let (cluster, tls) = cluster(&["elsewhere"]).await;
    let other = cluster_of_another_root().await;
    for (tls, reason) in [
        (tls, "is for elsewhere, not for"),
        (other, "certificate is not signed by"),
    ] {
        let connecting = Kafka::builder(cluster.bootstrap()).tls(tls);
        // With a limit of an hour, whoever waited for it would fail the suite.
        let connecting = connecting.connect_within(std::time::Duration::from_secs(3600));
        let error: Error = connecting.connect().await.err().unwrap();
        assert_eq!(error.kind(), &ErrorKind::Tls, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

async fn cluster_of_another_root() -> TlsConfig {
    cluster(&["localhost"]).await.1
}
