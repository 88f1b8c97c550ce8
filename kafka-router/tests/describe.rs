//! Topics described in pages, on an embedded cluster over virtual links, under a
//! paused clock.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tokio's own clock, paused")]

mod links;

use std::time::{Duration, Instant};

use kafka_net::{ErrorKind, clock};
use kafka_protocol::{ApiKey, ErrorCode};
use kafka_router::{DescribeTopicsOptions, Router};
use kafka_test_broker::{Condition, Era, Fault, Reaction, TestCluster, TestClusterBuilder};

const API: ApiKey = ApiKey::DescribeTopicPartitions;

fn world(change: impl FnOnce(TestClusterBuilder) -> TestClusterBuilder) -> (TestCluster, Router) {
    let builder = TestCluster::builder().brokers(3).auto_create_topics(true);
    let cluster = change(builder).build_offline();
    let router = links::router(&cluster);
    (cluster, router)
}

fn within(seconds: u64) -> Instant {
    clock::now() + Duration::from_secs(seconds)
}

fn by(partitions: u16) -> DescribeTopicsOptions {
    DescribeTopicsOptions::default().with_partitions_per_page(partitions)
}

fn add(cluster: &TestCluster, condition: Condition, reaction: Reaction) {
    cluster.faults().add(Fault::new(condition, reaction));
}

#[tokio::test(start_paused = true)]
async fn a_huge_topic_comes_page_by_page() {
    let (cluster, router) = world(|builder| builder);
    cluster.create_topic("huge", 100_000);
    let options = DescribeTopicsOptions::default();
    let described = router.describe_topics(["huge"], &options, within(60));
    let topic = described.await.unwrap().remove("huge").unwrap().unwrap();
    assert_eq!(Some(topic.id()), cluster.topic_id("huge"));
    assert_eq!(topic.partitions().len(), 100_000);
    for partition in topic.partitions() {
        assert_eq!(partition.leader, cluster.leader("huge", partition.id));
        assert_eq!(partition.error, None);
    }
    assert_eq!(cluster.requests_seen(API), 50);
    // It was looked at and no more: nobody keeps it up to date.
    assert_eq!(router.cluster().topics().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn pages_tell_what_metadata_tells_and_who_is_eligible() {
    let (cluster, router) = world(|builder| builder.racks(["a", "b", "c"]));
    cluster.create_topic_on("t", &[&[1, 2], &[2, 3], &[3, 1]], &[]);
    cluster.create_topic("other", 4);
    let known = router.topic("t", within(5)).await.unwrap();
    let asked = ["t", "other", "none", "not a name", ""];
    for page in [1, 2, 3, 1000] {
        let described = router.describe_topics(asked, &by(page), within(5));
        let mut described = described.await.unwrap();
        assert_eq!(described.len(), asked.len());
        let topic = described.remove("t").unwrap().unwrap();
        for (described, known) in topic.partitions().iter().zip(known.partitions()) {
            let eligible = described.eligible_leaders.as_deref().unwrap();
            assert!(eligible.replicas.is_empty() && eligible.last_known.is_empty());
            let mut described = described.clone();
            described.eligible_leaders = None;
            assert_eq!(&described, known);
        }
        assert_eq!(topic.partitions().len(), 3);
        assert_eq!(described["other"].as_ref().unwrap().partitions().len(), 4);
        for (name, code) in [
            ("none", ErrorCode::UnknownTopicOrPartition),
            ("not a name", ErrorCode::InvalidTopicException),
        ] {
            let error = described[name].as_ref().unwrap_err();
            assert_eq!(error.broker_error(), Some(code));
            assert_eq!(error.context().topic(), Some(name));
        }
        let error = described[""].as_ref().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::InvalidArgument);
    }
    assert_eq!(cluster.topic_id("none"), None);
}

#[tokio::test(start_paused = true)]
async fn brokers_without_pages_answer_at_once() {
    for era in [Era::V0_8_2, Era::V0_10_2, Era::V2_8] {
        let (cluster, router) = world(|builder| builder.era(era));
        cluster.create_topic("t", 5);
        let described = router.describe_topics(["t", "none"], &by(2), within(5));
        let described = described.await.unwrap();
        let topic = described["t"].as_ref().unwrap();
        assert_eq!(topic.partitions().len(), 5, "{era:?}");
        assert_eq!(topic.partitions()[0].eligible_leaders, None);
        let error = described["none"].as_ref().unwrap_err();
        let code = ErrorCode::UnknownTopicOrPartition;
        assert_eq!(error.broker_error(), Some(code), "{era:?}: {error}");
        assert_eq!(error.context().api(), Some(ApiKey::Metadata));
        assert_eq!(cluster.requests_seen(API), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_claims_to_know_pages_and_refuses_them_is_asked_otherwise() {
    let (cluster, router) = world(|builder| builder);
    cluster.create_topic("t", 5);
    let code = ErrorCode::UnsupportedVersion;
    add(
        &cluster,
        Condition::api(API).after(1),
        Reaction::Error(code),
    );
    let described = router.describe_topics(["t"], &by(2), within(5));
    let described = described.await.unwrap();
    assert_eq!(described["t"].as_ref().unwrap().partitions().len(), 5);
    assert_eq!(cluster.requests_seen(API), 2);
}

#[tokio::test(start_paused = true)]
async fn a_topic_recreated_between_two_pages_is_described_as_it_is() {
    let (cluster, router) = world(|builder| builder);
    cluster.create_topic("t", 10);
    let first = cluster.topic_id("t").unwrap();
    add(
        &cluster,
        Condition::api(API).nth(3),
        Reaction::RecreateTopic,
    );
    let described = router.describe_topics(["t"], &by(2), within(30));
    let topic = described.await.unwrap().remove("t").unwrap().unwrap();
    assert_ne!(topic.id(), first);
    assert_eq!(Some(topic.id()), cluster.topic_id("t"));
    assert_eq!(topic.partitions().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_topic_deleted_or_grown_between_two_pages_is_told_of() {
    let (cluster, router) = world(|builder| builder);
    for name in ["deleted", "grown"] {
        cluster.create_topic(name, 10);
    }
    let pause = Duration::from_secs(1);
    add(&cluster, Condition::api(API), Reaction::Delay(pause));
    for name in ["deleted", "grown"] {
        let before = cluster.requests_seen(API);
        let described = router.describe_topics([name], &by(2), within(60));
        // In the middle of five pages.
        while cluster.requests_seen(API) < before + 2 {
            tokio::time::sleep(pause / 10).await;
        }
        if name == "deleted" {
            cluster.delete_topic(name);
        } else {
            assert!(cluster.grow_topic(name, 15));
        }
        let result = described.await.unwrap().remove(name).unwrap();
        if name == "deleted" {
            let error = result.unwrap_err();
            let code = ErrorCode::UnknownTopicOrPartition;
            assert_eq!(error.broker_error(), Some(code));
        } else {
            assert_eq!(result.unwrap().partitions().len(), 15);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_costs_a_page_and_no_more() {
    let (cluster, router) = world(|builder| builder);
    cluster.create_topic("t", 10);
    for reaction in [
        Reaction::Error(ErrorCode::RequestTimedOut),
        Reaction::CloseConnection,
        Reaction::DropAfterApply,
        Reaction::Garbage,
        Reaction::StopBroker,
    ] {
        let before = cluster.requests_seen(API);
        let fault = Fault::new(Condition::api(API).nth(3), reaction.clone()).once();
        let fault = cluster.faults().add(fault);
        let described = router.describe_topics(["t"], &by(2), within(60));
        let topic = described.await.unwrap().remove("t").unwrap();
        let topic = topic.unwrap_or_else(|error| panic!("{reaction:?}: {error}"));
        assert_eq!(topic.partitions().len(), 10);
        assert_eq!(cluster.faults().hits(fault), 1);
        // Five pages, and the one that was lost.
        let pages = cluster.requests_seen(API) - before;
        assert!((5..=6).contains(&pages), "{reaction:?}: {pages}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_topic_fails_for_itself_and_the_deadline_ends_the_rest() {
    let (cluster, router) = world(|builder| builder);
    cluster.create_topic("good", 3);
    cluster.create_topic("stuck", 3);
    let condition = Condition::api(API).topic("stuck");
    let code = ErrorCode::RequestTimedOut;
    add(&cluster, condition, Reaction::Error(code));
    let begun = clock::now();
    let described = router.describe_topics(["good", "stuck"], &by(2), within(5));
    let described = described.await.unwrap();
    assert!(clock::now() - begun <= Duration::from_secs(6));
    assert!(described["good"].is_ok());
    let error = described["stuck"].as_ref().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(error.context().topic(), Some("stuck"));
    assert!(error.context().attempts().unwrap() > 3);
    assert!(!error.possibly_written());
    let closed = router.describe_topics(["good"], &by(2), within(5));
    router.close(within(5)).await;
    assert_eq!(closed.await.unwrap_err().kind(), &ErrorKind::Closed);
}
