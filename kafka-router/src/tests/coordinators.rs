use kafka_net::ErrorKind;
use kafka_protocol::{ApiKey, ErrorCode};

use super::*;
use crate::CoordinatorKind::{Group, Share, Transaction};

#[tokio::test(start_paused = true)]
async fn every_version_of_the_lookup_serves() {
    for version in 0..=6 {
        let (_net, world, router) = cluster(3);
        world.with(|script| {
            script.limit(ApiKey::FindCoordinator, 0, version);
            for (kind, key, node) in [(0, "g", 2), (0, "h", 3), (1, "t", 1), (2, "s", 3)] {
                script.coordinators.insert((kind, key.into()), Ok(node));
            }
        });
        let g = router.coordinator(Group, "g", within(5));
        let h = router.coordinator(Group, "h", within(5));
        assert_eq!((g.await.unwrap(), h.await.unwrap()), (2, 3));
        let requests = if version >= 4 { 1 } else { 2 };
        assert_eq!(world.count(ApiKey::FindCoordinator), requests);
        let t = router.coordinator(Transaction, "t", within(5)).await;
        if version == 0 {
            assert_eq!(t.unwrap_err().kind(), &ErrorKind::UnsupportedVersion);
        } else {
            assert_eq!(t.unwrap(), 1);
        }
        let s = router.coordinator(Share, "s", within(5)).await;
        if version < 6 {
            let error = s.unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
            assert!(error.to_string().contains("v6 is needed"), "{error}");
        } else {
            assert_eq!(s.unwrap(), 3);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_is_remembered_until_forgotten() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(2)));
    for _ in 0..3 {
        assert_eq!(router.coordinator(Group, "g", within(5)).await.unwrap(), 2);
    }
    assert_eq!(world.count(ApiKey::FindCoordinator), 1);
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(3)));
    router.forget_coordinator(Group, "g");
    assert_eq!(router.coordinator(Group, "g", within(5)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_is_not_there_yet_is_waited_for() {
    let (_net, world, router) = cluster(3);
    let (time, result) = timed(router.coordinator(Group, "g", within(3))).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), time.as_secs()), (&ErrorKind::Timeout, 3));
    assert!(
        error.to_string().contains("COORDINATOR_NOT_AVAILABLE"),
        "{error}"
    );
    let waiting = router.coordinator(Group, "g", within(20));
    sleep(3000).await;
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(1)));
    assert_eq!(waiting.await.unwrap(), 1);
    assert_eq!(router.shared().waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_at_once() {
    let (_net, world, router) = cluster(1);
    let code = ErrorCode::GroupAuthorizationFailed;
    world.with(|script| script.coordinators.insert((0, "g".into()), Err(code)));
    let (time, result) = timed(router.coordinator(Group, "g", within(60))).await;
    assert_eq!(result.unwrap_err().broker_error(), Some(code));
    assert!(time < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn many_who_want_the_same_and_other_keys_share_one_request() {
    let (_net, world, router) = cluster(3);
    world.with(|script| {
        script.delay = Duration::from_millis(50);
        for n in 0..40 {
            script
                .coordinators
                .insert((0, format!("g{n}")), Ok(1 + n % 3));
        }
    });
    router.ready(within(5)).await.unwrap();
    let waiting: Vec<_> = (0..400)
        .map(|n| router.coordinator(Group, &format!("g{}", n % 40), within(5)))
        .collect();
    for (n, node) in (0..).zip(waiting) {
        assert_eq!(node.await.unwrap(), 1 + n % 40 % 3);
    }
    // One for whoever came first, one for all who came while it was under way.
    assert!(world.count(ApiKey::FindCoordinator) <= 2);
}
