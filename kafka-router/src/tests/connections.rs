use kafka_net::{ErrorKind, Lane};

use super::*;
use crate::test_net::Host;

#[tokio::test(start_paused = true)]
async fn connections_are_made_once_per_broker_and_lane() {
    let (_net, _world, router) = cluster(3);
    assert!(router.existing(2, Lane::Produce).is_none());
    let connection = router
        .connection(2, Lane::Produce, within(5))
        .await
        .unwrap();
    assert_eq!(connection.broker().id, Some(2));
    assert_eq!(router.broker(2).as_ref(), Some(connection.broker()));
    assert!(router.existing(2, Lane::Produce).is_some());
    assert!(router.existing(2, Lane::Fetch).is_none());
    assert!(router.existing(9, Lane::Produce).is_none());
    assert!(router.broker(9).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_not_known_yet_is_asked_for() {
    let (net, world, router) = cluster(2);
    router.ready(within(5)).await.unwrap();
    let waiting = router.connection(7, Lane::Group, within(30));
    let error = router.connection(8, Lane::Group, within(2));
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(error.to_string().contains("broker 8"), "{error}");
    net.set("b7", Host::Broker(world.clone()));
    world.with(|script| script.brokers.push((7, "b7".into())));
    assert_eq!(waiting.await.unwrap().broker().id, Some(7));
    assert_eq!(router.shared().waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_moves_is_followed() {
    let (net, world, router) = cluster(2);
    router.ready(within(5)).await.unwrap();
    net.set("b2", Host::Refused);
    let waiting = router.connection(2, Lane::Produce, within(30));
    sleep(3000).await;
    net.set("elsewhere", Host::Broker(world.clone()));
    world.with(|script| script.brokers[1].1 = "elsewhere".into());
    let (time, connection) = timed(waiting).await;
    assert_eq!(&*connection.unwrap().broker().host, "elsewhere");
    assert!(time < Duration::from_secs(5), "{time:?}");
    // Found without anyone waiting, too: by the refresh that a failure brings.
    assert_eq!(&*router.broker(2).unwrap().host, "elsewhere");
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stays_away_is_named_at_the_deadline() {
    for host in [Host::Refused, Host::Hangs, Host::Silent] {
        let (net, _world, router) = cluster(2);
        router.ready(within(5)).await.unwrap();
        net.set("b2", host);
        let (time, result) = timed(router.connection(2, Lane::Produce, within(15))).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Timeout, "{error}");
        assert_eq!(time.as_secs(), 15);
        assert!(error.to_string().contains("b2:9092"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_connection_takes_what_there_is() {
    let (net, _world, router) = cluster(3);
    // Before any metadata: a bootstrap address.
    let first = router
        .any_connection(Lane::Control, within(5))
        .await
        .unwrap();
    assert_eq!(first.broker().id, None);
    router.ready(within(5)).await.unwrap();
    net.set("b1", Host::Refused);
    net.set("b3", Host::Hangs);
    for _ in 0..10 {
        let connection = router.any_connection(Lane::Group, within(9)).await.unwrap();
        assert_eq!(connection.broker().id, Some(2));
    }
    net.set("b2", Host::Refused);
    router.pool().close(clock::now()).await;
    let error = router.any_connection(Lane::Group, within(5)).await;
    assert!(error.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_controller_is_waited_for() {
    let (_net, world, router) = cluster(3);
    world.with(|script| script.controller = -1);
    let error = router.controller_connection(Lane::Control, within(2)).await;
    assert!(error.unwrap_err().to_string().contains("controller"));
    let waiting = router.controller_connection(Lane::Control, within(20));
    sleep(3000).await;
    world.with(|script| script.controller = 3);
    assert_eq!(waiting.await.unwrap().broker().id, Some(3));
    let again = router.controller_connection(Lane::Control, within(2)).await;
    assert_eq!(again.unwrap().broker().id, Some(3));
}

/// A connection that is being set up to a broker that fell silent would take until the
/// set-up times out, though the others have noticed by then and lead on.
#[tokio::test(start_paused = true)]
async fn a_silent_controller_is_left_when_the_cluster_has_given_it_up() {
    let (net, world, router) = cluster(3);
    world.with(|script| script.controller = 3);
    router.ready(within(5)).await.unwrap();
    net.set("b3", Host::Silent);
    let mut waiting = router.controller_connection(Lane::Control, within(30));
    sleep(1000).await;
    // Another name alone is no reason to leave: the first may be about to answer.
    world.with(|script| script.controller = 2);
    router.request_refresh(None);
    let a_second = Duration::from_secs(1);
    let early = tokio::time::timeout(a_second, &mut waiting).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(router.cluster().controller_id(), Some(2));
    world.with(|script| script.brokers.retain(|(id, _)| *id != 3));
    router.request_refresh(None);
    let (time, connection) = timed(waiting).await;
    assert_eq!(connection.unwrap().broker().id, Some(2));
    assert!(time < Duration::from_secs(1), "{time:?}");
}
