//! What goes wrong in clusters and on networks, as far as routing has to live with
//! it: one test a situation, on an embedded cluster over virtual links, under a paused
//! clock.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tokio's own clock, paused")]

mod links;

use std::time::{Duration, Instant};

use kafka_net::{ErrorKind, Lane, clock};
use kafka_protocol::messages::{DescribeClusterRequest, MetadataRequest};
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_router::{Destination, Router, Topic};
use kafka_test_broker::{Condition, Era, Fault, Reaction, TestCluster};

/// Three brokers, topics "t" and "u" of three partitions each, and a router that has
/// both in use.
async fn world() -> (TestCluster, Router) {
    let cluster = TestCluster::builder().brokers(3).build_offline();
    for topic in ["t", "u"] {
        cluster.create_topic_on(topic, &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2]], &[]);
    }
    let router = links::router(&cluster);
    for topic in ["t", "u"] {
        router.topic(topic, within(10)).await.unwrap();
    }
    (cluster, router)
}

fn within(seconds: u64) -> Instant {
    clock::now() + Duration::from_secs(seconds)
}

/// Asks a broker for something that it answers.
async fn ask(router: &Router, to: Destination, seconds: u64) -> Result<(), kafka_net::Error> {
    let request = DescribeClusterRequest::new();
    let sent = router.send(
        to,
        request,
        |answer| answer.error_code.into(),
        within(seconds),
    );
    sent.await.map(drop)
}

fn leader_of(topic: &str, partition: i32) -> Destination {
    Destination::Leader {
        topic: topic.into(),
        partition,
    }
}

fn leaders(topic: &Topic) -> Vec<(Option<i32>, i32)> {
    let partitions = topic.partitions().iter();
    partitions.map(|p| (p.leader, p.leader_epoch)).collect()
}

fn metadata(reaction: Reaction) -> Fault {
    Fault::new(Condition::api(ApiKey::Metadata), reaction)
}

#[tokio::test(start_paused = true)]
async fn row_41_a_broker_that_hangs_holds_up_no_other() {
    let (cluster, router) = world().await;
    for id in 1..=3 {
        ask(&router, Destination::Broker(id), 5).await.unwrap();
    }
    cluster.pause_broker(1);
    let hanging = tokio::spawn({
        let router = router.clone();
        async move { ask(&router, Destination::Broker(1), 5).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let begun = clock::now();
    for _ in 0..20 {
        for id in [2, 3] {
            ask(&router, Destination::Broker(id), 5).await.unwrap();
        }
        router.refresh(&["t"], within(5)).await.unwrap();
        ask(&router, Destination::Any, 5).await.unwrap();
    }
    // The backoff between refreshes, and now and then a second until another broker is
    // asked beside the silent one.
    assert!(clock::now() - begun < Duration::from_secs(60));
    let error = hanging.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.possibly_written());
    cluster.resume_broker(1);
    ask(&router, Destination::Broker(1), 30).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_44_metadata_without_brokers_leaves_the_last_view() {
    let (cluster, router) = world().await;
    let before = router.cluster();
    let fault = cluster.faults().add(metadata(Reaction::NoBrokers));
    let error = router.refresh(&["t"], within(5)).await.unwrap_err();
    assert!(error.to_string().contains("names no broker"), "{error}");
    assert!(cluster.faults().hits(fault) > 3);
    let kept = router.cluster();
    assert_eq!(kept.brokers().len(), 3);
    assert_eq!(kept.topic("t"), before.topic("t"));
    // With it one still finds one's way.
    for partition in 0..3 {
        ask(&router, leader_of("t", partition), 5).await.unwrap();
    }
    cluster.faults().clear();
    assert!(cluster.move_leader("t", 0, 2));
    let fresh = router.refresh(&["t"], within(5)).await.unwrap();
    assert_eq!(leaders(fresh.topic("t").unwrap())[0].0, Some(2));
}

#[tokio::test(start_paused = true)]
async fn row_44_when_no_known_broker_gives_brokers_the_bootstrap_address_does() {
    let cluster = TestCluster::builder().brokers(3).build_offline();
    cluster.create_topic_on("t", &[&[1, 2, 3]], &[]);
    // The second address is one that nobody listens at, yet.
    let (host, port) = cluster.broker_address(1).unwrap();
    let spare = port + 500;
    let bootstrap = format!("{host}:{port},{host}:{spare}");
    let router = links::router_from(&cluster, &bootstrap);
    let before = router.topic("t", within(10)).await.unwrap();
    let known: Vec<_> = router.cluster().brokers().cloned().collect();
    assert!(known.iter().all(|broker| broker.port != spare));
    // Two brokers know of no others any more, the third is there and nowhere else.
    let silent = |id| {
        let condition = Condition::api(ApiKey::Metadata).broker(id);
        cluster
            .faults()
            .add(Fault::new(condition, Reaction::NoBrokers))
    };
    let faults = [silent(2), silent(3)];
    assert!(cluster.move_broker(1, &host, spare));
    let view = router.refresh(&["t"], within(30)).await.unwrap();
    for fault in faults {
        assert!(cluster.faults().hits(fault) > 0);
    }
    assert_eq!(view.broker(1).unwrap().port, spare);
    assert_eq!(view.brokers().len(), 3);
    assert_eq!(view.topic("t").unwrap(), &before);
    ask(&router, Destination::Broker(1), 30).await.unwrap();
}

/// Kafka 0.8 alone: its brokers know of each other from the first topic on.
#[tokio::test(start_paused = true)]
async fn a_cluster_of_0_8_that_has_no_topic_names_no_broker_and_is_there_all_the_same() {
    for era in [Era::V0_8_2, Era::V0_9] {
        let builder = TestCluster::builder().era(era).auto_create_topics(true);
        let cluster = builder.build_offline();
        let fresh = cluster.faults().add(metadata(Reaction::NoBrokers));
        let router = links::router(&cluster);
        let ready = router.ready(within(10)).await;
        if era == Era::V0_9 {
            // That one would have named itself.
            let error = ready.unwrap_err();
            assert!(error.to_string().contains("names no broker"), "{error}");
            continue;
        }
        assert_eq!(ready.unwrap().brokers().len(), 0);
        let topic = router.topic("first", within(10));
        tokio::time::sleep(Duration::from_secs(1)).await;
        cluster.faults().remove(fresh);
        assert_eq!(topic.await.unwrap().partitions().len(), 1);
        assert_eq!(router.cluster().brokers().len(), 1);
        // From then on it is as with any other.
        cluster.faults().add(metadata(Reaction::NoBrokers));
        router.refresh(&[], within(5)).await.unwrap_err();
        assert_eq!(router.cluster().brokers().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn row_45_older_metadata_is_ignored() {
    let (cluster, router) = world().await;
    assert!(cluster.move_leader("t", 0, 2));
    let known = router.refresh(&["t"], within(5)).await.unwrap();
    let known = leaders(known.topic("t").unwrap());
    assert_eq!(known[0], (Some(2), 1));
    let fault = cluster.faults().add(metadata(Reaction::StaleLeaders));
    for _ in 0..10 {
        let later = router.refresh(&["t"], within(5)).await.unwrap();
        assert_eq!(leaders(later.topic("t").unwrap()), known);
    }
    assert_eq!(cluster.faults().hits(fault), 10);
    cluster.faults().clear();
    assert!(cluster.move_leader("t", 0, 3));
    let news = router.refresh(&["t"], within(5)).await.unwrap();
    assert_eq!(leaders(news.topic("t").unwrap())[0], (Some(3), 2));
}

#[tokio::test(start_paused = true)]
async fn row_46_a_broker_that_moves_is_followed() {
    let (cluster, router) = world().await;
    let old = router
        .connection(2, Lane::Produce, within(5))
        .await
        .unwrap();
    let (host, port) = cluster.broker_address(2).unwrap();
    assert!(cluster.move_broker(2, &host, port + 1_000));
    while !old.is_closed() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let begun = clock::now();
    // Nobody was told: the address known is a dead one.
    let new = router
        .connection(2, Lane::Produce, within(60))
        .await
        .unwrap();
    assert_eq!(new.broker().port, port + 1_000);
    assert!(clock::now() - begun < Duration::from_secs(5));
    ask(&router, leader_of("t", 1), 5).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn row_48_whoever_asks_for_a_pause_is_not_asked_where_any_broker_will_do() {
    let (cluster, router) = world().await;
    for id in 1..=3 {
        ask(&router, Destination::Broker(id), 5).await.unwrap();
    }
    let pause = Reaction::Throttle(Duration::from_secs(30));
    let condition = Condition::api(ApiKey::Metadata).broker(1);
    let fault = cluster.faults().add(Fault::new(condition, pause));
    let request = MetadataRequest::new().with_topics(Some(vec![]));
    let unjudged = |_: &_| ErrorCode::None;
    let sent = router.send(Destination::Broker(1), request, unjudged, within(5));
    sent.await.unwrap();
    let connection = router.existing(1, Lane::Control).unwrap();
    let until = connection.throttled_until().unwrap();
    let begun = clock::now();
    for _ in 0..30 {
        ask(&router, Destination::Any, 60).await.unwrap();
    }
    assert!(clock::now() - begun < Duration::from_secs(1));
    for _ in 0..30 {
        let begun = clock::now();
        router.refresh(&["t"], within(60)).await.unwrap();
        // The backoff, but not the second until another one is asked beside the first.
        assert!(clock::now() - begun < Duration::from_secs(1));
    }
    assert_eq!(cluster.faults().hits(fault), 1);
    // Where it alone will do, it is waited for.
    assert!(clock::now() < until);
    ask(&router, Destination::Broker(1), 60).await.unwrap();
    assert!(clock::now() >= until);
}

#[tokio::test(start_paused = true)]
async fn row_54_a_permission_that_is_taken_away_costs_that_topic_only() {
    let (cluster, router) = world().await;
    let known = leaders(router.cluster().topic("t").unwrap());
    let denied = ErrorCode::TopicAuthorizationFailed;
    let condition = Condition::api(ApiKey::Metadata).topic("t");
    cluster
        .faults()
        .add(Fault::new(condition, Reaction::Error(denied)));
    let view = router.refresh(&[], within(5)).await.unwrap();
    let topic = view.topic("t").unwrap();
    assert_eq!((topic.error(), leaders(topic)), (Some(denied), known));
    assert_eq!(view.topic("u").unwrap().error(), None);
    // Who asks for it hears why, at once; everything else goes on.
    let begun = clock::now();
    let error = router.topic("t", within(60)).await.unwrap_err();
    assert_eq!(error.broker_error(), Some(denied));
    assert!(clock::now() - begun < Duration::from_secs(2));
    assert!(router.topic("u", within(5)).await.is_ok());
    ask(&router, leader_of("u", 2), 5).await.unwrap();
    cluster.faults().clear();
    let view = router.refresh(&[], within(5)).await.unwrap();
    assert_eq!(view.topic("t").unwrap().error(), None);
    assert!(router.topic("t", within(5)).await.is_ok());
}
