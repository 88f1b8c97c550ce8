use kafka_net::ErrorKind;
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::{ApiKey, ErrorCode, Uuid};

use super::*;

fn names(request: &MetadataRequest) -> Vec<&str> {
    let topics = request.topics.iter().flatten();
    topics.map(|topic| topic.name.as_deref().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_topic_is_asked_for_once_and_then_known() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.topic("t", &[1, 2, 3]));
    let topic = router.topic("t", within(5)).await.unwrap();
    assert_eq!(topic.available(), [0, 1, 2]);
    assert_eq!(world.count(ApiKey::Metadata), 1);
    let again = router.topic("t", within(5)).await.unwrap();
    assert!(Arc::ptr_eq(&topic, &again));
    assert_eq!(world.count(ApiKey::Metadata), 1);
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_share_one_question_and_none_depends_on_another() {
    let (_net, world, router) = cluster(1);
    world.with(|script| {
        script.topic("t", &[1]);
        script.delay = Duration::from_millis(50);
    });
    let first = router.topic("t", within(5));
    let others: Vec<_> = (0..100).map(|_| router.topic("t", within(5))).collect();
    sleep(60).await;
    drop(first);
    for other in others {
        assert!(other.await.is_ok());
    }
    assert_eq!(world.count(ApiKey::Metadata), 1);
    assert_eq!(router.shared().waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn asking_for_a_topic_may_create_it() {
    let (_net, world, router) = cluster(2);
    world.with(|script| script.auto_create = Some(2));
    let topic = router.topic("new", within(5)).await.unwrap();
    assert_eq!(topic.partitions()[0].leader, Some(2));
}

#[tokio::test(start_paused = true)]
async fn where_creation_is_not_allowed_the_topic_is_waited_for() {
    let net = FakeNet::default();
    let world = World::on(&net, 1);
    world.with(|script| script.auto_create = Some(1));
    let router = router_with(&net, "b1:9092", |config| {
        config.with_allow_auto_topic_creation(false)
    });
    let (time, result) = timed(router.topic("missing", within(4))).await;
    let error = result.unwrap_err();
    assert_eq!(
        error.broker_error(),
        Some(ErrorCode::UnknownTopicOrPartition)
    );
    assert_eq!(time.as_secs(), 4);
    assert!(
        error.to_string().contains("allow_auto_topic_creation"),
        "{error}"
    );
    assert!(!world.with(|script| script.topics.contains_key("missing")));

    let waiting = router.topic("missing", within(10));
    sleep(2000).await;
    world.with(|script| script.topic("missing", &[1]));
    assert!(waiting.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_refresh_does_not_bring_a_deleted_topic_back() {
    let (_net, world, router) = cluster(1);
    world.with(|script| script.auto_create = Some(1));
    router.topic("t", within(5)).await.unwrap();
    world.with(|script| script.topics.clear());
    let cluster = router.refresh(&["t"], within(5)).await.unwrap();
    assert!(cluster.topic("t").is_none());
    router.refresh(&[], within(5)).await.unwrap();
    assert!(world.with(|script| script.topics.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn refusals_come_at_once() {
    let (_net, world, router) = cluster(1);
    for code in [
        ErrorCode::InvalidTopicException,
        ErrorCode::TopicAuthorizationFailed,
    ] {
        world.with(|script| script.topics.insert("t".into(), Err(code)));
        let (time, result) = timed(router.topic("t", within(60))).await;
        assert_eq!(result.unwrap_err().broker_error(), Some(code));
        assert!(time < Duration::from_secs(1));
    }
    let empty = router.topic("", within(60)).await.unwrap_err();
    assert_eq!(empty.kind(), &ErrorKind::InvalidArgument);
    // Once the permission is there, so is the topic.
    world.with(|script| {
        script.topics.clear();
        script.topic("t", &[1]);
    });
    assert!(router.topic("t", within(5)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_view_is_renewed_by_age() {
    let net = FakeNet::default();
    let world = World::on(&net, 3);
    world.with(|script| {
        script.topic("a", &[1]);
        script.topic("b", &[2]);
    });
    let router = router_with(&net, "b1:9092", |config| {
        config.with_metadata_max_age(Duration::from_secs(60))
    });
    router.topic("a", within(5)).await.unwrap();
    router.topic("b", within(5)).await.unwrap();
    let before = world.count(ApiKey::Metadata);
    let mut changes = router.changes();
    changes.with_latest(|_| ());
    world.with(|script| script.topics.get_mut("a").unwrap().as_mut().unwrap().1 = vec![(3, 1)]);
    sleep(59_000).await;
    assert_eq!(world.count(ApiKey::Metadata), before);
    let (time, changed) = timed(changes.changed()).await;
    changed.unwrap();
    assert!(time <= Duration::from_secs(2), "{time:?}");
    let cluster = router.cluster();
    assert_eq!(cluster.generation(), changes.with(|generation| *generation));
    assert_eq!(cluster.topic("a").unwrap().partitions()[0].leader, Some(3));
    let last = world.with(|script| script.metadata_requests.last().cloned().unwrap());
    assert_eq!(names(&last), ["a", "b"]);
    sleep(180_500).await;
    assert_eq!(world.count(ApiKey::Metadata), before + 4);
}

#[tokio::test(start_paused = true)]
async fn a_nudge_is_enough_and_many_are_one() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.topic("t", &[1]));
    router.topic("t", within(5)).await.unwrap();
    let mut changes = router.changes();
    changes.with_latest(|_| ());
    world.with(|script| script.topics.get_mut("t").unwrap().as_mut().unwrap().1 = vec![(2, 1)]);
    for _ in 0..1000 {
        router.request_refresh(Some("t"));
    }
    changes.changed().await.unwrap();
    let topic = router.cluster().topic("t").cloned().unwrap();
    assert_eq!(topic.partitions()[0].leader, Some(2));
    sleep(5000).await;
    assert_eq!(world.count(ApiKey::Metadata), 2);
    let last = world.with(|script| script.metadata_requests.last().cloned().unwrap());
    assert!(!last.allow_auto_topic_creation);
}

#[tokio::test(start_paused = true)]
async fn nudges_that_do_not_help_are_rare() {
    let (_net, world, router) = cluster(1);
    world.with(|script| script.topic("t", &[1]));
    router.topic("t", within(5)).await.unwrap();
    for _ in 0..20_000 {
        router.request_refresh(Some("t"));
        sleep(1).await;
    }
    let asked = world.count(ApiKey::Metadata);
    assert!((20..40).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_recreated_topic_is_another() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.topic("t", &[1, 1]));
    let old = router.topic("t", within(5)).await.unwrap();
    world.with(|script| {
        let new = Ok((Uuid::from_bytes([99; 16]), vec![(3, 0)]));
        script.topics.insert("t".into(), new);
    });
    let cluster = router.refresh(&["t"], within(5)).await.unwrap();
    let new = cluster.topic("t").unwrap();
    assert_ne!(new.id(), old.id());
    assert_eq!(new.partitions().len(), 1);
    assert!(cluster.topic_by_id(old.id()).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_topic_is_not_asked_for() {
    let (_net, world, router) = cluster(1);
    world.with(|script| {
        script.topic("a", &[1]);
        script.topic("b", &[1]);
    });
    router.topic("a", within(5)).await.unwrap();
    router.topic("b", within(5)).await.unwrap();
    router.forget_topic("a");
    assert!(router.cluster().topic("a").is_none());
    router.refresh(&[], within(5)).await.unwrap();
    let last = world.with(|script| script.metadata_requests.last().cloned().unwrap());
    assert_eq!(names(&last), ["b"]);
    assert!(router.topic("a", within(5)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_version_of_metadata_serves() {
    for version in 0..=13 {
        let (_net, world, router) = cluster(3);
        world.with(|script| {
            script.limit(ApiKey::Metadata, 0, version);
            script.topic("t", &[1, 2]);
            script.topic("other", &[1]);
            script.auto_create = Some(3);
        });
        let cluster = router.ready(within(5)).await.unwrap();
        assert_eq!((cluster.brokers().len(), cluster.topics().len()), (3, 0));
        let topic = router.topic("t", within(5)).await.unwrap();
        assert_eq!(topic.available(), [0, 1]);
        assert_eq!(topic.id().is_zero(), version < 10);
        let epoch = if version < 9 { -1 } else { 0 };
        assert_eq!(topic.partitions()[0].leader_epoch, epoch);
        assert!(router.topic("created", within(5)).await.is_ok());
        let cluster = router.refresh(&[], within(5)).await.unwrap();
        // In version 0 the brokers told all topics: what nobody uses is left out.
        assert_eq!(cluster.topics().len(), 2);
        assert_eq!(cluster.controller_id(), (version >= 1).then_some(1));
        assert_eq!(cluster.cluster_id().is_some(), version >= 2);
    }
}

#[tokio::test(start_paused = true)]
async fn brokers_too_old_for_the_flag_are_asked_all_the_same() {
    let net = FakeNet::default();
    let world = World::on(&net, 1);
    world.with(|script| {
        script.limit(ApiKey::Metadata, 0, 3);
        script.topic("t", &[1]);
    });
    let router = router_with(&net, "b1:9092", |config| {
        config.with_allow_auto_topic_creation(false)
    });
    assert!(router.topic("t", within(5)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_silent_broker_does_not_hold_up_the_news() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.topic("t", &[1]));
    router.topic("t", within(5)).await.unwrap();
    // The one with the live connection hangs.
    world.with(|script| script.mute = vec!["b1".into()]);
    let (time, result) = timed(router.refresh(&["t"], within(20))).await;
    assert!(result.is_ok());
    assert!(time < Duration::from_secs(3), "{time:?}");
}
