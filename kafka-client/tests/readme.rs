//! README's Rust, compiled and run: each block there is found here, line by line.

#![allow(clippy::expect_used, reason = "a test may panic")]

#[cfg(feature = "tls")]
use kafka_client::{Credentials, Sasl, TlsConfig};
use kafka_client::{Kafka, Record, Start};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn the_first_block_sends_and_reads() -> Outcome {
    let cluster = kafka_test_broker::TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap())
        .client_id("shop")
        .connect()
        .await?;
    first(kafka).await
}

#[rustfmt::skip]
async fn first(kafka: Kafka) -> Outcome {
    let mut handled = Vec::new();
    let mut handle = |key: Option<&[u8]>, value: Option<&[u8]>, offset| {
        handled.push((key.map(<[u8]>::to_vec), value.map(<[u8]>::to_vec), offset));
    };

    let producer = kafka.producer().build().await?;                     // idempotent by default
    let delivery = producer.send(Record::to("orders").key("k1").value("v1")).await?; // buffered, in order
    let ack = delivery.await?;                                          // partition, offset

    let mut consumer = kafka.consumer().assign_topic("orders", Start::Earliest).build().await?;
    while let Some(batch) = consumer.next_batch().await? {              // zero-copy, borrowed records
        for record in &batch {
            handle(record.key(), record.value(), record.offset());
        }
        if batch.next_offset() > 0 { break; } // not in README
    }
    assert_eq!(handled, [(Some(b"k1".to_vec()), Some(b"v1".to_vec()), 0)]);
    assert_eq!(ack.offset, Some(0));
    Ok(())
}

#[rustfmt::skip]
#[expect(dead_code, reason = "no broker is at that address")]
async fn connect() -> Outcome {
    let kafka = Kafka::builder("localhost:9092").client_id("shop").connect().await?;
    drop(kafka);
    Ok(())
}

#[cfg(feature = "tls")]
#[rustfmt::skip]
#[expect(dead_code, reason = "no broker is at that address")]
async fn encrypted(password: &str) -> Outcome {
    let kafka = Kafka::builder("kafka-1:9093")
        .tls(TlsConfig::new().with_root_file("ca.pem"))
        .sasl(Sasl::scram_sha_512(Credentials::new("shop", password)))
        .connect()
        .await?;
    drop(kafka);
    Ok(())
}

#[tokio::test]
async fn the_cluster_in_a_test_is_reached() -> Outcome {
    let cluster = kafka_test_broker::TestCluster::start().await?;
    let kafka = Kafka::builder(cluster.bootstrap()).connect().await?;
    // … your test
    assert_eq!(kafka.admin().list_topics().await?.len(), 0);
    Ok(())
}

#[test]
fn every_line_of_readmes_rust_is_here() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("README.md is there");
    let blocks: Vec<&str> = readme
        .split("```rust\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() >= 3, "README has its examples");
    let here: Vec<&str> = include_str!("readme.rs").lines().map(str::trim).collect();
    for line in blocks.iter().flat_map(|block| block.lines()).map(str::trim) {
        assert!(here.contains(&line), "not compiled here: {line}");
    }
}
