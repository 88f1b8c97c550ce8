//! Brokers that stop and start, and leaders that move.

use std::io::ErrorKind;

use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_test_broker::TestCluster;

use crate::client::{Client, batch, cluster, code, logged};

#[tokio::test]
async fn stopped_broker_closes_and_refuses() {
    let cluster = cluster(2);
    let mut here = Client::dial(&cluster, 1);
    let mut elsewhere = Client::dial(&cluster, 2);
    here.call(&MetadataRequest::new(), 9).await;
    elsewhere.call(&MetadataRequest::new(), 9).await;
    cluster.stop_broker(1);
    assert!(!cluster.is_up(1));
    here.expect_closed().await;
    let (host, port) = cluster.broker_address(1).unwrap();
    assert_eq!(
        cluster.dial(&host, port).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
    assert_eq!(
        elsewhere
            .call(&MetadataRequest::new(), 9)
            .await
            .brokers
            .len(),
        1
    );
    assert!(cluster.start_broker(1));
    let mut back = Client::dial(&cluster, 1);
    assert_eq!(back.call(&MetadataRequest::new(), 9).await.brokers.len(), 2);
}

#[tokio::test]
async fn dialling_where_nobody_is() {
    let cluster = cluster(1);
    for (host, port) in [("127.0.0.1", 9093), ("example.org", 9092)] {
        assert_eq!(
            cluster.dial(host, port).unwrap_err().kind(),
            ErrorKind::ConnectionRefused
        );
    }
    assert!(cluster.dial("localhost", 9092).is_ok());
    assert!(!cluster.start_broker(7));
    cluster.stop_broker(7);
}

#[tokio::test]
async fn log_outlives_a_restart() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    client.produce("t", 0, batch(&["a"])).await;
    cluster.stop_broker(1);
    assert_eq!(
        (cluster.leader("t", 0), cluster.leader_epoch("t", 0)),
        (None, Some(1))
    );
    cluster.start_broker(1);
    assert_eq!(
        (cluster.leader("t", 0), cluster.leader_epoch("t", 0)),
        (Some(1), Some(2))
    );
    let mut client = Client::dial(&cluster, 1);
    assert_eq!(client.produce("t", 0, batch(&["b"])).await.base_offset, 1);
    assert_eq!(
        logged(&cluster, "t", 0),
        [(0, "a".to_owned()), (1, "b".to_owned())]
    );
    let epochs: Vec<_> = cluster
        .log("t", 0)
        .iter()
        .map(|batch| batch.partition_leader_epoch())
        .collect();
    assert_eq!(epochs, [0, 2]);
}

#[tokio::test]
async fn leader_moves_and_the_old_one_sends_away() {
    let cluster = cluster(3);
    cluster.create_topic_on("t", &[&[1, 2]], &[]);
    let mut first = Client::dial(&cluster, 1);
    let mut second = Client::dial(&cluster, 2);
    let not_leader = ErrorCode::NotLeaderOrFollower;
    assert_eq!(
        code(second.produce("t", 0, batch(&["a"])).await.error_code),
        not_leader
    );
    assert!(cluster.move_leader("t", 0, 2));
    assert_eq!(
        code(first.produce("t", 0, batch(&["a"])).await.error_code),
        not_leader
    );
    assert_eq!(second.produce("t", 0, batch(&["a"])).await.base_offset, 0);
    assert!(!cluster.move_leader("t", 0, 3), "3 holds no replica");
}

#[tokio::test]
async fn damaged_batch_fails_its_checksum_and_spares_the_others() {
    let cluster = cluster(1);
    cluster.create_topic("t", 1);
    let mut client = Client::dial(&cluster, 1);
    for value in ["a", "b", "c"] {
        client.produce("t", 0, batch(&[value])).await;
    }
    assert!(cluster.corrupt("t", 0, 1));
    assert!(!cluster.corrupt("t", 0, 3));
    assert!(!cluster.corrupt("u", 0, 0));
    let mut bytes = client.fetch("t", 0, 0).await.records.unwrap().into_bytes();
    let limits = kafka_protocol::records::BatchLimits::default();
    let mut next = || kafka_protocol::records::RecordBatch::parse(&mut bytes, &limits);
    assert!(next().is_ok());
    assert!(next().is_err());
    let log = cluster.log("t", 0);
    assert_eq!(log.len(), 3);
    assert_eq!(log[1].base_offset(), 1);
}

#[tokio::test]
async fn handles_share_one_cluster_and_the_last_ends_it() {
    let cluster = cluster(1);
    let other = cluster.clone();
    other.create_topic("t", 2);
    assert_eq!(cluster.partition_count("t"), 2);
    let mut client = Client::dial(&cluster, 1);
    drop(cluster);
    client.call(&MetadataRequest::new(), 9).await;
    assert_eq!(other.requests_seen(ApiKey::Metadata), 1);
    drop(other);
    client.expect_closed().await;
}

#[test]
fn everything_but_connections_works_without_a_runtime() {
    let cluster = TestCluster::builder().brokers(2).build_offline();
    assert_eq!(cluster.bootstrap(), "127.0.0.1:9092,127.0.0.1:9093");
    assert_eq!(cluster.broker_ids(), [1, 2]);
    cluster.create_topic("t", 1);
    cluster.stop_broker(1);
    cluster.start_broker(1);
    assert_eq!(cluster.leader("t", 0), Some(2));
    assert!(cluster.dial("127.0.0.1", 9092).is_err());
}
