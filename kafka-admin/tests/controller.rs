//! Following a controller that moves, over scripted brokers.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "../../kafka-router/tests/support/mod.rs"]
mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_admin::{Admin, AdminConfig, NewTopic};
use kafka_net::{ErrorKind, NetConfig, clock};
use kafka_protocol::frame::{decode_body, encode_response};
use kafka_protocol::messages::create_topics::CreatableTopicResult;
use kafka_protocol::messages::{CreateTopicsRequest, CreateTopicsResponse};
use kafka_protocol::{ApiKey, ErrorCode, Message, StrBytes};
use kafka_router::{Router, RouterConfig};
use support::{FakeNet, Host, World};

/// Three brokers, and what those asked to create topics answer, by host.
fn cluster<F>(mut answer: F) -> (World, Admin, Arc<Mutex<Vec<String>>>)
where
    F: FnMut(&str) -> (ErrorCode, i32) + Send + 'static,
{
    let (world, router, asked) = routed(move |host, _| answer(host));
    let config = AdminConfig::default().request_timeout(Duration::from_secs(2));
    (world, Admin::new(router, config), asked)
}

/// The same by host and topic, and only the router.
fn routed<F>(answer: F) -> (World, Router, Arc<Mutex<Vec<String>>>)
where
    F: FnMut(&str, &str) -> (ErrorCode, i32) + Send + 'static,
{
    routed_on(&FakeNet::default(), answer)
}

fn routed_on<F>(net: &FakeNet, mut answer: F) -> (World, Router, Arc<Mutex<Vec<String>>>)
where
    F: FnMut(&str, &str) -> (ErrorCode, i32) + Send + 'static,
{
    let world = World::on(net, 3);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    world.with(|script| {
        script
            .versions
            .insert(ApiKey::CreateTopics, CreateTopicsRequest::VERSIONS);
        script.other = Some(Box::new(move |host, api, version, correlation, body| {
            let request: CreateTopicsRequest = decode_body(body, version).ok()?;
            log.lock().unwrap().push(host.to_owned());
            let mut throttle_ms = 0;
            let results: Vec<_> = request
                .topics
                .iter()
                .map(|topic| {
                    let (code, pause_ms) = answer(host, &topic.name);
                    throttle_ms = pause_ms.max(throttle_ms);
                    CreatableTopicResult::new()
                        .with_name(topic.name.clone())
                        .with_error_code(code.code())
                })
                .collect();
            let response = CreateTopicsResponse::new()
                .with_topics(results)
                .with_throttle_time_ms(throttle_ms);
            encode_response(api, version, correlation, &response).ok()
        }));
    });
    let config = RouterConfig::default()
        .with_bootstrap_servers("b3:9092")
        .unwrap();
    let router = Router::new(config, net.pool(NetConfig::default())).unwrap();
    (world, router, asked)
}

async fn create(admin: &Admin) -> Duration {
    let begin = clock::now();
    admin.create_topic(NewTopic::new("t", 1, 1)).await.unwrap();
    clock::now() - begin
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_no_longer_the_controller_says_so() {
    let (world, admin, asked) = cluster(|host| match host {
        "b2" => (ErrorCode::None, 0),
        _ => (ErrorCode::NotController, 0),
    });
    admin.list_topics().await.unwrap();
    let moves = world.clone();
    let moving = async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        moves.with(|script| script.controller = 2);
    };
    let (time, ()) = tokio::join!(create(&admin), moving);
    assert!(time < Duration::from_secs(5), "{time:?}");
    let asked = asked.lock().unwrap();
    assert_eq!(asked.last().map(String::as_str), Some("b2"));
    assert!(asked.iter().filter(|host| *host == "b1").count() > 1);
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_fell_silent_is_replaced() {
    let (world, admin, asked) = cluster(|_| (ErrorCode::None, 0));
    create(&admin).await;
    world.with(|script| {
        script.mute = vec!["b1".into()];
        script.controller = 2;
    });
    let time = create(&admin).await;
    assert!(time < Duration::from_secs(5), "{time:?}");
    assert_eq!(*asked.lock().unwrap(), ["b1", "b2"]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_is_waited_for_as_long_as_the_broker_says() {
    let mut refusals = 2;
    let (_world, admin, asked) = cluster(move |_| {
        refusals -= 1;
        match refusals {
            0.. => (ErrorCode::ThrottlingQuotaExceeded, 7000),
            _ => (ErrorCode::None, 0),
        }
    });
    assert_eq!(create(&admin).await.as_secs(), 14);
    assert_eq!(asked.lock().unwrap().len(), 3);
    // But not when there is no time for that.
    let (_world, admin, _) = cluster(|_| (ErrorCode::ThrottlingQuotaExceeded, i32::MAX));
    let begin = clock::now();
    let result = admin.create_topic(NewTopic::new("t", 1, 1)).await;
    let error = result.unwrap_err();
    let code = ErrorCode::ThrottlingQuotaExceeded;
    assert_eq!(error.broker_error(), Some(code), "{error}");
    assert!(
        error.to_string().contains("longer than this call"),
        "{error}"
    );
    assert!((clock::now() - begin) < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn closing_during_a_pause_keeps_what_was_done_before_it() {
    let (_world, router, asked) = routed(|_, topic| match topic {
        "made" => (ErrorCode::None, 20_000),
        _ => (ErrorCode::ThrottlingQuotaExceeded, 20_000),
    });
    keeps_what_was_made(router, asked, || ()).await;
}

#[tokio::test(start_paused = true)]
async fn closing_while_the_next_attempt_connects_keeps_what_was_done_before_it() {
    let net = FakeNet::default();
    let (world, router, asked) = routed_on(&net, |_, topic| match topic {
        "made" => (ErrorCode::None, 0),
        _ => (ErrorCode::NotController, 0),
    });
    let moves = || {
        net.set("b2", Host::Hangs);
        world.with(|script| script.controller = 2);
    };
    keeps_what_was_made(router, asked, moves).await;
}

/// Two topics are asked for, and the client is closed while the second is to be tried
/// again; `then` follows the first attempt.
async fn keeps_what_was_made(router: Router, asked: Arc<Mutex<Vec<String>>>, then: impl FnOnce()) {
    let admin = Admin::new(router.clone(), AdminConfig::default());
    let topics = ["made", "refused"].map(|name| NewTopic::new(name, 1, 1));
    let closing = async {
        while asked.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        then();
        tokio::time::sleep(Duration::from_secs(2)).await;
        router.close(clock::now() + Duration::from_secs(5)).await;
    };
    let (results, ()) = tokio::join!(admin.create_topics(topics.into()), closing);
    assert!(results["made"].is_ok(), "{results:?}");
    let error = results["refused"].as_ref().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert!(!error.possibly_written(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn whoever_shares_the_router_learns_of_a_deletion() {
    use kafka_protocol::messages::delete_topics::DeletableTopicResult;
    use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse};

    let net = FakeNet::default();
    let world = World::on(&net, 1);
    let also = world.clone();
    world.with(|script| {
        script.topic("t", &[1]);
        script
            .versions
            .insert(ApiKey::DeleteTopics, DeleteTopicsRequest::VERSIONS);
        script.other = Some(Box::new(|_host, api, version, correlation, body| {
            let _: DeleteTopicsRequest = decode_body(body, version).ok()?;
            let result = DeletableTopicResult::new().with_name(Some(StrBytes::from("t")));
            let response = DeleteTopicsResponse::new().with_responses(vec![result]);
            encode_response(api, version, correlation, &response).ok()
        }));
    });
    let config = RouterConfig::default()
        .with_bootstrap_servers("b1:9092")
        .unwrap();
    let router = Router::new(config, net.pool(NetConfig::default())).unwrap();
    let deadline = clock::now() + Duration::from_secs(5);
    router.topic("t", deadline).await.unwrap();
    let mut changes = router.changes();
    also.with(|script| script.topics.clear());
    let admin = Admin::new(router.clone(), AdminConfig::default());
    admin.delete_topic("t").await.unwrap();
    let gone = changes.wait_for(|_| router.cluster().topic("t").is_none());
    tokio::time::timeout(Duration::from_secs(5), gone)
        .await
        .unwrap()
        .unwrap();
}
