use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use kafka_net::{Error, ErrorKind, Lane, Waiting};
use kafka_protocol::ApiKey;
use kafka_protocol::messages::MetadataRequest;

use super::*;
use crate::CoordinatorKind::Group;
use crate::PartitionKey;
use crate::driver::{self, DriverGuard};
use crate::refresh::Goal;
use crate::shared::Shared;

/// A cluster with a topic "t" and a coordinator of group "g", slow enough that
/// futures are seen in every state.
fn slow_cluster() -> (FakeNet, World, Router) {
    let (net, world, router) = cluster(3);
    world.with(|script| {
        script.delay = Duration::from_millis(5);
        script.topic("t", &[1, 2, 3]);
        script.coordinators.insert((0, "g".into()), Ok(2));
    });
    (net, world, router)
}

/// Polls a future `polls` times, letting everything else run in between, and
/// drops it. Whether it was done by then.
async fn poll_and_drop<F: Future>(future: F, polls: usize) -> bool {
    let mut future = pin!(future);
    for poll in 0..polls {
        if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx)))
            .await
            .is_ready()
        {
            return true;
        }
        if poll % 2 == 0 {
            tokio::task::yield_now().await;
        } else {
            sleep(1).await;
        }
    }
    false
}

/// Drops a future after every number of polls up to its completion, each time on
/// a fresh router, which must then be free of traces and in working order.
async fn survives_drops<F, Fut>(name: &str, make: F)
where
    F: Fn(Router) -> Fut,
    Fut: Future,
{
    let mut done = false;
    let mut polls = 0;
    while !done {
        let (_net, _world, router) = slow_cluster();
        // Someone else who wants the same things, from before.
        let bystander = router.topic("t", within(30));
        done = poll_and_drop(make(router.clone()), polls).await;
        sleep(1).await;
        let closed = router.ready(within(30)).await.is_err();
        assert_eq!(
            closed,
            name == "close" && polls > 0,
            "{name} after {polls} polls"
        );
        if !closed {
            assert!(bystander.await.is_ok(), "{name} after {polls} polls");
            assert!(router.coordinator(Group, "g", within(30)).await.is_ok());
            assert!(router.connection(3, Lane::Fetch, within(30)).await.is_ok());
        } else {
            assert!(bystander.await.is_err());
        }
        assert_eq!(router.shared().waiting(), 0, "{name} after {polls} polls");
        polls += 1;
        assert!(polls < 1000, "{name} never ends");
    }
    assert!(polls > 1, "{name} was done when first polled");
}

#[tokio::test(start_paused = true)]
async fn every_future_may_be_dropped_at_every_point() {
    survives_drops(
        "ready",
        |r| async move { r.ready(within(30)).await.unwrap() },
    )
    .await;
    survives_drops("topic", |r| async move {
        r.topic("t", within(30)).await.unwrap()
    })
    .await;
    survives_drops("missing topic", |r| async move {
        let soon = clock::now() + Duration::from_millis(100);
        r.topic("missing", soon).await.unwrap_err()
    })
    .await;
    survives_drops("refresh", |r| async move {
        r.refresh(&["t"], within(30)).await.unwrap()
    })
    .await;
    survives_drops("connection", |r| async move {
        r.connection(2, Lane::Produce, within(30)).await.unwrap()
    })
    .await;
    survives_drops("any_connection", |r| async move {
        r.any_connection(Lane::Group, within(30)).await.unwrap()
    })
    .await;
    survives_drops("controller_connection", |r| async move {
        r.controller_connection(Lane::Group, within(30))
            .await
            .unwrap()
    })
    .await;
    survives_drops("coordinator", |r| async move {
        r.coordinator(Group, "g", within(30)).await.unwrap()
    })
    .await;
    let request = || MetadataRequest::new().with_topics(Some(vec![]));
    survives_drops("send_any", |r| async move {
        r.send_any(request(), within(30)).await.unwrap()
    })
    .await;
    survives_drops("send_controller", |r| async move {
        r.send_controller(request(), within(30)).await.unwrap()
    })
    .await;
    survives_drops("send_coordinator", |r| async move {
        r.send_coordinator(Group, "g", request(), within(30))
            .await
            .unwrap()
    })
    .await;
    survives_drops("send", |r| async move {
        let to = crate::Destination::Leader {
            topic: "t".into(),
            partition: 0,
        };
        let code_of = |_: &_| kafka_protocol::ErrorCode::None;
        r.send(to, request(), code_of, within(30)).await.unwrap()
    })
    .await;
    survives_drops("send_to_all", |r| async move {
        r.send_to_all(request(), within(30)).await.unwrap()
    })
    .await;
    survives_drops("send_by_leader", |r| async move {
        let keys: [PartitionKey; 2] = [("t".into(), 0), ("t".into(), 1)];
        let asked = keys.clone();
        let merge = move |_| asked.iter().map(|key| (key.clone(), Ok(()))).collect();
        let split = move |_: &[PartitionKey]| request();
        let result = r.send_by_leader(keys, split, merge, within(30)).await;
        assert!(result.unwrap().values().any(Result::is_ok));
    })
    .await;
    survives_drops("call", |r| async move {
        let work = async move |mut call: crate::Call| {
            let connection = call.connection().await?;
            let failed = call.ask(&connection, &request(), Some(i16::MAX)).await;
            let failed = failed.map_err(|_| Error::new(ErrorKind::Disconnected));
            call.go_on(failed.unwrap_err(), Duration::from_millis(10))
                .await?;
            call.ask(&connection, &request(), None).await
        };
        let to = crate::Destination::Any;
        let call = r.call(to, ApiKey::Metadata, within(30), work);
        call.await.unwrap()
    })
    .await;
    survives_drops("describe_topics", |r| async move {
        let options = crate::DescribeTopicsOptions::default();
        let described = r.describe_topics(["t"], &options, within(30));
        assert!(described.await.unwrap()["t"].is_ok());
    })
    .await;
    survives_drops("close", |r| async move { r.close(within(30)).await }).await;
}

/// One of each future that waits.
fn all_waits(router: &Router) -> Vec<(&'static str, Waiting<()>)> {
    fn unit<T: Send + 'static>(router: &Router, waiting: Waiting<T>) -> Waiting<()> {
        let work = async move { waiting.await.map(|_| ()) };
        router
            .env()
            .within(within(3600), || Error::new(ErrorKind::Internal), work)
    }
    let request = MetadataRequest::new();
    vec![
        ("ready", unit(router, router.ready(within(600)))),
        ("topic", unit(router, router.topic("missing", within(600)))),
        ("refresh", unit(router, router.refresh(&[], within(600)))),
        (
            "connection",
            unit(router, router.connection(9, Lane::Fetch, within(600))),
        ),
        (
            "controller_connection",
            unit(
                router,
                router.controller_connection(Lane::Fetch, within(600)),
            ),
        ),
        (
            "any_connection",
            unit(router, router.any_connection(Lane::Fetch, within(600))),
        ),
        (
            "coordinator",
            unit(router, router.coordinator(Group, "none", within(600))),
        ),
        (
            "send_any",
            unit(router, router.send_any(request.clone(), within(600))),
        ),
        (
            "send_controller",
            unit(router, router.send_controller(request.clone(), within(600))),
        ),
        (
            "send_coordinator",
            unit(
                router,
                router.send_coordinator(Group, "none", request, within(600)),
            ),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn closing_resolves_everyone_at_once() {
    let net = FakeNet::default();
    net.set("b1", crate::test_net::Host::Silent);
    let router = router(&net, "b1:9092");
    let waits = all_waits(&router);
    sleep(100).await;
    let (time, ()) = timed(router.close(within(10))).await;
    assert!(time < Duration::from_millis(10), "{time:?}");
    for (name, wait) in waits {
        let (time, result) = timed(wait).await;
        assert_eq!(result.unwrap_err().kind(), &ErrorKind::Closed, "{name}");
        assert!(time < Duration::from_millis(10), "{name}: {time:?}");
    }
    for (name, wait) in all_waits(&router) {
        assert_eq!(wait.await.unwrap_err().kind(), &ErrorKind::Closed, "{name}");
    }
    assert_eq!(router.shared().waiting(), 0);
    router.close(within(10)).await;
    // What needs no answer does no harm.
    router.request_refresh(None);
    router.forget_topic("t");
    router.forget_coordinator(Group, "g");
    assert_eq!(router.cluster().generation(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_outlives_the_handles() {
    let (_net, _world, router) = slow_cluster();
    let topic = router.topic("t", within(30));
    let shared = Arc::downgrade(router.shared());
    drop(router);
    assert!(topic.await.is_ok());
    // And then the task ends.
    sleep(100).await;
    assert_eq!(shared.strong_count(), 0);
}

#[test]
fn when_the_runtime_ends_everyone_is_told() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let net = FakeNet::default();
    net.set("b1", crate::test_net::Host::Silent);
    let (router, waits) = runtime.block_on(async {
        let router = router(&net, "b1:9092");
        let waits = all_waits(&router);
        sleep(20).await;
        (router, waits)
    });
    drop(runtime);
    for (name, wait) in waits {
        let result = futures_util::FutureExt::now_or_never(wait);
        let result = result.unwrap_or_else(|| panic!("{name} still waits"));
        assert_eq!(result.unwrap_err().kind(), &ErrorKind::Closed, "{name}");
    }
    // And whoever comes later.
    let late = futures_util::FutureExt::now_or_never(router.topic("t", within(600)));
    assert_eq!(late.unwrap().unwrap_err().kind(), &ErrorKind::Closed);
    let closing = futures_util::FutureExt::now_or_never(router.close(within(600)));
    assert_eq!(closing, Some(()));
}

/// Whatever ends it, and even if it never ran.
#[tokio::test]
async fn a_dead_driver_tells_everyone() {
    let net = FakeNet::default();
    let config = RouterConfig::default()
        .with_bootstrap_servers("b1:9092")
        .unwrap();
    let shared = Arc::new(Shared::new(config, net.pool(NetConfig::default())));
    let ready = shared.wait_for(Goal::Ready, within(600));
    let node = shared.wait_for_coordinator(Group, "g".into(), within(600));
    drop(driver::run(DriverGuard(Arc::clone(&shared))));
    assert_eq!(ready.await.unwrap_err().kind(), &ErrorKind::Closed);
    assert_eq!(node.await.unwrap_err().kind(), &ErrorKind::Closed);
    let later = shared.wait_for(Goal::Ready, within(600));
    assert_eq!(later.await.unwrap_err().kind(), &ErrorKind::Closed);
}

#[test]
fn futures_work_outside_the_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (_net, _world, router) = runtime.block_on(async { slow_cluster() });
    assert_eq!(
        block_on(router.ready(within(30))).unwrap().brokers().len(),
        3
    );
    assert!(block_on(router.topic("t", within(30))).is_ok());
    assert!(block_on(router.refresh(&[], within(30))).is_ok());
    assert!(block_on(router.connection(1, Lane::Fetch, within(30))).is_ok());
    assert!(block_on(router.any_connection(Lane::Fetch, within(30))).is_ok());
    assert!(block_on(router.controller_connection(Lane::Fetch, within(30))).is_ok());
    assert!(block_on(router.coordinator(Group, "g", within(30))).is_ok());
    let request = MetadataRequest::new().with_topics(Some(vec![]));
    assert!(block_on(router.send_any(request, within(30))).is_ok());
    let late = clock::now() + Duration::from_millis(100);
    assert!(block_on(router.topic("missing", late)).is_err());
    block_on(router.close(within(30)));
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let net = FakeNet::default();
    let pool = net.pool(NetConfig::default());
    let error = Router::new(RouterConfig::default(), pool).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Config);
}

/// The same seed gives the same questions at the same times.
#[test]
fn a_seed_repeats_itself() {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let begin = clock::now();
            let net = FakeNet::default();
            let world = World::on(&net, 5);
            world.with(|script| script.topic("t", &[1, 2, 3]));
            let router = router(&net, "b4:9092,b5:9092,b3:9092,dead:9092");
            let mut trace = Vec::new();
            for round in 0..20 {
                let _ = router.topic("missing", within(round % 3)).await;
                let _ = router.topic("t", within(5)).await;
                let _ = router.any_connection(Lane::Fetch, within(5)).await;
                world.with(|script| script.mute = vec![format!("b{}", 1 + round % 5)]);
                let _ = router.refresh(&["t"], within(2)).await;
                trace.push((clock::now() - begin, world.with(|script| script.seen.len())));
            }
            (
                trace,
                net.dialled(),
                world.with(|script| script.seen.clone()),
            )
        })
    };
    let first = run();
    assert!(first.2.len() > 50);
    assert_eq!(first, run());
}
