use kafka_net::ErrorKind;
use kafka_protocol::{ApiKey, ErrorCode};

use super::*;
use crate::MetadataRecovery;
use crate::test_net::Host;

#[tokio::test(start_paused = true)]
async fn dead_addresses_cost_little() {
    // Whatever the order in which they are tried.
    for _ in 0..20 {
        let net = FakeNet::default();
        let world = World::on(&net, 3);
        net.set("hangs", Host::Hangs);
        net.set("silent", Host::Silent);
        net.set("http", Host::Http);
        let router = router(
            &net,
            "refused:9092,hangs:9092,silent:9092,http:9092,b2:9092",
        );
        let (time, cluster) = timed(router.ready(within(30))).await;
        assert_eq!(cluster.unwrap().brokers().len(), 3);
        assert!(time < Duration::from_secs(4), "{time:?}");
        assert_eq!(world.count(ApiKey::Metadata), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_any_broker_the_error_comes_at_the_deadline_and_says_why() {
    let net = FakeNet::default();
    let router = router(&net, "nobody:9092,nobody2:9092");
    let (time, result) = timed(router.ready(within(5))).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(time.as_secs(), 5);
    let text = error.to_string();
    for part in [
        "nobody:9092",
        "nobody2:9092",
        "check the bootstrap addresses",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let (time, result) = timed(router.topic("orders", within(3))).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), time.as_secs()), (&ErrorKind::Timeout, 3));
    assert_eq!(error.context().topic(), Some("orders"));
    assert_eq!(router.shared().waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_deadline_too() {
    for host in [Host::Silent, Host::Hangs] {
        let net = FakeNet::default();
        net.set("mute", host);
        let (time, result) = timed(router(&net, "mute:9092").ready(within(5))).await;
        assert_eq!(result.unwrap_err().kind(), &ErrorKind::Timeout);
        assert_eq!(time.as_secs(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_speaks_http_is_named_at_once() {
    let net = FakeNet::default();
    net.set("web", Host::Http);
    let (time, result) = timed(router(&net, "web:9092").ready(within(60))).await;
    let error = result.unwrap_err();
    assert!(time < Duration::from_secs(1), "{time:?}");
    assert!(!error.is_retriable(), "{error}");
    assert!(error.to_string().contains("HTTP"), "{error}");
    assert!(error.to_string().contains("web:9092"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn when_no_known_broker_answers_the_bootstrap_addresses_count_again() {
    let net = FakeNet::default();
    let world = World::on(&net, 2);
    net.set("boot", Host::Broker(world.clone()));
    let router = router(&net, "boot:9092");
    world.with(|script| script.topic("t", &[1, 2]));
    router.topic("t", within(10)).await.unwrap();

    // The cluster moves; only the bootstrap name follows it.
    world.with(|script| {
        script.brokers = vec![(1, "new1".into()), (2, "new2".into())];
        script.mute = vec!["b1".into()];
    });
    net.set("b1", Host::Silent);
    net.set("b2", Host::Refused);
    for host in ["new1", "new2"] {
        net.set(host, Host::Broker(world.clone()));
    }
    let (time, cluster) = timed(router.refresh(&[], within(30))).await;
    let cluster = cluster.unwrap();
    assert!(time < Duration::from_secs(5), "{time:?}");
    assert_eq!(&*cluster.broker(1).unwrap().host, "new1");
    assert!(cluster.topic("t").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_broker_may_send_us_back_to_the_bootstrap_addresses() {
    let (net, world, router) = cluster(2);
    router.ready(within(10)).await.unwrap();
    net.set("b1", Host::Broker(world.clone()));
    world.with(|script| {
        script.brokers.push((3, "b3".into()));
        // Both brokers refuse, but what listens at the bootstrap address is b1.
        for host in ["b1", "b2"] {
            script
                .top_level_error
                .insert(host.into(), ErrorCode::RebootstrapRequired);
        }
    });
    let error = router.refresh(&[], within(2)).await.unwrap_err();
    assert!(
        error.to_string().contains("REBOOTSTRAP_REQUIRED"),
        "{error}"
    );
    // The view stays as it was.
    assert_eq!(router.cluster().brokers().len(), 2);

    world.with(|script| script.top_level_error.remove("b1"));
    let cluster = router.refresh(&[], within(5)).await.unwrap();
    assert_eq!(cluster.brokers().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_view_never_shrinks_to_no_broker() {
    let (_net, world, router) = cluster(3);
    router.ready(within(10)).await.unwrap();
    let brokers = world.with(|script| std::mem::take(&mut script.brokers));
    let error = router.refresh(&[], within(2)).await.unwrap_err();
    assert!(error.to_string().contains("names no broker"), "{error}");
    assert_eq!(router.cluster().brokers().len(), 3);
    world.with(|script| script.brokers = brokers);
    assert!(router.refresh(&[], within(2)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn only_a_bootstrap_address_may_lead_to_another_cluster() {
    let net = FakeNet::default();
    let ours = World::on(&net, 2);
    net.set("boot", Host::Broker(ours.clone()));
    ours.with(|script| script.topic("t", &[1]));
    let router = router(&net, "boot:9092");
    router.topic("t", within(5)).await.unwrap();

    // Another cluster takes over the brokers' addresses.
    let theirs = World::on(&net, 2);
    theirs.with(|script| {
        script.cluster_id = "other";
        script.topic("t", &[2, 2]);
    });
    router.pool().close(clock::now()).await;
    let pool = net.pool(NetConfig::default());
    let config = router.config().clone();
    let router = Router::new(config, pool).unwrap();
    router.topic("t", within(5)).await.unwrap();
    assert_eq!(router.cluster().cluster_id().map(|id| &**id), Some("fake"));
    let cluster = router.refresh(&[], within(5)).await.unwrap();
    assert_eq!(cluster.cluster_id().map(|id| &**id), Some("fake"));
    assert!(theirs.count(ApiKey::Metadata) > 0);

    // And the bootstrap address, too: the user's word counts.
    net.set("boot", Host::Broker(theirs));
    router.pool().close(clock::now()).await;
    let router = Router::new(router.config().clone(), net.pool(NetConfig::default())).unwrap();
    let topic = router.topic("t", within(5)).await.unwrap();
    assert_eq!(topic.partitions().len(), 2);
    assert_eq!(router.cluster().cluster_id().map(|id| &**id), Some("other"));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_just_starting_is_waited_for() {
    let (_net, world, router) = cluster(2);
    let brokers = world.with(|script| std::mem::take(&mut script.brokers));
    let waiting = router.ready(within(30));
    sleep(3000).await;
    world.with(|script| {
        script.brokers = brokers;
        let starting = ErrorCode::UnknownServerError;
        script.top_level_error.insert("b1".into(), starting);
    });
    sleep(3000).await;
    world.with(|script| script.top_level_error.clear());
    assert_eq!(waiting.await.unwrap().brokers().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_pool_there_is_nothing_to_wait_for() {
    let (_net, _world, router) = cluster(2);
    router.ready(within(5)).await.unwrap();
    router.pool().close(clock::now()).await;
    let (time, result) = timed(router.topic("t", within(60))).await;
    assert_eq!(result.unwrap_err().kind(), &ErrorKind::Closed);
    assert!(time < Duration::from_secs(1), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn without_recovery_the_bootstrap_addresses_count_only_at_the_start() {
    let net = FakeNet::default();
    let world = World::on(&net, 2);
    net.set("boot", Host::Broker(world.clone()));
    let router = router_with(&net, "boot:9092", |config| {
        config.with_metadata_recovery(MetadataRecovery::None)
    });
    router.ready(within(5)).await.unwrap();
    let dialled = || net.dialled().iter().filter(|host| *host == "boot").count();
    let before = dialled();
    for host in ["b1", "b2"] {
        net.set(host, Host::Refused);
    }
    world.with(|script| script.mute = vec!["boot".into()]);
    net.set("boot", Host::Refused);
    let error = router.refresh(&[], within(400)).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert_eq!(dialled(), before);
    // And a broker's wish for it is an error like any other.
    world.with(|script| {
        script.mute.clear();
        for host in ["b1", "b2"] {
            let code = ErrorCode::RebootstrapRequired;
            script.top_level_error.insert(host.into(), code);
        }
    });
    for host in ["b1", "b2"] {
        net.set(host, Host::Broker(world.clone()));
    }
    let error = router.refresh(&[], within(5)).await.unwrap_err();
    assert!(error.to_string().contains("metadata_recovery"), "{error}");
    // What one broker wishes for does not keep the others from being asked.
    for host in ["b1", "b2"] {
        world.with(|script| {
            let code = ErrorCode::RebootstrapRequired;
            script.top_level_error.clear();
            script.top_level_error.insert(host.into(), code);
        });
        for _ in 0..5 {
            router.refresh(&[], within(5)).await.unwrap();
        }
    }
    assert_eq!(dialled(), before);
}

#[tokio::test(start_paused = true)]
async fn after_the_trigger_the_bootstrap_addresses_come_first() {
    for the_known_return in [false, true] {
        let net = FakeNet::default();
        let old = World::on(&net, 2);
        net.set("boot", Host::Broker(old.clone()));
        let router = router_with(&net, "boot:9092", |config| {
            config.with_rebootstrap_trigger(Duration::from_secs(60))
        });
        router.ready(within(5)).await.unwrap();
        for host in ["b1", "b2", "boot"] {
            net.set(host, Host::Silent);
        }
        old.with(|script| script.mute = ["b1", "b2", "boot"].map(String::from).into());
        let waiting = router.refresh(&[], within(300));
        sleep(180_000).await;
        if the_known_return {
            // The bootstrap address is gone for good.
            old.with(|script| script.mute.clear());
            for host in ["b1", "b2"] {
                net.set(host, Host::Broker(old.clone()));
            }
        } else {
            let new = World::on(&net, 0);
            new.with(|script| script.brokers = vec![(7, "boot".into())]);
            net.set("boot", Host::Broker(new));
        }
        let cluster = waiting.await.unwrap();
        let brokers: Vec<i32> = cluster.brokers().map(|broker| broker.id).collect();
        assert_eq!(
            brokers,
            if the_known_return {
                vec![1, 2]
            } else {
                vec![7]
            }
        );
    }
}
