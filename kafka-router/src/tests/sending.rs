use kafka_net::{Error, ErrorKind, Lane, Waiting};
use kafka_protocol::frame::{decode_body, encode_response};
use kafka_protocol::messages::create_topics::CreatableTopicResult;
use kafka_protocol::messages::{
    CreateTopicsRequest, CreateTopicsResponse, HeartbeatRequest, HeartbeatResponse,
    ListOffsetsRequest, ListOffsetsResponse, MetadataRequest, OffsetCommitRequest,
    OffsetCommitResponse,
};
use kafka_protocol::{ApiKey, ErrorCode, Message};

use super::*;
use crate::CoordinatorKind::Group;
use crate::Destination;
use crate::test_net::Host;

pub(super) fn hosts(world: &World, api: ApiKey) -> Vec<String> {
    world.with(|script| {
        let seen = script.seen.iter().filter(|seen| seen.api == api);
        seen.map(|seen| seen.host.clone()).collect()
    })
}

/// Lets the cluster answer ListOffsets and OffsetCommit.
pub(super) fn serve_offsets(world: &World) {
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

#[tokio::test(start_paused = true)]
async fn an_answer_takes_back_its_own_request_and_no_other() {
    let (_net, world, router) = cluster(2);
    serve_offsets(&world);
    let answered = router
        .connection(2, Lane::Control, within(5))
        .await
        .unwrap();
    let silent = router
        .connection(1, Lane::Control, within(5))
        .await
        .unwrap();
    world.with(|script| script.mute = vec!["b1".into()]);
    let work = async move |call: crate::Call| {
        let request = ListOffsetsRequest::new();
        let asked = |connection| call.ask(connection, &request, None);
        let (_, lost) = tokio::join!(asked(&answered), asked(&silent));
        lost
    };
    let to = Destination::Any;
    let waiting = router.call(to, ApiKey::ListOffsets, within(60), work);
    sleep(500).await;
    assert_eq!(world.count(ApiKey::ListOffsets), 2);
    router.close(within(5)).await;
    let error = waiting.await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert!(error.possibly_written());
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_cut_short_returns_what_it_has() {
    let (_net, _world, router) = cluster(1);
    let work = async move |mut call: crate::Call| {
        let refused = Error::broker(ErrorCode::ThrottlingQuotaExceeded);
        let pause = Duration::from_secs(20);
        let error = call.go_on(refused, pause).await.unwrap_err();
        Ok(("the first half", error))
    };
    let to = Destination::Any;
    let waiting = router.call(to, ApiKey::CreateTopics, within(60), work);
    sleep(500).await;
    router.close(within(5)).await;
    let (time, result) = timed(waiting).await;
    let (half, error) = result.unwrap();
    assert_eq!((half, error.kind()), ("the first half", &ErrorKind::Closed));
    assert_eq!(error.context().api(), Some(ApiKey::CreateTopics));
    assert!(!error.possibly_written());
    assert!(time < Duration::from_millis(10), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_progress_is_a_first_one_again() {
    let (_net, _world, router) = cluster(1);
    let work = async move |mut call: crate::Call| {
        let mut pauses = Vec::new();
        for attempt in 0..6 {
            if attempt == 5 {
                call.progressed();
            }
            let failed = Error::broker(ErrorCode::RequestTimedOut);
            let (time, result) = timed(call.go_on(failed, Duration::ZERO)).await;
            result?;
            pauses.push(time);
        }
        Ok(pauses)
    };
    let to = Destination::Any;
    let pauses = router.call(to, ApiKey::Metadata, within(60), work);
    let pauses = pauses.await.unwrap();
    assert!(pauses[4] > Duration::from_millis(500), "{pauses:?}");
    assert!(pauses[5] < Duration::from_millis(150), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_done_at_the_moment_of_closing_counts() {
    let (_net, _world, router) = cluster(1);
    let ended = router.clone();
    let work = async move {
        ended.shared().ended().await;
        Ok("done")
    };
    let waiting = router.run(within(60), work);
    sleep(500).await;
    router.close(within(5)).await;
    assert_eq!(waiting.await.unwrap(), "done");
    let late = router.run(within(60), async { Ok("begun after that") });
    assert_eq!(*late.await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn failures_before_progress_count_in_the_error() {
    let (_net, _world, router) = cluster(1);
    let work = async move |mut call: crate::Call| {
        for _ in 0..2 {
            let failed = Error::broker(ErrorCode::RequestTimedOut);
            call.go_on(failed, Duration::ZERO).await?;
            call.progressed();
        }
        let refused = Error::broker(ErrorCode::TopicAuthorizationFailed);
        call.go_on(refused, Duration::ZERO).await
    };
    let to = Destination::Any;
    let called = router.call(to, ApiKey::Metadata, within(60), work);
    let error = called.await.unwrap_err();
    assert_eq!(error.context().attempts(), Some(3), "{error}");
}

/// Answers Heartbeat with these codes in turn, the last one for ever.
fn serve_heartbeats(world: &World, codes: &[ErrorCode]) {
    let mut codes = codes.to_vec();
    world.with(|script| {
        let range = HeartbeatRequest::VERSIONS;
        script.versions.insert(ApiKey::Heartbeat, range);
        script.other = Some(Box::new(move |_host, api, version, correlation, _body| {
            let code = if codes.len() > 1 {
                codes.remove(0)
            } else {
                codes[0]
            };
            let answer = HeartbeatResponse::new().with_error_code(code.code());
            encode_response(api, version, correlation, &answer).ok()
        }));
    });
}

fn heartbeat(router: &Router, seconds: u64) -> Waiting<HeartbeatResponse> {
    let request = HeartbeatRequest::new().with_group_id("g");
    let to = Destination::Coordinator {
        kind: Group,
        key: "g".into(),
    };
    router.send(
        to,
        request,
        |answer| answer.error_code.into(),
        within(seconds),
    )
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_moved_is_followed_and_one_that_loads_is_waited_for() {
    let (_net, world, router) = cluster(3);
    let codes = [
        ErrorCode::NotCoordinator,
        ErrorCode::CoordinatorLoadInProgress,
        ErrorCode::None,
    ];
    serve_heartbeats(&world, &codes);
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(2)));
    assert_eq!(router.coordinator(Group, "g", within(5)).await.unwrap(), 2);
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(3)));
    assert_eq!(heartbeat(&router, 10).await.unwrap().error_code, 0);
    // Loading is no reason to look for another one.
    assert_eq!(hosts(&world, ApiKey::Heartbeat), ["b2", "b3", "b3"]);
    assert_eq!(world.count(ApiKey::FindCoordinator), 2);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_does_not_pass_is_the_callers() {
    let (_net, world, router) = cluster(1);
    serve_heartbeats(&world, &[ErrorCode::UnknownMemberId]);
    world.with(|script| script.coordinators.insert((0, "g".into()), Ok(1)));
    let (time, answer) = timed(heartbeat(&router, 60)).await;
    let code = ErrorCode::from(answer.unwrap().error_code);
    assert_eq!(code, ErrorCode::UnknownMemberId);
    assert!(time < Duration::from_secs(1), "{time:?}");

    serve_heartbeats(&world, &[ErrorCode::CoordinatorLoadInProgress]);
    let (time, answer) = timed(heartbeat(&router, 5)).await;
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Timeout);
    assert!(
        error.to_string().contains("COORDINATOR_LOAD_IN_PROGRESS"),
        "{error}"
    );
    assert!((3..=5).contains(&time.as_secs()), "{time:?}");
    assert!(error.context().attempts().unwrap() > 3);
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_moved_is_looked_up_before_the_next_attempt() {
    let (_net, world, router) = cluster(3);
    world.with(|script| {
        let range = CreateTopicsRequest::VERSIONS;
        script.versions.insert(ApiKey::CreateTopics, range);
        script.controller = 2;
        script.other = Some(Box::new(|host, api, version, correlation, _body| {
            let code = match host {
                "b3" => ErrorCode::None,
                _ => ErrorCode::NotController,
            };
            let topic = CreatableTopicResult::new().with_error_code(code.code());
            let answer = CreateTopicsResponse::new().with_topics(vec![topic]);
            encode_response(api, version, correlation, &answer).ok()
        }));
    });
    router.ready(within(5)).await.unwrap();
    world.with(|script| script.controller = 3);
    let request = CreateTopicsRequest::new();
    let code_of = |answer: &CreateTopicsResponse| answer.topics[0].error_code.into();
    let sent = router.send(Destination::Controller, request, code_of, within(10));
    assert_eq!(code_of(&sent.await.unwrap()), ErrorCode::None);
    assert_eq!(hosts(&world, ApiKey::CreateTopics), ["b2", "b3"]);
}

#[tokio::test(start_paused = true)]
async fn requests_for_anyone_go_where_the_fewest_are_under_way() {
    let (_net, world, router) = cluster(3);
    serve_offsets(&world);
    router.ready(within(5)).await.unwrap();
    assert!(
        router
            .send_to_all(ListOffsetsRequest::new(), within(5))
            .await
            .is_ok()
    );
    world.with(|script| {
        script.seen.clear();
        script.delay = Duration::from_secs(3);
    });
    let mut waiting = Vec::new();
    for _ in 0..9 {
        waiting.push(router.send_any(ListOffsetsRequest::new(), within(60)));
        sleep(10).await;
    }
    for answer in waiting {
        assert!(answer.await.is_ok());
    }
    let asked = hosts(&world, ApiKey::ListOffsets);
    for host in ["b1", "b2", "b3"] {
        let count = asked.iter().filter(|asked| *asked == host).count();
        assert_eq!(count, 3, "{asked:?}");
    }
}
