use kafka_net::{ErrorKind, Lane};
use kafka_protocol::frame::{decode_body, encode_response};
use kafka_protocol::messages::{
    CreateTopicsRequest, CreateTopicsResponse, ListOffsetsRequest, ListOffsetsResponse,
    MetadataRequest, OffsetCommitRequest, OffsetCommitResponse,
};
use kafka_protocol::{ApiKey, Message};

use super::*;
use crate::CoordinatorKind::Group;
use crate::test_net::Host;

fn hosts(world: &World, api: ApiKey) -> Vec<String> {
    world.with(|script| {
        let seen = script.seen.iter().filter(|seen| seen.api == api);
        seen.map(|seen| seen.host.clone()).collect()
    })
}

/// Lets the cluster answer ListOffsets and OffsetCommit.
fn serve_offsets(world: &World) {
    world.with(|script| {
        for (api, range) in [
            (ApiKey::ListOffsets, ListOffsetsRequest::VERSIONS),
            (ApiKey::OffsetCommit, OffsetCommitRequest::VERSIONS),
        ] {
            script.versions.insert(api, range);
        }
        script.other = Some(Box::new(
            |_host, api, version, correlation, body| match api {
                ApiKey::ListOffsets => {
                    let _: ListOffsetsRequest = decode_body(body, version).ok()?;
                    encode_response(api, version, correlation, &ListOffsetsResponse::new()).ok()
                }
                ApiKey::OffsetCommit => {
                    let _: OffsetCommitRequest = decode_body(body, version).ok()?;
                    encode_response(api, version, correlation, &OffsetCommitResponse::new()).ok()
                }
                _ => None,
            },
        ));
    });
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_tried_again_elsewhere() {
    let (_net, world, router) = cluster(3);
    serve_offsets(&world);
    router.ready(within(5)).await.unwrap();
    world.with(|script| script.hang_up.insert(ApiKey::ListOffsets, 2));
    let answer = router.send_any(ListOffsetsRequest::new(), within(10));
    assert!(answer.await.is_ok());
    // Not all of its brokers hang up all the time.
    world.with(|script| script.hang_up.insert(ApiKey::ListOffsets, usize::MAX));
    let (time, result) = timed(router.send_any(ListOffsetsRequest::new(), within(5))).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!((4..=5).contains(&time.as_secs()), "{time:?}");
    assert_eq!(error.context().api(), Some(ApiKey::ListOffsets));
    assert!(error.context().attempts().unwrap() > 3);
    assert!(error.possibly_written());
}

#[tokio::test(start_paused = true)]
async fn a_silent_broker_ends_an_attempt_and_the_deadline_ends_them_all() {
    let (_net, world, router) = cluster(1);
    serve_offsets(&world);
    router.ready(within(5)).await.unwrap();
    world.with(|script| script.mute = vec!["b1".into()]);
    let (time, result) = timed(router.send_any(ListOffsetsRequest::new(), within(70))).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind(), time.as_secs()), (&ErrorKind::Timeout, 70));
    assert!(error.possibly_written());
}

#[tokio::test(start_paused = true)]
async fn what_no_attempt_can_mend_is_told_at_once() {
    let (_net, _world, router) = cluster(2);
    let (time, result) = timed(router.send_any(ListOffsetsRequest::new(), within(60))).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::UnsupportedVersion);
    assert!(!error.possibly_written());
    assert!(time < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_controller_is_followed() {
    let (net, world, router) = cluster(3);
    serve_offsets(&world);
    world.with(|script| script.controller = 2);
    let answer = router.send_controller(ListOffsetsRequest::new(), within(5));
    assert!(answer.await.is_ok());
    net.set("b2", Host::Refused);
    world.with(|script| {
        script.controller = 3;
        script.hang_up.insert(ApiKey::ListOffsets, 1);
    });
    let answer = router.send_controller(ListOffsetsRequest::new(), within(10));
    assert!(answer.await.is_ok());
    assert_eq!(hosts(&world, ApiKey::ListOffsets), ["b2", "b3"]);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_is_gone_is_looked_up_anew() {
    let (net, world, router) = cluster(3);
    serve_offsets(&world);
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(2)));
    let commit = || OffsetCommitRequest::new().with_group_id("g");
    let answer = router.send_coordinator(Group, "g", commit(), within(5));
    assert!(answer.await.is_ok());
    net.set("b2", Host::Refused);
    world.with(|script| {
        script.hang_up.insert(ApiKey::OffsetCommit, 1);
        script.coordinators.insert((0, "g".into()), Ok(3));
    });
    let (time, result) = timed(router.send_coordinator(Group, "g", commit(), within(60))).await;
    assert!(result.is_ok());
    assert!(time < Duration::from_secs(2), "{time:?}");
    assert_eq!(hosts(&world, ApiKey::OffsetCommit), ["b2", "b3"]);

    // Also one that left the cluster before anyone connected to it.
    router.forget_coordinator(Group, "g");
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(42)));
    assert_eq!(router.coordinator(Group, "g", within(5)).await.unwrap(), 42);
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(1)));
    let answer = router.send_coordinator(Group, "g", commit(), within(60));
    assert!(answer.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn several_requests_share_the_brokers() {
    let (_net, world, router) = cluster(3);
    for _ in 0..30 {
        let request = MetadataRequest::new().with_topics(Some(vec![]));
        assert!(router.send_any(request, within(5)).await.is_ok());
    }
    assert!(world.count(ApiKey::Metadata) >= 30);
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_hide_that_a_request_may_have_had_its_effect() {
    for asked in [true, false] {
        let (net, world, router) = cluster(1);
        world.with(|script| {
            let range = CreateTopicsRequest::VERSIONS;
            script.versions.insert(ApiKey::CreateTopics, range);
            script.other = Some(Box::new(|_host, api, version, correlation, _body| {
                encode_response(api, version, correlation, &CreateTopicsResponse::new()).ok()
            }));
        });
        if asked {
            let connected = router.controller_connection(Lane::Control, within(5));
            connected.await.unwrap();
        } else {
            net.set("b1", Host::Hangs);
        }
        world.with(|script| script.delay = Duration::from_secs(3));
        let created = router.send_controller(CreateTopicsRequest::new(), within(30));
        sleep(500).await;
        router.close(within(5)).await;
        let (time, result) = timed(created).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Closed);
        assert_eq!(error.context().api(), Some(ApiKey::CreateTopics));
        assert!(time < Duration::from_millis(10), "{time:?}");
        assert_eq!(world.count(ApiKey::CreateTopics), usize::from(asked));
        assert_eq!(error.possibly_written(), asked, "{error}");
    }
}
