//! The example runs against the embedded cluster.

#![allow(
    clippy::unwrap_used,
    reason = "clippy sees tests only where a function is one"
)]

#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "its `main` is for whoever runs it"
)]
#[path = "../examples/ask_broker.rs"]
mod ask_broker;

use kafka_protocol::ApiKey;
use kafka_test_broker::TestCluster;

#[tokio::test]
async fn it_asks_a_broker_in_under_20_lines() {
    let cluster = TestCluster::builder().brokers(3).start().await.unwrap();
    let address = cluster.bootstrap();
    let address = address.split(',').next().unwrap();
    let (versions, described) = ask_broker::ask(address).await.unwrap();
    let produce = ApiKey::Produce.code();
    assert!(versions.api_keys.iter().any(|api| api.api_key == produce));
    let mut ids: Vec<i32> = described.brokers.iter().map(|it| it.broker_id).collect();
    ids.sort_unstable();
    assert_eq!(ids, cluster.broker_ids());

    let text = include_str!("../examples/ask_broker.rs");
    let (_, body) = text.split_once("pub async fn ask").unwrap();
    let lines = body.lines().filter(|line| !line.trim().is_empty());
    assert!(lines.count() < 20);
}
