//! The router over TCP, with an embedded cluster.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[allow(dead_code, reason = "its main is for the command line")]
#[path = "../examples/leader.rs"]
mod example;

use std::time::{Duration, Instant};

use kafka_net::{Environment, ErrorKind, Lane, NetConfig, Pool, clock};
use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_router::{Cluster, CoordinatorKind, Router, RouterConfig};
use kafka_test_broker::{Condition, Fault, Reaction, TestCluster};

fn soon() -> Instant {
    clock::now() + Duration::from_secs(20)
}

fn router(bootstrap: &str) -> Router {
    let env = Environment::system().unwrap();
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let config = RouterConfig::default()
        .with_bootstrap_servers(bootstrap)
        .unwrap();
    Router::new(config, pool).unwrap()
}

/// Waits for a snapshot that is as it should be.
async fn until(router: &Router, as_it_should_be: impl Fn(&Cluster) -> bool) {
    let mut changes = router.changes();
    let wait = async {
        while !as_it_should_be(&router.cluster()) {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap();
}

#[tokio::test]
async fn finds_its_way_through_a_cluster() {
    let cluster = TestCluster::builder()
        .brokers(3)
        .default_partitions(6)
        .auto_create_topics(true)
        .start()
        .await
        .unwrap();
    let router = router(&format!("127.0.0.1:1,{}", cluster.bootstrap()));
    let snapshot = router.ready(soon()).await.unwrap();
    assert_eq!(snapshot.brokers().len(), 3);

    let topic = router.topic("orders", soon()).await.unwrap();
    assert_eq!(topic.partitions().len(), 6);
    assert_eq!(Some(topic.id()), cluster.topic_id("orders"));
    for partition in topic.partitions() {
        assert_eq!(partition.leader, cluster.leader("orders", partition.id));
        let leader = partition.leader.unwrap();
        let connection = router
            .connection(leader, Lane::Produce, soon())
            .await
            .unwrap();
        assert_eq!(connection.broker().id, Some(leader));
    }
    let node = router
        .coordinator(CoordinatorKind::Group, "g", soon())
        .await
        .unwrap();
    assert!(router.broker(node).is_some());
    let controller = router
        .controller_connection(Lane::Control, soon())
        .await
        .unwrap();
    assert_eq!(controller.broker().id, router.cluster().controller_id());
    router.close(soon()).await;
}

#[tokio::test]
async fn follows_leaders_and_lost_topics() {
    let cluster = TestCluster::builder()
        .brokers(3)
        .auto_create_topics(false)
        .start()
        .await
        .unwrap();
    cluster.create_topic_on("t", &[&[1, 2, 3]], &[]);
    let router = router(&cluster.bootstrap());
    let first = router.topic("t", soon()).await.unwrap();
    assert_eq!(first.partitions()[0].leader, Some(1));
    assert!(cluster.move_leader("t", 0, 2));
    router.request_refresh(Some("t"));
    until(&router, |cluster| {
        let topic = cluster.topic("t").unwrap();
        topic.partitions()[0].leader == Some(2)
            && topic.partitions()[0].leader_epoch > first.partitions()[0].leader_epoch
    })
    .await;

    cluster.delete_topic("t");
    router.request_refresh(Some("t"));
    until(&router, |cluster| cluster.topic("t").is_none()).await;
    cluster.create_topic("t", 3);
    let again = router.topic("t", soon()).await.unwrap();
    assert_ne!(again.id(), first.id());
    assert_eq!(again.partitions().len(), 3);
}

#[tokio::test]
async fn lives_through_restarts() {
    let cluster = TestCluster::builder().brokers(2).start().await.unwrap();
    cluster.create_topic("t", 2);
    let router = router(&cluster.bootstrap());
    router.topic("t", soon()).await.unwrap();
    for id in [1, 2, 1, 2] {
        router.connection(id, Lane::Fetch, soon()).await.unwrap();
        cluster.stop_broker(id);
        assert!(router.refresh(&["t"], soon()).await.is_ok());
        assert!(
            router
                .send_any(ListOffsetsRequest::new(), soon())
                .await
                .is_ok()
        );
        let waiting = router.connection(id, Lane::Fetch, soon());
        cluster.start_broker(id);
        assert_eq!(waiting.await.unwrap().broker().id, Some(id));
    }
}

#[tokio::test]
async fn a_topic_that_nobody_creates_is_named() {
    let cluster = TestCluster::builder()
        .auto_create_topics(false)
        .start()
        .await
        .unwrap();
    let router = router(&cluster.bootstrap());
    let deadline = clock::now() + Duration::from_secs(3);
    let error = router.topic("nowhere", deadline).await.unwrap_err();
    assert_eq!(
        error.broker_error(),
        Some(ErrorCode::UnknownTopicOrPartition)
    );
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(error.context().attempts().unwrap() > 1);
}

#[tokio::test]
async fn garbage_and_cut_answers_cost_an_attempt_and_no_more() {
    let cluster = TestCluster::builder().brokers(3).start().await.unwrap();
    cluster.create_topic("t", 1);
    for reaction in [
        Reaction::Garbage,
        Reaction::Truncate,
        Reaction::WrongCorrelationId,
        Reaction::OversizedLength,
        Reaction::DropBeforeApply,
        Reaction::Error(ErrorCode::UnknownServerError),
    ] {
        let router = router(&cluster.bootstrap());
        router.ready(soon()).await.unwrap();
        let fault = Fault::new(Condition::api(ApiKey::Metadata), reaction).once();
        let id = cluster.faults().add(fault);
        assert!(router.topic("t", soon()).await.is_ok());
        assert_eq!(cluster.faults().hits(id), 1);
    }
}

#[tokio::test]
async fn nobody_at_the_address() {
    let router = router("127.0.0.1:1");
    let deadline = clock::now() + Duration::from_secs(3);
    let error = router.ready(deadline).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn the_example_finds_a_leader() {
    let cluster = TestCluster::builder().brokers(3).start().await.unwrap();
    cluster.create_topic_on("orders", &[&[1, 2, 3], &[3, 1, 2]], &[]);
    let found = example::leader(&cluster.bootstrap(), "orders", 1).await;
    assert_eq!(found.unwrap().id, 3);
    let missing = example::leader(&cluster.bootstrap(), "orders", 7).await;
    assert_eq!(missing.unwrap_err().to_string(), "no such partition");
}
