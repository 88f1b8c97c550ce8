//! Topics administered over the embedded cluster, under a paused clock.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kafka_admin::{Admin, AdminConfig, CreateTopicsOptions, DescribeTopicsOptions, NewTopic};
use kafka_net::{Environment, ErrorKind, NetConfig, Pool, Random, SystemWallClock, clock};
use kafka_protocol::{ApiKey, ErrorCode, VersionRange};
use kafka_router::{Router, RouterConfig};
use kafka_test_broker::{Condition, Era, Fault, Reaction, TestCluster, TestClusterBuilder};

#[path = "../../kafka-net/tests/links/mod.rs"]
mod links;

use links::Links;

fn admin_of(builder: TestClusterBuilder) -> (TestCluster, Admin) {
    let cluster = builder.seed(1).build_offline();
    let env = Environment::new(
        tokio::runtime::Handle::current(),
        Arc::new(Links::to(&cluster)),
        Arc::new(SystemWallClock),
        Random::from_seed(1),
    );
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let config = RouterConfig::default()
        .with_bootstrap_servers(&cluster.bootstrap())
        .unwrap();
    let router = Router::new(config, pool).unwrap();
    (cluster, Admin::new(router, AdminConfig::default()))
}

fn three() -> (TestCluster, Admin) {
    admin_of(TestCluster::builder().brokers(3))
}

fn speaking(api: ApiKey, max: i16) -> (TestCluster, Admin) {
    let range = VersionRange { min: 0, max };
    let builder = TestCluster::builder().era(Era::EveryVersion);
    admin_of(builder.brokers(3).api_versions(api, range))
}

async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let begin = clock::now();
    let value = work.await;
    (clock::now() - begin, value)
}

#[tokio::test(start_paused = true)]
async fn a_topic_comes_and_goes() {
    let (cluster, admin) = three();
    let created = admin
        .create_topic(NewTopic::new("orders", 6, 3))
        .await
        .unwrap();
    assert_eq!(created.name, "orders");
    assert_eq!(Some(created.id), cluster.topic_id("orders"));
    assert_eq!(created.partitions, Some(6));
    assert_eq!(created.replication_factor, Some(3));
    assert_eq!(cluster.partition_count("orders"), 6);

    let topic = admin.describe_topic("orders").await.unwrap();
    assert_eq!((topic.id(), topic.partitions().len()), (created.id, 6));
    assert_eq!(topic.partitions()[0].replicas.len(), 3);

    let listed = admin.list_topics().await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|t| (&*t.name, t.id, t.is_internal))
        .collect();
    assert_eq!(listed, [("orders", created.id, false)]);

    admin.delete_topic("orders").await.unwrap();
    assert_eq!(cluster.topic_id("orders"), None);
    assert!(admin.list_topics().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn topics_are_described_page_by_page() {
    let (cluster, admin) = three();
    cluster.create_topic("large", 25);
    let options = DescribeTopicsOptions::default().with_partitions_per_page(10);
    let described = admin.describe_topics_with(["large", "none"], options).await;
    let topic = described["large"].as_ref().unwrap();
    assert_eq!(topic.partitions().len(), 25);
    assert!(topic.partitions()[24].eligible_leaders.is_some());
    let error = described["none"].as_ref().unwrap_err();
    let code = ErrorCode::UnknownTopicOrPartition;
    assert_eq!(error.broker_error(), Some(code));
    assert_eq!(cluster.requests_seen(ApiKey::DescribeTopicPartitions), 3);
    assert_eq!(cluster.requests_seen(ApiKey::Metadata), 0);
}

#[tokio::test(start_paused = true)]
async fn settings_and_replicas_arrive() {
    let (cluster, admin) = three();
    let topic = NewTopic::new("t", 1, 1).config("max.message.bytes", "4321");
    let created = admin.create_topic(topic).await.unwrap();
    let configs = created.configs.unwrap();
    assert_eq!(configs["max.message.bytes"].value.as_deref(), Some("4321"));

    let placed = NewTopic::with_replicas("placed", [[3, 1], [2, 3]]);
    admin.create_topic(placed).await.unwrap();
    assert_eq!(cluster.leader("placed", 0), Some(3));
    let topic = admin.describe_topic("placed").await.unwrap();
    assert_eq!(topic.partitions()[1].replicas, [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn each_topic_has_its_own_result() {
    let (cluster, admin) = three();
    cluster.create_topic("old", 1);
    let topics = vec![
        NewTopic::new("new", 1, 1),
        NewTopic::new("old", 1, 1),
        NewTopic::new("not a name", 1, 1),
        NewTopic::new("wide", 1, 9),
        NewTopic::new("twice", 1, 1),
        NewTopic::new("twice", 2, 1),
    ];
    let results = admin.create_topics(topics).await;
    assert_eq!(results.len(), 5);
    assert!(results["new"].is_ok());
    for (name, code) in [
        ("old", ErrorCode::TopicAlreadyExists),
        ("not a name", ErrorCode::InvalidTopicException),
        ("wide", ErrorCode::InvalidReplicationFactor),
    ] {
        let error = results[name].as_ref().unwrap_err();
        assert_eq!(error.broker_error(), Some(code), "{name}");
        assert_eq!(error.context().topic(), Some(name));
        assert!(!error.possibly_written());
    }
    let twice = results["twice"].as_ref().unwrap_err();
    assert_eq!(twice.kind(), &ErrorKind::InvalidArgument);
    assert_eq!(cluster.topic_id("twice"), None);

    let deleted = admin.delete_topics(["new", "missing"]).await;
    assert!(deleted["new"].is_ok());
    let missing = deleted["missing"].as_ref().unwrap_err();
    assert_eq!(
        missing.broker_error(),
        Some(ErrorCode::UnknownTopicOrPartition)
    );

    let described = admin.describe_topics(["old", "missing"]).await;
    assert!(described["old"].is_ok());
    let missing = described["missing"].as_ref().unwrap_err();
    assert_eq!(
        missing.broker_error(),
        Some(ErrorCode::UnknownTopicOrPartition)
    );

    assert!(admin.create_topics(vec![]).await.is_empty());
    assert!(admin.delete_topics::<String>([]).await.is_empty());
    assert!(admin.describe_topics::<String>([]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_check_creates_nothing() {
    let (cluster, admin) = three();
    cluster.create_topic("old", 1);
    let topics = vec![NewTopic::new("new", 1, 1), NewTopic::new("old", 1, 1)];
    let check = CreateTopicsOptions::default().validate_only(true);
    let results = admin.create_topics_with(topics, check).await;
    assert!(results["new"].is_ok());
    assert!(results["old"].is_err());
    assert_eq!(cluster.topic_id("new"), None);
}

#[tokio::test(start_paused = true)]
async fn every_version_creates_and_deletes() {
    for version in 0..=7 {
        let (cluster, admin) = speaking(ApiKey::CreateTopics, version);
        let created = admin.create_topic(NewTopic::new("t", 2, 1)).await.unwrap();
        assert_eq!(cluster.partition_count("t"), 2);
        assert_eq!(created.partitions, (version >= 5).then_some(2));
        assert_eq!(created.configs.is_some(), version >= 5);
        assert_eq!(created.id.is_zero(), version < 7);
    }
    for version in 0..=6 {
        let (cluster, admin) = speaking(ApiKey::DeleteTopics, version);
        cluster.create_topic("t", 1);
        admin.delete_topic("t").await.unwrap();
        assert_eq!(cluster.topic_id("t"), None);
        assert!(admin.delete_topic("t").await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn every_version_lists_and_describes_without_creating() {
    for version in 0..=13 {
        let (cluster, admin) = speaking(ApiKey::Metadata, version);
        if version >= 1 {
            admin.create_topic(NewTopic::new("b", 2, 1)).await.unwrap();
        } else {
            cluster.create_topic("b", 2);
        }
        cluster.create_topic("a", 1);
        let listed = admin.list_topics().await.unwrap();
        let names: Vec<_> = listed.iter().map(|topic| &*topic.name).collect();
        assert_eq!(names, ["a", "b"], "version {version}");
        let described = admin.describe_topics(["b", "missing"]).await;
        assert_eq!(described.len(), 2);
        assert_eq!(described["b"].as_ref().unwrap().partitions().len(), 2);
        let missing = described["missing"].as_ref().unwrap_err();
        assert_eq!(
            missing.broker_error(),
            Some(ErrorCode::UnknownTopicOrPartition)
        );
        assert_eq!(cluster.topic_id("missing"), None, "version {version}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_old_brokers_cannot_do_is_refused_with_the_version_that_could() {
    let (cluster, admin) = speaking(ApiKey::CreateTopics, 3);
    let topics = vec![
        NewTopic::with_broker_defaults("auto"),
        NewTopic::new("t", 1, 1),
    ];
    let results = admin.create_topics(topics).await;
    assert!(results["t"].is_ok());
    let error = results["auto"].as_ref().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    assert!(error.to_string().contains("v4"), "{error}");
    assert_eq!(cluster.topic_id("auto"), None);

    let (cluster, admin) = speaking(ApiKey::CreateTopics, 0);
    let check = CreateTopicsOptions::default().validate_only(true);
    let results = admin
        .create_topics_with(vec![NewTopic::new("t", 1, 1)], check)
        .await;
    let error = results["t"].as_ref().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    assert!(error.to_string().contains("v1"), "{error}");
    assert_eq!(cluster.topic_id("t"), None);

    let builder = TestCluster::builder().without_api(ApiKey::CreateTopics);
    let (_cluster, admin) = admin_of(builder);
    let (time, result) = timed(admin.create_topic(NewTopic::new("t", 1, 1))).await;
    assert_eq!(result.unwrap_err().kind(), &ErrorKind::UnsupportedVersion);
    assert!(time < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_moved_is_asked_for_again() {
    for (api, code) in [
        (ApiKey::CreateTopics, ErrorCode::NotController),
        (ApiKey::CreateTopics, ErrorCode::ThrottlingQuotaExceeded),
        (ApiKey::DeleteTopics, ErrorCode::NotController),
    ] {
        let (cluster, admin) = three();
        let wrong = cluster.faults().add(Fault::new(
            Condition::api(api).topic("t").first(3),
            Reaction::Error(code),
        ));
        let topics = vec![NewTopic::new("t", 1, 1), NewTopic::new("other", 1, 1)];
        let results = admin.create_topics(topics).await;
        assert!(
            results["t"].is_ok() && results["other"].is_ok(),
            "{results:?}"
        );
        admin.delete_topic("t").await.unwrap();
        assert_eq!(cluster.faults().hits(wrong), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_tried_again_and_what_came_of_it_is_said() {
    let (cluster, admin) = three();
    cluster.faults().add(
        Fault::new(
            Condition::api(ApiKey::CreateTopics),
            Reaction::DropAfterApply,
        )
        .once(),
    );
    let error = admin
        .create_topic(NewTopic::new("t", 1, 1))
        .await
        .unwrap_err();
    assert_eq!(error.broker_error(), Some(ErrorCode::TopicAlreadyExists));
    assert!(error.possibly_written());
    assert!(error.to_string().contains("an earlier attempt"), "{error}");
    assert!(cluster.topic_id("t").is_some());

    cluster.faults().add(
        Fault::new(
            Condition::api(ApiKey::DeleteTopics),
            Reaction::DropAfterApply,
        )
        .once(),
    );
    let error = admin.delete_topic("t").await.unwrap_err();
    assert_eq!(
        error.broker_error(),
        Some(ErrorCode::UnknownTopicOrPartition)
    );
    assert!(error.possibly_written());

    cluster.faults().add(
        Fault::new(
            Condition::api(ApiKey::CreateTopics),
            Reaction::DropBeforeApply,
        )
        .once(),
    );
    assert!(admin.create_topic(NewTopic::new("t", 1, 1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_operation_ends_at_its_deadline() {
    let (cluster, admin) = three();
    let admin = admin.with_timeout(Duration::from_secs(7));
    admin.list_topics().await.unwrap();
    for id in cluster.broker_ids() {
        cluster.stop_broker(id);
    }
    let (time, result) = timed(admin.create_topic(NewTopic::new("t", 1, 1))).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), time.as_secs()),
        (&ErrorKind::Timeout, 7),
        "{error}"
    );
    assert_eq!(error.context().topic(), Some("t"));
    let (time, result) = timed(admin.delete_topic("t")).await;
    assert_eq!(
        (result.unwrap_err().kind(), time.as_secs()),
        (&ErrorKind::Timeout, 7)
    );
    let (time, result) = timed(admin.list_topics()).await;
    assert!(result.is_err());
    assert!((6..=7).contains(&time.as_secs()), "{time:?}");
    let (time, result) = timed(admin.describe_topic("t")).await;
    assert!(result.is_err());
    assert!((6..=7).contains(&time.as_secs()), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_deadline_too() {
    let (cluster, admin) = three();
    cluster.faults().add(Fault::new(
        Condition::api(ApiKey::CreateTopics),
        Reaction::Silence,
    ));
    let admin = admin.with_timeout(Duration::from_secs(45));
    let (time, result) = timed(admin.create_topic(NewTopic::new("t", 1, 1))).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), time.as_secs()),
        (&ErrorKind::Timeout, 45),
        "{error}"
    );
    assert!(error.possibly_written());
}

/// Polls a future `polls` times, letting everything else run in between, and
/// drops it. Whether it was done by then.
async fn poll_and_drop<F: Future>(future: F, polls: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        let poll = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if poll.is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

/// Drops an operation after every number of polls up to its end; the same handle
/// must then work.
async fn survives_drops<F, Fut>(name: &str, operation: F)
where
    F: Fn(Admin) -> Fut,
    Fut: Future,
{
    let (mut done, mut polls) = (false, 0);
    while !done {
        let (cluster, admin) = three();
        cluster.create_topic("old", 1);
        done = poll_and_drop(operation(admin.clone()), polls).await;
        let fresh = admin.create_topic(NewTopic::new("fresh", 1, 1)).await;
        assert!(fresh.is_ok(), "{name} after {polls} polls: {fresh:?}");
        polls += 1;
        assert!(polls < 10_000, "{name} never ends");
    }
    assert!(polls > 2, "{name} was done when first polled");
}

#[tokio::test(start_paused = true)]
async fn every_future_may_be_dropped_at_every_point() {
    let options = CreateTopicsOptions::default;
    survives_drops("create_topic", async |admin| {
        admin.create_topic(NewTopic::new("t", 1, 1)).await.unwrap()
    })
    .await;
    survives_drops("create_topics", async |admin| {
        admin.create_topics(vec![NewTopic::new("t", 1, 1)]).await
    })
    .await;
    survives_drops("create_topics_with", async |admin| {
        let topics = vec![NewTopic::new("t", 1, 1)];
        admin.create_topics_with(topics, options()).await
    })
    .await;
    survives_drops("delete_topic", async |admin| {
        admin.delete_topic("old").await.unwrap()
    })
    .await;
    survives_drops("delete_topics", async |admin| {
        admin.delete_topics(["old"]).await
    })
    .await;
    survives_drops("list_topics", async |admin| {
        admin.list_topics().await.unwrap()
    })
    .await;
    survives_drops("describe_topic", async |admin| {
        admin.describe_topic("old").await.unwrap()
    })
    .await;
    survives_drops("describe_topics", async |admin| {
        admin.describe_topics(["old"]).await
    })
    .await;
    survives_drops("describe_topics_with", async |admin| {
        let options = DescribeTopicsOptions::default().with_partitions_per_page(1);
        admin.describe_topics_with(["old"], options).await
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_closed_router_ends_every_operation_at_once() {
    let (_cluster, admin) = three();
    let env = Environment::system().unwrap();
    let pool = Pool::new(NetConfig::default(), env).unwrap();
    let config = RouterConfig::default()
        .with_bootstrap_servers("127.0.0.1:1")
        .unwrap();
    let router = Router::new(config, pool).unwrap();
    router.close(clock::now()).await;
    drop(admin);
    let admin = Admin::new(router, AdminConfig::default());
    let error = admin
        .create_topic(NewTopic::new("t", 1, 1))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    let error = admin.delete_topic("t").await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
}

/// Before 0.10 no broker says who the controller is.
#[tokio::test(start_paused = true)]
async fn brokers_that_know_no_controller_are_too_old_and_not_waited_for() {
    for era in [Era::V0_8_2, Era::V0_9, Era::V0_10_0] {
        let (_cluster, admin) = admin_of(TestCluster::builder().era(era));
        admin.list_topics().await.unwrap();
        let (took, made) = timed(admin.create_topic(NewTopic::new("t", 1, 1))).await;
        let deleted = admin.delete_topic("t").await;
        for error in [made.unwrap_err(), deleted.unwrap_err()] {
            assert_eq!(
                error.kind(),
                &ErrorKind::UnsupportedVersion,
                "{era}: {error}"
            );
            let text = error.to_string();
            assert!(text.contains("needs Kafka 0.10.1 or later"), "{text}");
        }
        assert!(took < Duration::from_secs(10), "{era}: {took:?}");
    }
}
