//! Logging in, from the facade: over TCP, to the embedded cluster.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::time::Duration;

use kafka_client::{Credentials, ErrorKind, Kafka, Record, Sasl, Start};
use kafka_test_broker::{SaslMechanism, TestCluster};

async fn cluster() -> TestCluster {
    TestCluster::builder()
        .brokers(3)
        .sasl([SaslMechanism::Plain, SaslMechanism::ScramSha512])
        .user("alice", "alice-secret")
        .topic("orders", 3)
        .max_reauth(Duration::from_secs(1))
        .start()
        .await
        .unwrap()
}

fn scram(password: &str) -> Sasl {
    Sasl::scram_sha_512(Credentials::new("alice", password))
}

/// Every broker and lane logs in, and does so again several times meanwhile.
#[tokio::test]
async fn records_pass_while_logins_are_renewed() {
    let cluster = cluster().await;
    let kafka = Kafka::builder(cluster.bootstrap())
        .sasl(scram("alice-secret"))
        .connect()
        .await
        .unwrap();
    let producer = kafka.producer().build().await.unwrap();
    let mut consumer = kafka
        .consumer()
        .assign_topic("orders", Start::Earliest)
        .build()
        .await
        .unwrap();
    let (mut sent, mut seen) = (0, 0);
    for _ in 0..50 {
        for partition in 0..3 {
            let record = Record::to("orders").partition(partition).value("v");
            producer.send(record).await.unwrap().await.unwrap();
            sent += 1;
        }
        while seen < sent {
            let batch = consumer.next_batch().await.unwrap().unwrap();
            seen += batch.into_iter().count();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(seen, sent);
    kafka.close(Duration::from_secs(5)).await.unwrap();
}

/// Also when another of the brokers named can't be reached, which may pass.
#[tokio::test]
async fn a_wrong_password_is_told_at_once() {
    let cluster = cluster().await;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = nobody.local_addr().unwrap();
    drop(nobody);
    let within = Duration::from_secs(600);
    let connecting = Kafka::builder(format!("{dead},{}", cluster.bootstrap()))
        .sasl(scram("not-hers"))
        .connect_within(within)
        .connect();
    let error = tokio::time::timeout(within / 2, connecting)
        .await
        .unwrap()
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Authentication, "{error}");
    assert!(
        error.to_string().contains("SASL_AUTHENTICATION_FAILED"),
        "{error}"
    );
}

#[tokio::test]
async fn passwords_in_the_clear_are_refused() {
    let plain = Sasl::plain(Credentials::new("alice", "alice-secret"));
    let error = Kafka::builder("localhost:1")
        .sasl(plain)
        .connect()
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Config);
    assert!(
        error.to_string().contains("dangerous_without_tls"),
        "{error}"
    );
}
